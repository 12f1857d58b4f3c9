internal import Glibc
public import Planning
public import Platform
internal import SystemPackage

/// What a commit yields: a blob's identity, its length and its XXH3-128 fingerprint.
public struct Blob: Hashable, Sendable {
    public var digest: Digest
    /// Bytes.
    public var size: Int64
    /// 16 bytes.
    public var fingerprint: [UInt8]

    public init(digest: Digest, size: Int64, fingerprint: [UInt8]) {
        self.digest = digest
        self.size = size
        self.fingerprint = fingerprint
    }
}

/// One blob on its way in: bytes are hashed as they are written; dropping the value removes them.
public struct BlobWriter: ~Copyable, Sendable {
    /// A commit whose bytes are not those that were expected.
    public struct Mismatch: Error, Sendable {
        public var expected: Digest
        public var found: Digest
    }

    private let store: BlobStore
    private var file: File?
    private let path: String
    private let executable: Bool
    private var hasher: ContentHasher
    private var fingerprint: ContentHasher
    public private(set) var size: Int64 = 0

    init(store: BlobStore, file: consuming File, path: String, executable: Bool) {
        self.store = store
        self.file = consume file
        self.path = path
        self.executable = executable
        hasher = ContentHasher(.sha256)
        fingerprint = ContentHasher(.xxh3)
    }

    deinit {
        // After a commit nothing is there any more under this name.
        unlink(path)
    }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        try file!.write(bytes)
        hasher.update(bytes)
        fingerprint.update(bytes)
        size += Int64(bytes.count)
    }

    /// Copies a whole file in: shares its extents where the file system can, and hashes what arrived.
    public mutating func copy(from source: borrowing File, expecting: Digest? = nil) throws(SystemError) {
        let length = try source.status().size
        if try source.clone(into: file!) == false { try source.copy(into: file!, length: length) }
        try hashWritten()
    }

    private mutating func hashWritten() throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try file!.read(into: buffer, at: size)
            if count == 0 { return }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(bytes)
            fingerprint.update(bytes)
            size += Int64(count)
        }
    }

    /// Seals, closes and publishes.
    /// - Throws: `Mismatch` when the content is not `expecting`; nothing is published then.
    public consuming func commit(expecting: Digest? = nil) throws -> Blob {
        let digest = Digest(bytes: hasher.finish())!
        if let expecting, expecting != digest { throw Mismatch(expected: expecting, found: digest) }
        try store.willPublish()
        let file = self.file.take()!
        if store.synchronizesEachFile { try file.synchronize() }
        try file.setModificationTime(Seal.time(digest))
        try file.close()
        try store.publish(path, as: digest, executable: executable)
        return Blob(digest: digest, size: size, fingerprint: fingerprint.finish())
    }
}
