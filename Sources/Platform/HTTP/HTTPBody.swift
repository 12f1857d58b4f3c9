/// What a request sends, with its length known.
public enum HTTPBody: Sendable, ExpressibleByArrayLiteral {
    case bytes([UInt8])
    /// Read while it is sent, from any offset, as often as the request is sent: however long, it takes no memory.
    /// Fewer bytes than asked for, or none, end the transfer as `HTTPFailure.Kind.unreadableBody`.
    case source(length: Int, read: @Sendable (UnsafeMutableRawBufferPointer, _ offset: Int) -> Int)

    public init(arrayLiteral bytes: UInt8...) { self = .bytes(bytes) }

    public init(_ text: String) { self = .bytes(Array(text.utf8)) }

    /// What is sent, where all of it is in memory.
    public var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }

    /// Bytes in all.
    public var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .source(let length, _): length
        }
    }

    /// Fills the buffer with what comes at `offset`.
    /// - Returns: the count of bytes: 0 at the end; `nil` when the source gives fewer than it has.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int? {
        let wanted = min(buffer.count, count - offset)
        guard wanted > 0 else { return 0 }
        switch self {
        case .bytes(let bytes):
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + wanted]))
            }
            return wanted
        case .source(_, let read):
            return read(UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), offset) == wanted ? wanted : nil
        }
    }

    /// The value of one function over the whole; of a source, as far as it can be read.
    public func hash(_ function: HashFunction) -> [UInt8] {
        if case .bytes(let bytes) = self { return function.hash(bytes) }
        var hasher = ContentHasher(function)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = 0
        while let read = read(into: buffer, at: offset), read > 0 {
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
            offset += read
        }
        return hasher.finish()
    }
}
