import HOCON
import Testing

@Suite struct UnitTests {
    @Test(arguments: [
        ("1024", 1_024), ("10 kB", 10_000), ("10K", 10_240), ("10k", 10_240), ("1 MiB", 1_048_576), ("0.5M", 524_288),
        ("10GB", 10_000_000_000), ("2 gibibytes", 2_147_483_648), ("1e", 1_152_921_504_606_846_976), ("-1", -1),
        ("3 bytes", 3), (" 7b ", 7), ("1e3", 1_000), ("+5", 5),
    ])
    func sizesAreReadInTheSpecificationsUnits(text: String, bytes: Int64) {
        #expect(HOCONUnits.bytes(text) == bytes)
    }

    @Test(arguments: ["", "ten", "1 kb", "1 KB", "10 apples", "1YB", "99999999999999999999", "1 M B", "."])
    func otherSizesAreRefused(text: String) {
        #expect(HOCONUnits.bytes(text) == nil)
    }

    @Test(arguments: [("1000", 1.0), ("10s", 10), ("1.5 minutes", 90), ("2h", 7_200), ("1d", 86_400), ("5 us", 5e-6)])
    func durationsAreReadInTheSpecificationsUnits(text: String, seconds: Double) {
        #expect(HOCONUnits.seconds(text) == seconds)
    }

    @Test func prettyJSONIsIndentedByTwoSpaces() throws {
        #expect(
            try resolve("a = [1, {}], b { c = \"\\u0001\" }").json(pretty: true)
                == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": \"\\u0001\"\n  }\n}")
    }
}
