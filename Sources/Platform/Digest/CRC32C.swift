internal import CXXHash

/// The register of a CRC-32C (Castagnoli polynomial, reflected: RFC 3720, appendix B.4).
struct CRC32C: Sendable {
    private var register: UInt32 = .max

    var value: UInt32 { ~register }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if Self.hasInstruction {
            register = crc32c_advance(register, bytes.baseAddress, bytes.count)
        } else {
            updateByTable(bytes)
        }
    }

    /// The way of processors without the instruction.
    mutating func updateByTable(_ bytes: UnsafeRawBufferPointer) {
        var crc = register
        Self.table.withUnsafeBufferPointer { table in
            for byte in bytes { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
        }
        register = crc
    }

    private static let hasInstruction = crc32c_has_instruction()

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
}
