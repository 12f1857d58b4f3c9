internal import CXXHash

/// XXH3-128 of content: re-verifies what this machine hashed itself; never an identity, never trusted from outside.
public struct Fingerprint: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    /// The fingerprint of one buffer.
    public init(of bytes: UnsafeRawBufferPointer) {
        self.init(XXH3_128bits(bytes.baseAddress, bytes.count))
    }

    /// From the canonical form, as `ContentHasher(.xxh3)` gives it; `nil` unless there are 16 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    init(_ raw: XXH128_hash_t) {
        high = raw.high64
        low = raw.low64
    }

    /// The canonical form: 16 bytes, big-endian.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            write(into: UnsafeMutableRawBufferPointer(buffer))
            count = 16
        }
    }

    func write(into buffer: UnsafeMutableRawBufferPointer) {
        buffer.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
        buffer.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
}
