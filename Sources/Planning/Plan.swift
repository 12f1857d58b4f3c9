/// Arithmetic on sizes that somebody else states: a lock, a manifest, a server.
enum Bytes {
    /// The sum, or half of the largest number where it would be more: a lie must not stop the program by an overflow.
    static func sum(_ sizes: [Int64]) -> Int64 {
        sizes.reduce(0) { sum, size in
            let (result, overflows) = sum.addingReportingOverflow(size)
            return overflows ? .max / 2 : min(result, .max / 2)
        }
    }
}

/// What a run will do: inert data, printable, saved as JSON, made by `plan()` alone.
public struct Plan: Sendable {
    /// How one object's content comes to be in the cache.
    public enum Acquisition: Hashable, Sendable {
        /// It is there.
        case cached
        /// The archive is there, its tree is not.
        case unpack
        /// Over the network or from a local file: `bytes` as far as known, less what a partial holds.
        case fetch(bytes: Int64?)
        /// As `fetch`, unless what is cached is still what the URL holds; `bytes` is 0 when a server has said so.
        case revalidate(cached: Digest, bytes: Int64?)
        /// The right bytes lie at the target path; they are hashed and taken in.
        case adopt
        /// Used where it lies.
        case direct
    }

    public struct Object: Sendable {
        public var resolved: ResolvedObject
        public var acquisition: Acquisition
    }

    /// What happens at an entry's place in the workspace.
    public enum Action: Hashable, Sendable {
        /// Already there.
        case keep
        /// Placed where nothing stands.
        case link
        /// Placed over what this manifest placed before, or what is incomplete.
        case relink
        /// Somebody changed these paths; they stay as they are.
        case drift([String])
        /// A problem that stops the entry before anything is touched.
        case blocked(String)
    }

    public struct Item: Sendable {
        public var entry: ResolvedEntry
        public var action: Action
        public var objects: [Object]

        /// Bytes still to be fetched, and whether some size is not known.
        public var download: (bytes: Int64, isExact: Bool) {
            objects.reduce(into: (0, true)) { sum, object in
                switch object.acquisition {
                case .fetch(let bytes?), .revalidate(_, let bytes?): sum.0 = Bytes.sum([sum.0, bytes])
                case .fetch(nil), .revalidate(_, nil): sum.1 = false
                case .cached, .unpack, .adopt, .direct: break
                }
            }
        }
    }

    /// Something that this manifest placed for an entry that is gone.
    public struct Removal: Sendable {
        public var id: Entry.ID
        public var placed: Placed
        /// Paths that somebody changed since: they stay.
        public var drifted: [String]
    }

    public var items: [Item]
    public var removals: [Removal]
    public var cacheFree: Int64
    public var workspaceFree: Int64
    /// Cache and workspace share one file system's space.
    public var isOneFileSystem: Bool
    /// Bytes that the run will add to the cache and to the workspace, as far as known.
    public var cacheNeeded: Int64
    public var workspaceNeeded: Int64

    /// Whether the run would change anything: exit code 2 of `plan --detailed-exitcode`.
    public var hasChanges: Bool {
        !removals.isEmpty
            || items.contains { item in
                if case .keep = item.action {
                    item.objects.contains { $0.acquisition != .cached && $0.acquisition != .direct }
                } else {
                    true
                }
            }
    }

    /// Bytes to fetch, and whether that is all.
    public var download: (bytes: Int64, isExact: Bool) {
        items.reduce(into: (0, true)) { sum, item in
            let one = item.download
            sum.0 = Bytes.sum([sum.0, one.bytes])
            sum.1 = sum.1 && one.isExact
        }
    }
}
