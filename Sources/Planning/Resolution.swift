/// An entry whose objects have names: what the planner plans.
public struct ResolvedEntry: Sendable {
    /// Where the content is used from.
    public enum Access: Hashable, Sendable {
        /// Fetched into the cache and linked from there.
        case cache
        /// Used where it lies: the absolute local path of the file, or of the whole folder.
        case direct(String)
    }

    /// What the manifest says.
    public var entry: Shared<Entry>
    /// Where it stands, relative to the workspace.
    public var path: String
    public var access: Access
    /// One file at `path`, or a folder of what the objects hold.
    public var isFolder: Bool
    public var objects: [ResolvedObject]
    /// Its objects are not known yet: a listing tells them page by page while others are fetched already.
    public var isOpen = false
    /// What the listing of its objects has to be: the lock says so, and has no more of it at hand.
    public var lockedListing: Digest?
    /// Why the lock's lines were not used, when there was a lock that could have had them.
    public var unlockedReason: String?

    public init(entry: Entry, path: String, access: Access, isFolder: Bool, objects: [ResolvedObject]) {
        self.entry = Shared(entry)
        self.path = path
        self.access = access
        self.isFolder = isFolder
        self.objects = objects
    }
}

/// One object of an entry, with what is known of it before any byte moves.
public struct ResolvedObject: Sendable {
    /// The entry's URL.
    private let base: LogicalURL
    /// The object's name below it, in the form of the URL's path; `nil` for an entry that is one object.
    public let member: String?
    /// The lock's name for it: its path below a prefix; the file name for an entry of one object.
    public var path: String
    /// Where it goes, relative to the entry's path; empty when it is all there is to the entry.
    public var place: String
    /// How it is unpacked; `nil` leaves it as it is.
    public var recipe: Recipe?
    /// The lock's line, where it holds.
    public var locked: Lock.Object?
    /// What a listing, a HEAD or a saved plan said of it; the lock's own facts come first.
    public var validator: Validator?
    public var size: Int64?
    /// Another version than `validator` is not what was planned: a saved plan says so.
    public var isPinned = false

    /// An entry that is one object.
    public init(url: LogicalURL, path: String, place: String, recipe: Recipe? = nil, locked: Lock.Object? = nil) {
        self.init(base: url, member: nil, path: path, place: place, recipe: recipe, locked: locked)
    }

    /// Another object below the same URL.
    /// - Parameter member: its name, in the form of the URL's path.
    public func sibling(
        _ member: String, path: String, place: String, recipe: Recipe?, locked: Lock.Object?
    ) -> ResolvedObject {
        ResolvedObject(base: base, member: member, path: path, place: place, recipe: recipe, locked: locked)
    }

    private init(base: LogicalURL, member: String?, path: String, place: String, recipe: Recipe?, locked: Lock.Object?)
    {
        self.base = base
        self.member = member
        self.path = path
        self.place = place
        self.recipe = recipe
        self.locked = locked
    }

    /// Where its bytes are asked for first.
    public var url: LogicalURL {
        guard let member else { return base }
        // Names that no URL can hold are refused when they are resolved.
        return (try? base.member(member)) ?? base
    }

    /// Bytes, if anybody said so.
    public var knownSize: Int64? { locked?.size ?? size }

    /// What the index and partials know the object by: the URL and the pinned version.
    public func identity(version: String?) -> String { identity(url, version: version) }

    /// - Parameter url: `url`, for who has asked for it already: a member's is put together each time.
    public func identity(_ url: LogicalURL, version: String?) -> String {
        guard let version = version ?? locked?.version else { return url.identity }
        return url.identity + "#version=" + version
    }
}
