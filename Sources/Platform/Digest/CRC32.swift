#if ISAL
    internal import CISAL
#else
    internal import CZlib
#endif

/// The checksum of zip and gzip (RFC 1952, 8).
struct CRC32: Sendable {
    private(set) var value: UInt32 = 0

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), !bytes.isEmpty else { return }
        #if ISAL
            value = crc32_gzip_refl(value, base, UInt64(bytes.count))
        #else
            value = UInt32(crc32_z(uLong(value), base, bytes.count))
        #endif
    }
}
