import Platform
import TestSupport
import Testing

@Suite struct RSAPrivateKeyTests {
    /// Made with `openssl dgst -sha256 -sign`: this kind of signature has one value only.
    private static let signature =
        "rRmpBFhKRep9v5b6LvcEI0PRwsZp+i40Yp14XYGTDsQi6IXGFCpJqYyVjl0Lxi2MH5C9YnxQVhu+s1ewiZ8HgVkqMS9CBsSQL19dJPZcfY3d"
        + "vtU9Duj5hqDehK9o5BEFB3/PQ8UdOb5WcXF+VNiDU2BHQojpC8KgikbLf4y2IFc="

    @Test(
        "Either form of a key gives the signature that the openssl program gives",
        arguments: [TestKey.rsa, TestKey.rsaTraditional])
    func signature(pem: String) throws {
        let key = try RSAPrivateKey(pem: pem)
        #expect(Base64.encode(try key.signSHA256("header.claims".utf8)) == Self.signature)
        #expect(Base64.encode(try key.signSHA256("header.claimz".utf8)) != Self.signature)
    }

    @Test("What is no private key is said to be unreadable", arguments: ["", "key", String(TestKey.rsa.prefix(200))])
    func unreadable(pem: String) { #expect(throws: RSAPrivateKey.Problem.unreadable) { try RSAPrivateKey(pem: pem) } }

    @Test func aKeyOfAnotherAlgorithmIsNamedAsSuch() {
        #expect(throws: RSAPrivateKey.Problem.notRSA) { try RSAPrivateKey(pem: TestKey.elliptic) }
    }
}
