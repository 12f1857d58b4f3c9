internal import CXXHash

/// XXH3-128 of content: re-verifies what this machine hashed itself; never an identity, never trusted from outside.
public struct Fingerprint: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    /// The fingerprint of one buffer.
    public init(of bytes: UnsafeRawBufferPointer) {
        self.init(xxh3_hash(bytes.baseAddress, bytes.count))
    }

    /// From the canonical form, as `ContentHasher(.xxh3)` gives it; `nil` unless there are 16 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        let words =
            bytes.withContiguousStorageIfAvailable { Self.words(UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { Self.words($0) }
        (high, low) = words
    }

    private static func words(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        (
            UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
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
