import Platform
import TestSupport
import Testing

/// Values published with the standards: FIPS 180-4 and RFC 1321 examples, RFC 3720 appendix B.4, the xxHash
/// specification's sanity values.
@Suite struct DigestTests {
    struct Vector: CustomTestStringConvertible {
        let function: HashFunction
        let content: [UInt8]
        let value: String

        init(_ function: HashFunction, _ content: [UInt8], _ value: String) {
            (self.function, self.content, self.value) = (function, content, value)
        }

        var testDescription: String { "\(function.rawValue) of \(content.count) bytes" }
    }

    static let vectors = [
        Vector(.sha256, [], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        Vector(.sha256, abc, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        Vector(.sha256, millionA, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        Vector(
            .sha512, abc,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        Vector(
            .sha512, millionA,
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                + "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"
        ),
        Vector(.sha1, [], "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        Vector(.sha1, abc, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        Vector(.sha1, millionA, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
        Vector(.md5, [], "d41d8cd98f00b204e9800998ecf8427e"),
        Vector(.md5, abc, "900150983cd24fb0d6963f7d28e17f72"),
        Vector(.crc32c, [], "00000000"),
        Vector(.crc32c, Array("123456789".utf8), "e3069283"),
        Vector(.crc32c, [UInt8](repeating: 0, count: 32), "8a9136aa"),
        Vector(.crc32c, [UInt8](repeating: 255, count: 32), "62a8ab43"),
        Vector(.crc32c, Array(0..<32), "46dd794e"),
        Vector(.xxh3, [], "99aa06d3014798d86001c324468d497f"),
        Vector(.xxh3, abc, "06b05ab6733a618578af5f94892f3950"),
    ]
    static let abc = Array("abc".utf8)
    static let millionA = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)

    @Test(arguments: vectors) func givesThePublishedValue(_ vector: Vector) {
        var hasher = ContentHasher(vector.function)
        vector.content.withUnsafeBytes { hasher.update($0) }
        #expect(hex(hasher.finish()) == vector.value)
        #expect(hex(vector.function.hash(vector.content)) == vector.value)
    }

    @Test(arguments: HashFunction.allCases) func piecesOfAnySizeGiveTheSameValue(function: HashFunction) {
        let content = (0..<10_007).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) }
        var whole = ContentHasher(function)
        content.withUnsafeBytes { whole.update($0) }
        let expected = whole.finish()
        #expect(expected.count == function.byteCount)
        var pieces = ContentHasher(function)
        for size in [1, 3, 7, 8, 64, 1000, 20_000] {
            content.withUnsafeBytes { bytes in
                for start in stride(from: 0, to: bytes.count, by: size) {
                    pieces.update(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + size, bytes.count)]))
                }
            }
            #expect(pieces.finishAndReset() == expected, "in pieces of \(size)")
        }
    }

    @Test(arguments: HashFunction.allCases) func resetForgetsWhatWasFed(function: HashFunction) {
        var hasher = ContentHasher(function)
        let empty = hasher.finishAndReset()
        Self.abc.withUnsafeBytes { hasher.update($0) }
        hasher.reset()
        #expect(hasher.finishAndReset() == empty)
    }

    @Test func fingerprintIsXXH3InCanonicalForm() {
        let fingerprint = Self.millionA.withUnsafeBytes { Fingerprint(of: $0) }
        var hasher = ContentHasher(.xxh3)
        Self.millionA.withUnsafeBytes { hasher.update($0) }
        #expect(hasher.finish() == fingerprint.bytes)
        #expect(Fingerprint(bytes: fingerprint.bytes) == fingerprint)
        #expect(Fingerprint(bytes: fingerprint.bytes.dropLast()) == nil)
    }

    @Test func aFileIsHashedBySeveralFunctionsInOnePass() throws {
        let folder = try TemporaryFolder()
        let file = try File(folder.write("a", Self.millionA))
        let (values, size) = try file.hash([.sha256, .sha1])
        #expect(size == 1_000_000)
        #expect(
            values.map(hex) == [
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
                "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            ])
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
