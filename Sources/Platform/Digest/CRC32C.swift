internal import CXXHash

/// The register of a CRC-32C (Castagnoli polynomial, reflected: RFC 3720, appendix B.4).
public struct CRC32C: Sendable {
    private var register: UInt32 = .max

    var value: UInt32 { ~register }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard Self.hasInstruction else { return updateByTable(bytes) }
        var rest = bytes
        while rest.count >= 3 * Self.lane {
            var (first, second, third) = (register, UInt32(0), UInt32(0))
            crc32c_advance_three(&first, &second, &third, rest.baseAddress, Self.lane)
            register = Self.product(Self.lanePower, Self.product(Self.lanePower, first) ^ second) ^ third
            rest = UnsafeRawBufferPointer(rebasing: rest[(3 * Self.lane)...])
        }
        register = crc32c_advance(register, rest.baseAddress, rest.count)
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
    /// Bytes that one of three registers advances over at once: three of them make 16 KiB, less what is no multiple of 8.
    private static let lane = 5456
    private static let lanePower = power(ofBytes: Int64(lane))

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1 }
    }
}

extension CRC32C {
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// The CRC-32C of contents in a row, of which only their own CRCs and lengths are known.
    public struct Joined: Sendable {
        private var crc: UInt32 = 0

        public init() {}

        /// Four bytes, big-endian, as `HashFunction.crc32c` gives them.
        public var value: [UInt8] { withUnsafeBytes(of: crc.bigEndian) { Array($0) } }

        /// - Parameter crc: of the content that follows, four bytes, big-endian; `length`: its bytes.
        public mutating func append(_ crc: [UInt8], length: Int64) {
            let next = crc.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            // What is before moves up by so many bits; the two then add up (zlib's crc32_combine, for this polynomial).
            self.crc = CRC32C.product(CRC32C.power(ofBytes: length), self.crc) ^ next
        }
    }

    /// x to the power of 8 times `count`, modulo the polynomial.
    private static func power(ofBytes count: Int64) -> UInt32 {
        var (result, square, rest) = (UInt32(1) << 31, UInt32(1) << 23, count)
        while rest > 0 {
            if rest & 1 == 1 { result = product(square, result) }
            square = product(square, square)
            rest >>= 1
        }
        return result
    }

    /// Of two polynomials with the lowest power in the highest bit, modulo the polynomial.
    private static func product(_ left: UInt32, _ right: UInt32) -> UInt32 {
        var (sum, shifted) = (UInt32(0), right)
        for bit in 0..<32 {
            if left >> UInt32(31 - bit) & 1 == 1 { sum ^= shifted }
            shifted = shifted & 1 == 1 ? shifted >> 1 ^ polynomial : shifted >> 1
        }
        return sum
    }
}
