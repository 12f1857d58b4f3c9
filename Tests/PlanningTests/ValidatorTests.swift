import Planning
import Testing

@Suite struct ValidatorTests {
    @Test(
        "A validator's text says all of it",
        arguments: [
            (Validator.version("3HL4:x"), "version:3HL4:x"),
            (.checksum(Checksum("md5:" + String(repeating: "0a", count: 16))!), "checksum:md5:" + String(repeating: "0a", count: 16)),
            (.strongETag("\"a:b\""), "etag:\"a:b\""),
            (.weak(eTag: "W/\"a:b\"", size: 5, modified: 7), "weak:5:7:W/\"a:b\""),
            (.weak(eTag: nil, size: nil, modified: 7), "weak::7:"),
        ])
    func text(validator: Validator, text: String) {
        #expect(validator.text == text)
        #expect(Validator(text) == validator)
    }

    @Test("A text that says nothing is no validator", arguments: ["", "version", "moon:1", "checksum:md5:00", "checksum:x", "weak:1", "weak:1:2"])
    func malformed(text: String) {
        #expect(Validator(text) == nil)
    }

    @Test("Only what means equal bytes is strong")
    func strength() {
        #expect(Validator.version("1").isStrong)
        #expect(Validator.strongETag("\"1\"").isStrong)
        #expect(!Validator.weak(eTag: "W/\"1\"", size: 1, modified: 1).isStrong)
    }
}
