/// A gzip file, of one member or several, whose checksums are verified (RFC 1952).
final class GzipStream: ByteStream {
    private let source: SourceStream
    private let output: UnsafeMutableRawBufferPointer
    private var inflater: Inflater
    private var isBetweenMembers = false
    /// The source has no more bytes.
    private var isDrained = false
    private var isAtEnd = false

    init(_ source: SourceStream) throws(ArchiveError) {
        self.source = source
        inflater = try Inflater(.gzip)
        output = .allocate(byteCount: 256 << 10, alignment: 4096)
    }

    deinit { output.deallocate() }

    func next() throws -> UnsafeRawBufferPointer {
        var produced = 0
        while produced < output.count, !isAtEnd {
            if inflater.input.isEmpty, !isDrained {
                inflater.input = try source.next()
                isDrained = inflater.input.isEmpty
            }
            if isBetweenMembers {
                guard try beginMember() else { break }
            }
            let inflated = try inflater.inflate(into: UnsafeMutableRawBufferPointer(rebasing: output[produced...]))
            produced += inflated.count
            if inflated.isEnd {
                inflater.reset()
                isBetweenMembers = true
            } else if inflated.count == 0, isDrained {
                throw ArchiveError.truncated
            }
        }
        return UnsafeRawBufferPointer(rebasing: output[..<produced])
    }

    /// - Returns: false at the end, after which there may only be padding.
    private func beginMember() throws -> Bool {
        isBetweenMembers = false
        if inflater.input.first == 0x1F { return true }
        isAtEnd = true
        if !isDrained { try source.expectPadding(after: inflater.input) }
        return false
    }
}
