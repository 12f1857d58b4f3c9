internal import Glibc
internal import Planning
public import Platform
internal import SystemPackage

/// The cache on disk, opened: the folder tree is the truth, everything else accelerates.
public final class Cache: Sendable {
    public let layout: Layout
    public let blobs: BlobStore
    public let trees: TreeStore
    public let partials: PartialStore
    public let durability: Durability
    public let index: Index
    /// This process's claim; its temporary files live and die with it. `nil` in a cache that we may only read.
    public let lease: Lease?
    public let isWritable: Bool
    /// NFS, SMB, Lustre …: files are fsynced one by one, the index lies elsewhere.
    public let isNetwork: Bool

    /// Why a cache cannot be used at all.
    public enum OpenFailure: Error, Sendable, CustomStringConvertible {
        case newerFormat(path: String, found: String)
        case system(SystemError)

        public var description: String {
            switch self {
            case .newerFormat(let path, let found):
                "the cache \(path) has format \(found); this version reads format \(Layout.formatVersion)"
            case .system(let error): "the cache cannot be opened: \(error)"
            }
        }
    }

    /// Opens the cache, creating it when nothing is there.
    /// - Parameters:
    ///   - root: absolute path of the `clearml-sync` folder.
    ///   - indexFolder: where the index lies when `root` is on a network file system, or whenever it is given.
    public init(root: String, indexFolder: String? = nil) throws(OpenFailure) {
        let layout = Layout(root: root)
        do {
            let isWritable = try Cache.prepare(layout)
            let isNetwork = try FileSystem.isNetwork(root)
            let lease = isWritable ? try Lease(layout: layout) : nil
            let granularity = try lease.map { try Cache.timeGranularity($0.temporaryFolder) } ?? 1
            let index = Index(
                path: Cache.indexPath(layout, isNetwork: isNetwork, folder: indexFolder), isWritable: isWritable)
            let durability = try Durability(layout: layout, run: lease?.run, isNetwork: isNetwork)
            self.layout = layout
            self.isWritable = isWritable
            self.isNetwork = isNetwork
            self.lease = lease
            self.index = index
            self.durability = durability
            self.blobs = try BlobStore(
                layout: layout, lease: lease, durability: durability, granularity: granularity)
            self.trees = TreeStore(layout: layout, lease: lease, synchronizes: isNetwork)
            self.partials = PartialStore(layout: layout, isWritable: isWritable)
        } catch let error as OpenFailure {
            throw error
        } catch let error as SystemError {
            throw .system(error)
        } catch {
            throw .system(SystemError("open", root, .ioError))
        }
    }

    /// Creates what is missing and checks the format.
    /// - Returns: whether we may write here.
    private static func prepare(_ layout: Layout) throws -> Bool {
        let formatFile = layout.root + "/format"
        if try FileSystem.status(formatFile) == nil {
            try FileSystem.createFolder(layout.root)
            for folder in layout.folders { try FileSystem.createFolder(folder) }
            try write(
                "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache made by clearml-sync.\n",
                to: layout.root + "/CACHEDIR.TAG")
            try write("\(Layout.formatVersion)\n", to: formatFile)
            return true
        }
        let text = String(decoding: try File(formatFile).readAll(limit: 64), as: UTF8.self)
        let found = text.filter { !$0.isWhitespace }
        guard found == "\(Layout.formatVersion)" else {
            throw OpenFailure.newerFormat(path: layout.root, found: found.isEmpty ? "unknown" : found)
        }
        // A folder that somebody cleared away is made again; where even that is forbidden, we only read.
        for folder in layout.folders where try FileSystem.status(folder) == nil {
            do { try FileSystem.createFolder(folder) } catch { return false }
        }
        return faccessat(AT_FDCWD, layout.temporary, W_OK, AT_EACCESS) == 0
            && faccessat(AT_FDCWD, layout.blobs, W_OK, AT_EACCESS) == 0
    }

    private static func write(_ text: String, to path: String) throws(SystemError) {
        try AtomicFile.write(Array(text.utf8), to: path, synchronizing: true)
    }

    /// Nanoseconds that this file system can keep apart in an mtime: 1 where seals are exact.
    private static func timeGranularity(_ folder: String) throws(SystemError) -> Int {
        let path = folder + "/granularity"
        let probe = try File(path, flags: O_CREAT | O_WRONLY | O_TRUNC, mode: 0o600)
        defer { try? FileSystem.remove(path) }
        let now = FileTime.now().seconds
        try probe.setModificationTime(FileTime(seconds: now, nanoseconds: 987_654_321))
        let kept = try probe.status().modified.nanoseconds
        for granularity in [1, 100, 1000, 1_000_000] where kept == 987_654_321 - 987_654_321 % granularity {
            return granularity
        }
        return 1_000_000_000
    }

    private static func indexPath(_ layout: Layout, isNetwork: Bool, folder: String?) -> String? {
        guard isNetwork || folder != nil else { return layout.index }
        let own = "/var/tmp/clearml-sync-\(geteuid())"
        if folder == nil {
            // Everybody may write to /var/tmp: who has made our folder there before us could tell us what URLs hold.
            _ = try? FileSystem.createFolder(own, mode: 0o700)
            guard let status = try? FileSystem.status(own), status.kind == .folder, status.owner == geteuid(),
                status.mode & 0o022 == 0
            else { return nil }
        }
        let folder = folder ?? own
        var hasher = ContentHasher(.sha256)
        var root = layout.root
        root.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
        return "\(folder)/index-\(Hex.encode(hasher.finish().prefix(8))).sqlite"
    }
}
