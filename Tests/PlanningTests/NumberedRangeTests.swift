import Planning
import Testing

@Suite struct NumberedRangeTests {
    private func range(_ url: String) throws -> NumberedRange {
        guard case .range(let range) = try LogicalURL(url).shape else { throw NumberedRangeError.malformed }
        return range
    }

    @Test(
        "Numbers run upwards, padded when an end has a leading zero",
        arguments: [
            ("{0..3}", ["0", "1", "2", "3"]), ("{00..02}.tar", ["00.tar", "01.tar", "02.tar"]),
            ("{8..11}", ["8", "9", "10", "11"]),
            ("{08..11}", ["08", "09", "10", "11"]), ("{8..011}", ["008", "009", "010", "011"]), ("{5..5}", ["5"]),
            ("a{0..1}b{0..1}c", ["a0b0c", "a0b1c", "a1b0c", "a1b1c"]),
            ("{0..1}/x-{00..01}.tar", ["0/x-00.tar", "0/x-01.tar", "1/x-00.tar", "1/x-01.tar"]),
            ("\\{0..1}-{0..1}", ["{0..1}-0", "{0..1}-1"]), ("{a,b}-{0..0}", ["{a,b}-0"]),
        ])
    func names(pattern: String, expected: [String]) throws {
        #expect(try Array(range("s3://bucket/folder/" + pattern)) == expected)
    }

    @Test("A range is not expanded until it is asked: the last of a million names is there at once")
    func lazy() throws {
        let range = try range("s3://b/{000..999}/{000..999}.tar")
        #expect(range.count == 1_000_000)
        #expect(range[999_999] == "999/999.tar")
        #expect(range[1_000] == "001/000.tar")
    }

    @Test(
        "A range that runs backwards, is unfinished or names too much is refused",
        arguments: [
            ("{3..0}", NumberedRangeError.descending), ("{0..}", .malformed), ("{0..9", .malformed),
            ("{0..9..2}", .malformed),
            ("{0..1000000}", .tooMany), ("{1..1000}{1..1001}", .tooMany), ("{0..99999999999999999999}", .tooMany),
            ("{0..9223372036854775807}", .tooMany), ("{1..1000000}{1..1000000}{1..1000000}{1..1000000}", .tooMany),
        ])
    func refused(pattern: String, error: NumberedRangeError) {
        #expect(throws: LogicalURLError.range(error)) { try LogicalURL("https://host/" + pattern) }
    }
}
