import Platform
import Testing

@Suite struct Base64Tests {
    /// RFC 4648, section 10, and the two characters in which the alphabets differ.
    @Test(
        "Bytes and their text",
        arguments: [
            ("", "", ""), ("f", "Zg==", "Zg"), ("fo", "Zm8=", "Zm8"), ("foo", "Zm9v", "Zm9v"),
            ("foob", "Zm9vYg==", "Zm9vYg"), ("fooba", "Zm9vYmE=", "Zm9vYmE"), ("foobar", "Zm9vYmFy", "Zm9vYmFy"),
            ("~~~???", "fn5+Pz8/", "fn5-Pz8_"),
        ])
    func pair(content: String, padded: String, urlSafe: String) {
        let bytes = Array(content.utf8)
        #expect(Base64.encode(bytes) == padded)
        #expect(Base64.encodeURLSafe(bytes) == urlSafe)
        #expect(Base64.decode(padded) == bytes)
        #expect(Base64.decode(urlSafe) == bytes)
    }

    @Test(
        "What no bytes have as their text is refused",
        arguments: ["Z", "Zg=", "Zg===", "Zh==", "Zm9=", "Z g=", "Zg\n==", "=", "====", "Zg==Zg==", "Zm9vY", "ä"])
    func refused(text: String) { #expect(Base64.decode(text) == nil) }
}
