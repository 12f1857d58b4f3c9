internal import Glibc
public import Planning
public import Platform

/// What one pass over a content yields.
public struct Blob: Hashable, Sendable {
    public var digest: Digest
    /// Bytes.
    public var size: Int64
    public var fingerprint: Fingerprint
    /// The further checksums that were asked for, in that order.
    public var checksums: [[UInt8]]

    /// From what `ContentHashers([.sha256, .xxh3] + checksums)` gave.
    public init(values: [[UInt8]], size: Int64) {
        guard let digest = Digest(bytes: values[0]), let fingerprint = Fingerprint(bytes: values[1]) else {
            preconditionFailure("hash functions have fixed lengths")
        }
        self.digest = digest
        self.size = size
        self.fingerprint = fingerprint
        checksums = Array(values.dropFirst(2))
    }

    /// What a content that is in memory yields.
    /// - Parameter checksums: further ones that are wanted.
    public init(of bytes: UnsafeRawBufferPointer, checksums: [HashFunction] = []) {
        let functions = [.sha256, .xxh3] + checksums
        self.init(values: functions.map { $0.hash(bytes) }, size: Int64(bytes.count))
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
    private let name: String
    /// The open folder that `name` is in.
    private let folder: Int32
    private let executable: Bool
    private var hashers: ContentHashers
    public private(set) var size: Int64 = 0

    init(store: BlobStore, file: consuming File, folder: Int32, executable: Bool, checksums: [HashFunction]) {
        self.store = store
        name = file.path
        self.file = consume file
        self.folder = folder
        self.executable = executable
        hashers = ContentHashers([.sha256, .xxh3] + checksums)
    }

    deinit {
        if file != nil { unlinkat(folder, name, 0) }
    }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        try file!.write(bytes)
        hashers.update(bytes)
        size += Int64(bytes.count)
    }

    /// Copies a whole file in: shares its extents where the file system can, and hashes what arrived.
    public mutating func copy(from source: borrowing File) throws(SystemError) {
        let length = try source.status().size
        if try source.clone(into: file!) == false { try source.copy(into: file!, length: length) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try file!.read(into: buffer, at: size)
            if count == 0 { return }
            hashers.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            size += Int64(count)
        }
    }

    /// Seals, closes and publishes.
    /// - Parameter verify: sees what the bytes are before anybody else does; what it throws leaves nothing behind.
    public consuming func commit(verify: (Blob) throws -> Void = { _ in }) throws -> Blob {
        let blob = Blob(values: hashers.finishAndReset(), size: size)
        try verify(blob)
        try store.willPublish()
        if store.synchronizesEachFile { try file!.synchronize() }
        try file!.setModificationTime(Seal.time(blob.digest))
        try file.take()!.close()
        do { try store.publish(name, in: folder, as: blob.digest, executable: executable) } catch {
            unlinkat(folder, name, 0)
            throw error
        }
        return blob
    }

    /// As `commit`, for a content whose digest is known.
    /// - Throws: `Mismatch` when the bytes are not it.
    public consuming func commit(expecting digest: Digest) throws -> Blob {
        try commit { blob in
            guard blob.digest == digest else { throw Mismatch(expected: digest, found: blob.digest) }
        }
    }
}
