internal import Glibc
public import Planning
public import Platform
internal import Synchronization

/// Downloads that can be resumed: `partial/<key>` holds bytes at their offsets, `<key>.journal` says which are right.
public final class PartialStore: Sendable {
    private let layout: Layout
    private let isWritable: Bool
    /// When the folder was last seen to be empty.
    private let seenEmpty = Mutex<MonotonicTime?>(nil)

    init(layout: Layout, isWritable: Bool) {
        self.layout = layout
        self.isWritable = isWritable
    }

    /// Whether no partial was there a moment ago: thousands of small objects need not each look for what another process may
    /// have left just now.
    public var isEmpty: Bool {
        seenEmpty.withLock { seen in
            let now = MonotonicTime.now()
            if let seen, now.seconds(since: seen) < 1 { return true }
            guard let items = try? FileSystem.list(layout.partial) else { return true }
            seen = items.isEmpty ? now : nil
            return items.isEmpty
        }
    }

    /// Opens the partial of an object, taking over what an ended process left when it is of the same version.
    ///
    /// - Parameters:
    ///   - identity: the object: its URL and pinned version.
    ///   - validator: the version that the remote offers now; claims of another version are dropped.
    ///   - size: bytes of the whole object.
    /// - Returns: `nil` when another process writes it at this moment, or locks cannot be had.
    public func open(identity: String, validator: Validator, size: Int64) throws -> Partial? {
        guard isWritable, let file = try lock(identity, creating: true) else { return nil }
        return try Partial(
            file: file, header: PartialJournal.Header(identity: identity, validator: validator, size: size))
    }

    /// Opens what an ended process left of this object, of whatever version.
    /// - Returns: `nil` when nothing useful is there, or another process writes it.
    public func resume(identity: String) throws -> Partial? {
        guard isWritable, !isEmpty, let file = try lock(identity, creating: false),
            let journal = try PartialJournal.read(file.path + ".journal"), journal.header.identity == identity
        else { return nil }
        let partial = try Partial(file: file, header: journal.header)
        return partial.byteCount > 0 ? partial : nil
    }

    /// A partial that no other process can see and that no later run resumes.
    /// - Parameter size: bytes, if known.
    public func openPrivate(path: String, size: Int64?) throws(SystemError) -> Partial {
        try Partial(path: path, size: size)
    }

    private func lock(_ identity: String, creating: Bool) throws(SystemError) -> File? {
        let path = layout.partial + "/" + PartialStore.key(identity)
        for _ in 0..<3 {
            if !creating, try FileSystem.status(path) == nil { return nil }
            let file = try File(path, flags: (creating ? O_CREAT : 0) | O_RDWR, mode: 0o644)
            guard try file.tryLock(.exclusive) else { return nil }
            // Between our open and our lock the previous owner may have published the file away from under its name.
            guard let there = try FileSystem.status(path), try file.status().inode == there.inode else { continue }
            return file
        }
        return nil
    }

    /// What is left of a download of this object, whoever writes it; for progress and planning.
    public func claimed(identity: String) -> (validator: Validator, size: Int64, bytes: Int64)? {
        let path = layout.partial + "/" + PartialStore.key(identity)
        guard FileSystem.exists(path), let journal = try? PartialJournal.read(path + ".journal") else { return nil }
        var claimed = ByteRanges()
        for claim in journal.claims { claimed.insert(claim.range) }
        return (journal.header.validator, journal.header.size, claimed.count)
    }

    /// Removes partials that nobody has written to for `age` seconds and nobody holds.
    public func removeStale(olderThan age: Int) throws(SystemError) {
        let limit = FileTime.now().seconds - age
        for item in try FileSystem.list(layout.partial) where !item.name.hasSuffix(".journal") {
            let path = layout.partial + "/" + item.name
            guard let status = try FileSystem.status(path), status.modified.seconds < limit,
                let file = try? File(path, flags: O_RDWR), try file.tryLock(.exclusive)
            else { continue }
            // While the file is locked nobody else begins a journal.
            try FileSystem.remove(path + ".journal")
            try FileSystem.remove(path)
        }
    }

    static func key(_ identity: String) -> String {
        var hasher = ContentHasher(.sha256)
        var identity = identity
        identity.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
        return Hex.encode(hasher.finish().prefix(16))
    }
}
