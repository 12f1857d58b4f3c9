internal import Glibc
public import Planning
public import Platform
internal import Synchronization
internal import SystemPackage

/// The files under `blobs/`: one per content, named by its digest, never changed.
public final class BlobStore: Sendable {
    /// What one stat(2) says of a blob.
    public enum Presence: Sendable {
        case absent
        case present(FileStatus)
        /// There, but not proven: touched since its commit, of another size, or from before a power loss.
        case doubtful(FileStatus)
    }

    public let layout: Layout
    /// Open on `blobs/sha256`: names below it are resolved from here.
    let folder: File
    /// Open on this process's own folder of unfinished files; `nil` in a cache that we may only read.
    private let temporaryFolder: File?
    private let temporaryDescriptor: Int32?
    private let lease: Lease?
    private let durability: Durability
    private let granularity: Int
    private let counter = Atomic<UInt64>(0)

    /// The folder of `Layout.blobName`s, for the calls that take one.
    public var descriptor: Int32 { folder.descriptor }

    init(layout: Layout, lease: Lease?, durability: Durability, granularity: Int) throws(SystemError) {
        self.layout = layout
        self.lease = lease
        self.durability = durability
        self.granularity = granularity
        folder = try File(layout.blobs, flags: O_RDONLY | O_DIRECTORY)
        if let lease {
            let opened = try File(lease.temporaryFolder, flags: O_RDONLY | O_DIRECTORY)
            temporaryDescriptor = opened.descriptor
            temporaryFolder = consume opened
        } else {
            temporaryDescriptor = nil
            temporaryFolder = nil
        }
    }

    /// One stat(2), no index.
    /// - Parameter size: bytes, where they are known.
    public func presence(_ digest: Digest, executable: Bool = false, size: Int64? = nil) throws(SystemError) -> Presence
    {
        let name = Layout.blobName(digest, executable: executable)
        guard let status = try FileSystem.status(name, in: folder.descriptor) else { return .absent }
        guard status.kind == .file, size == nil || status.size == size,
            Seal.holds(digest, status, granularity: granularity),
            durability.trusts(status)
        else { return .doubtful(status) }
        return .present(status)
    }

    /// As `presence`, but a doubtful blob is re-hashed: right bytes are sealed again, wrong ones go to quarantine.
    public func verified(_ digest: Digest, executable: Bool = false, size: Int64? = nil) throws -> FileStatus? {
        switch try presence(digest, executable: executable, size: size) {
        case .absent: return nil
        case .present(let status): return status
        case .doubtful:
            guard try reverify(digest, executable: executable) else { return nil }
            return try FileSystem.status(Layout.blobName(digest, executable: executable), in: folder.descriptor)
        }
    }

    /// Re-hashes a blob from disk.
    /// - Returns: false when it is gone, or its bytes were wrong: it is then in quarantine, as far as we may move it.
    public func reverify(_ digest: Digest, executable: Bool = false) throws -> Bool {
        let name = Layout.blobName(digest, executable: executable)
        guard let before = try FileSystem.status(name, in: folder.descriptor) else { return false }
        // Anything but a plain file is not opened: a FIFO would block, a symlink's target is not ours.
        guard before.kind == .file, let file = try openIfThere(name),
            Digest(bytes: try file.hash([.sha256]).values[0]) == digest
        else {
            try quarantine(digest, executable: executable)
            return false
        }
        // The owner may seal it again, unless somebody wrote meanwhile. Another's file is hashed again next time.
        if try file.status() == before { try? file.setModificationTime(Seal.time(digest)) }
        return true
    }

    private func openIfThere(_ name: String) throws(SystemError) -> File? {
        do { return try File(name, in: folder.descriptor, flags: O_RDONLY | O_NOFOLLOW) } catch {
            guard error.code == .noSuchFileOrDirectory else { throw error }
            return nil
        }
    }

    /// Moves a blob out of the way of everybody; workspaces that share its inode keep what they have.
    public func quarantine(_ digest: Digest, executable: Bool) throws(SystemError) {
        let suffix = "\(FileTime.now().seconds).\(getpid())"
        do {
            try FileSystem.rename(
                layout.blob(digest, executable: executable), to: "\(layout.quarantine)/\(digest.hex).\(suffix)")
        } catch {
            // Another process was faster, or the cache is not ours to change: nobody uses the blob either way.
            guard [.noSuchFileOrDirectory, .permissionDenied, .notPermitted, .readOnlyFileSystem].contains(error.code)
            else {
                throw error
            }
        }
    }

    /// Starts a blob whose digest is not known yet: a private temporary file that `commit` publishes.
    /// - Parameters:
    ///   - executable: which of the two inodes of a content this will be.
    ///   - checksums: what else is computed in the same pass.
    public func newBlob(
        executable: Bool = false, checksums: [HashFunction] = []
    ) throws(SystemError) -> BlobWriter {
        let (name, folder) = try newTemporaryName()
        let mode: UInt32 = executable ? 0o555 : 0o444
        let file = try File(name, in: folder, flags: O_CREAT | O_EXCL | O_RDWR, mode: mode)
        return BlobWriter(store: self, file: file, folder: folder, executable: executable, checksums: checksums)
    }

    private func newTemporaryName() throws(SystemError) -> (name: String, folder: Int32) {
        guard let temporaryDescriptor else { throw SystemError("open", layout.root, .readOnlyFileSystem) }
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        return (String(number), temporaryDescriptor)
    }

    /// A name in this process's own folder that nobody has used.
    public func newTemporaryPath() throws(SystemError) -> String {
        guard let lease else { throw SystemError("open", layout.root, .readOnlyFileSystem) }
        return "\(lease.temporaryFolder)/\(counter.wrappingAdd(1, ordering: .relaxed).newValue)"
    }

    /// Publishes a complete, closed, verified file under its final name; the one way in which blobs come to be.
    ///
    /// Invariant 1: a final name only ever holds verified bytes. The caller has hashed what `path` holds and has closed
    /// it; nobody else has it open for writing.
    func publish(
        _ path: String, in directory: Int32 = AT_FDCWD, as digest: Digest, executable: Bool
    ) throws(SystemError) {
        let target = Layout.blobName(digest, executable: executable)
        for attempt in 0..<3 {
            do {
                if try FileSystem.renameWithoutReplacing(path, in: directory, to: target, in: folder.descriptor) {
                    return
                }
                if case .present = try presence(digest, executable: executable) {
                    return try FileSystem.remove(path, in: directory)
                }
                return try FileSystem.rename(path, in: directory, to: target, in: folder.descriptor)
            } catch {
                guard attempt == 0, error.code == .noSuchFileOrDirectory else { throw error }
                try FileSystem.createFolder(layout.blobs + "/" + digest.hex.prefix(2))
            }
        }
    }

    /// Takes in a content that lies in memory as a whole.
    /// - Parameter verify: sees what it is before anything is written.
    public func put(
        _ content: UnsafeRawBufferPointer, checksums: [HashFunction] = [], verify: (Blob) throws -> Void
    ) throws -> Blob {
        let blob = Blob(of: content, checksums: checksums)
        try verify(blob)
        try publish(content, as: blob.digest, executable: false)
        return blob
    }

    /// As `put`, of an archive's member: it is hashed first, and what is there already is not written again.
    /// - Parameter hasher: for SHA-256; one thread's blobs can share it.
    public func add(
        _ content: UnsafeRawBufferPointer, executable: Bool, hasher: inout ContentHasher
    ) throws(SystemError) -> Digest {
        hasher.update(content)
        guard let digest = Digest(bytes: hasher.finishAndReset()) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        if case .present = try presence(digest, executable: executable, size: Int64(content.count)) { return digest }
        try publish(content, as: digest, executable: executable)
        return digest
    }

    /// Writes and publishes a content whose digest was computed from these very bytes.
    private func publish(
        _ content: UnsafeRawBufferPointer, as digest: Digest, executable: Bool
    ) throws(SystemError) {
        try willPublish()
        let (name, folder) = try newTemporaryName()
        do throws(SystemError) {
            let file = try File(name, in: folder, flags: O_CREAT | O_EXCL | O_WRONLY, mode: executable ? 0o555 : 0o444)
            try file.write(content)
            if synchronizesEachFile { try file.synchronize() }
            try file.setModificationTime(Seal.time(digest))
            try file.close()
            try publish(name, in: folder, as: digest, executable: executable)
        } catch {
            unlinkat(folder, name, 0)
            throw error
        }
    }

    /// Before the first blob of a run is published: see `Durability`.
    func willPublish() throws(SystemError) { try durability.beginWriting() }

    var synchronizesEachFile: Bool { durability.synchronizesEachFile }

    /// Makes the executable twin of a blob, or the plain twin of an executable one, unless it is there.
    public func ensureTwin(_ digest: Digest, executable: Bool) throws {
        if try verified(digest, executable: executable) != nil { return }
        let source = try File(Layout.blobName(digest, executable: !executable), in: folder.descriptor)
        var writer = try newBlob(executable: executable)
        try writer.copy(from: source)
        _ = try writer.commit(expecting: digest)
    }

    /// Opens a blob for reading.
    public func open(_ digest: Digest, executable: Bool = false) throws(SystemError) -> File {
        try File(Layout.blobName(digest, executable: executable), in: folder.descriptor)
    }
}
