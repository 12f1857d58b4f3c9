/// Several hash functions over the same bytes.
public struct ContentHashers: ~Copyable, @unchecked Sendable {
    /// An array cannot hold values that are not copyable.
    private let hashers: UnsafeMutableBufferPointer<ContentHasher>

    public init(_ functions: [HashFunction]) {
        hashers = .allocate(capacity: functions.count)
        for (index, function) in functions.enumerated() {
            hashers.initializeElement(at: index, to: ContentHasher(function))
        }
    }

    deinit { hashers.deinitialize().deallocate() }

    /// Block by block, so that all but the first function find the bytes in the processor's nearest cache.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if hashers.count == 1 { return hashers[0].update(bytes) }
        for start in stride(from: 0, to: bytes.count, by: ContentHashers.block) {
            let block = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + ContentHashers.block, bytes.count)])
            for index in hashers.indices { hashers[index].update(block) }
        }
    }

    private static let block = 16 << 10

    /// The values in the order of the functions; all hashers are as new.
    public mutating func finishAndReset() -> [[UInt8]] {
        hashers.indices.map { hashers[$0].finishAndReset() }
    }
}

extension File {
    /// Hashes content in one pass with several functions, leaving the position alone.
    /// - Parameter range: offsets in bytes; where the file is shorter, what there is.
    /// - Returns: the values in the order of `functions`, and the bytes that were read.
    public func hash(
        _ functions: [HashFunction], range: Range<Int64> = 0..<Int64.max
    ) throws(SystemError) -> (values: [[UInt8]], size: Int64) {
        var hashers = ContentHashers(functions)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(min(Int64(buffer.count), range.upperBound - offset))
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
            if count == 0 { break }
            hashers.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
        return (hashers.finishAndReset(), offset - range.lowerBound)
    }
}
