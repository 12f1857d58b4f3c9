/// Bytes in order, block by block.
protocol ByteStream: AnyObject {
    /// The next block, valid until the next call; empty at the end.
    func next() throws -> UnsafeRawBufferPointer
    /// Passes over up to `count` of the bytes that follow the last block without reading them.
    /// - Returns: how many; 0 where each byte must be seen.
    func skip(_ count: Int64) throws -> Int64
}

extension ByteStream {
    func skip(_ count: Int64) -> Int64 { 0 }

    /// Reads what is left, which may only be padding.
    /// - Throws: `trailingData` for a byte that is not zero, or more padding than any writer makes.
    func expectPadding(after head: UnsafeRawBufferPointer) throws {
        var block = head
        var total = 0
        while true {
            total += block.count
            guard block.allSatisfy({ $0 == 0 }), total <= 64 << 20 else { throw ArchiveError.trailingData }
            block = try next()
            if block.isEmpty { return }
        }
    }
}

/// The source's own bytes.
final class SourceStream: ByteStream {
    private let source: ArchiveSource
    private let buffer: UnsafeMutableRawBufferPointer
    /// Where the next read starts.
    private(set) var offset: Int64 = 0
    /// Bytes at the start of the buffer that `peek` has read and nobody has taken.
    private var peeked = 0
    private var skipped = false

    /// Bytes of a block of an archive that is read from its start to its end.
    static let blockSize = 256 << 10

    init(_ source: ArchiveSource) {
        self.source = source
        buffer = .allocate(byteCount: Self.blockSize, alignment: 4096)
    }

    deinit { buffer.deallocate() }

    /// The first bytes of the source, fewer than `count` only if there are no more.
    func peek(_ count: Int) throws -> [UInt8] {
        while peeked < count {
            let more = try source.read(UnsafeMutableRawBufferPointer(rebasing: buffer[peeked...]), offset)
            if more == 0 { break }
            peeked += more
            offset += Int64(more)
        }
        return Array(buffer[..<min(count, peeked)])
    }

    /// Bytes from anywhere in a source that is complete; `nil` where there are not so many.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8]? { try source.bytes(at: offset, count: count) }

    func next() throws -> UnsafeRawBufferPointer {
        if peeked > 0 {
            defer { peeked = 0 }
            return UnsafeRawBufferPointer(rebasing: buffer[..<peeked])
        }
        let count = try source.read(UnsafeMutableRawBufferPointer(rebasing: buffer[..<limit]), offset)
        if count == 0, skipped {
            // What was passed over must have been there.
            skipped = false
            let last = UnsafeMutableRawBufferPointer(rebasing: buffer[..<1])
            guard try source.read(last, offset - 1) == 1 else { throw ArchiveError.truncated }
        }
        offset += Int64(count)
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    func skip(_ count: Int64) -> Int64 {
        guard peeked == 0 else { return 0 }
        offset += count
        skipped = true
        return count
    }

    /// Whoever seeks reads little at each place.
    private var limit = SourceStream.blockSize

    func seek(to position: Int64) {
        limit = 32 << 10
        peeked = 0
        offset = position
    }

    func waitUntilComplete() throws -> Int64 { try source.waitUntilComplete() }
}
