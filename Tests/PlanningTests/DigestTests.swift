import Planning
import Testing

@Suite struct DigestTests {
    static let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test("A digest is its 32 bytes, however they are spelt")
    func spellings() throws {
        let digest = try #require(Digest(hex: Self.hex))
        #expect(Digest(hex: Self.hex.uppercased()) == digest)
        #expect(Digest("sha256:" + Self.hex) == digest)
        #expect(Digest(bytes: digest.bytes) == digest)
        #expect(Digest(bytes: digest.bytes.lazy.map { $0 }) == digest)
        #expect(digest.hex == Self.hex)
        #expect(digest.description == "sha256:" + Self.hex)
        #expect(digest.prefix == 0xBA78_16BF_8F01_CFEA)
    }

    @Test(
        "Anything else is no digest",
        arguments: [
            "", "sha256:", hex, "md5:\(hex)", "SHA256:\(hex)", "sha256:\(hex.dropLast())", "sha256:\(hex)0",
            "sha256:\(hex.dropLast())g", "sha256: \(hex.dropLast())", "sha256:\(hex)\n", "sha256:0x\(hex.dropLast(2))",
            "sha256:\(hex.dropLast(2))\u{FF11}",
        ])
    func refused(text: String) {
        #expect(Digest(text) == nil)
    }

    @Test("Digests sort as their bytes do")
    func order() {
        var bytes = [UInt8](repeating: 0, count: 32)
        var digests: [Digest] = []
        for index in (0..<32).reversed() {
            bytes[index] = 0xFF
            digests.append(Digest(bytes: bytes)!)
        }
        #expect(digests.shuffled().sorted() == digests)
        #expect(digests.map(\.hex).sorted() == digests.map(\.hex))
    }

    @Test("A wrong count of bytes is no digest", arguments: [0, 31, 33])
    func length(count: Int) {
        #expect(Digest(bytes: [UInt8](repeating: 0, count: count)) == nil)
    }

    @Test("Hexadecimal text")
    func hexadecimal() {
        #expect(Hex.encode([0, 0x0F, 0xF0, 0xFF]) == "000ff0ff")
        #expect(Hex.decode("000fF0Ff") == [0, 0x0F, 0xF0, 0xFF])
        #expect(Hex.decode("") == [])
        for text in ["0", "0g", "é", "-1", "0 "] { #expect(Hex.decode(text) == nil) }
    }

    @Test("A checksum has its algorithm's length", arguments: Checksum.Algorithm.allCases)
    func checksum(algorithm: Checksum.Algorithm) throws {
        let hex = String(repeating: "0a", count: algorithm.byteCount)
        let checksum = try #require(Checksum("\(algorithm.rawValue):\(hex)"))
        #expect(checksum.description == "\(algorithm.rawValue):\(hex)")
        #expect(Checksum("\(algorithm.rawValue):\(hex)00") == nil)
        #expect(Checksum("\(algorithm.rawValue)\(hex)") == nil)
        #expect((checksum.digest != nil) == (algorithm == .sha256))
    }
}
