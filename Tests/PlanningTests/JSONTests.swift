import Planning
import Testing

@Suite struct JSONTests {
    @Test(
        "Every value comes back as it was written",
        arguments: [
            JSON.null, true, false, 0, -1, .integer(.max), .integer(.min), .number(0.1), .number(-1.5e300), .number(5),
            "", "a\"b\\c/d\u{8}\u{C}\n\r\t\u{1}\u{7F}", "日本 \u{1F600} e\u{301}", .array([]), .object([JSON.Member]()),
            .array([.null, .array([1, "x"]), .object([.init("k", 1), .init("", .array([]))])]),
        ])
    func roundTrip(value: JSON) throws {
        #expect(try JSON(parsing: value.text) == value)
        #expect(try JSON(parsing: value.prettyText) == value)
        #expect(!value.text.contains("\n"))
    }

    @Test("The compact form has no spaces, the pretty one indents by two")
    func forms() {
        let value: JSON = .object([.init("a", .array([1, 2])), .init("b", .object([.init("c", .null)])), .init("d", .array([]))])
        #expect(value.text == #"{"a":[1,2],"b":{"c":null},"d":[]}"#)
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    2
                  ],
                  "b": {
                    "c": null
                  },
                  "d": []
                }
                """)
        #expect(JSON.number(.nan).text == "null")
        #expect(JSON.number(.infinity).text == "null")
        #expect(JSON.object(["a": 1, "b": nil]).text == #"{"a":1}"#)
    }

    @Test(
        "What the specification allows is read",
        arguments: [
            (" \t\r\n 1 \n", JSON.integer(1)), ("-0", .integer(0)), ("1e2", .number(100)), ("1E+2", .number(100)),
            ("1.5e-1", .number(0.15)), ("0.5", .number(0.5)), ("12345678901234567890", .number(12_345_678_901_234_567_890)),
            (#""\u0041\u00e9\uD83D\uDE00\/""#, "Aé\u{1F600}/"), (#""\u0000""#, "\u{0}"),
            (#"{"a":1,"a":2}"#, .object([.init("a", 1), .init("a", 2)])),
        ])
    func accepted(text: String, value: JSON) throws {
        #expect(try JSON(parsing: text) == value)
    }

    @Test(
        "What it does not allow is refused where it stands",
        arguments: [
            ("", 0), ("  ", 2), ("tru", 0), ("nul", 0), ("True", 0), ("NaN", 0), ("Infinity", 0), ("'a'", 0),
            ("1 2", 2), ("01", 1), ("+1", 0), (".5", 0), ("1.", 0), ("-", 0), ("--1", 0), ("1e", 0), ("1e+", 0), ("0x10", 1),
            ("1e999", 0), ("[1,]", 3), ("[,1]", 1), ("[1", 2), ("[1 2]", 3), ("]", 0), ("{", 1), ("{,}", 1), (#"{"a"}"#, 4),
            (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), ("{a:1}", 1), (#"{"a":1"#, 6), ("\"", 1), ("\"a\nb\"", 2), ("\"\u{0}\"", 1),
            (#""\x""#, 3), (#""\u12""#, 3), (#""\u12G4""#, 3), (#""\uD800""#, 7), (#""\uDC00""#, 7), (#""\uD800A""#, 7),
            (#""\"#, 2), ("// c\n1", 0), ("1//", 1), ("\u{FEFF}1", 0),
        ])
    func refused(text: String, offset: Int) {
        do throws(JSON.ParseError) {
            _ = try JSON(parsing: text)
            Issue.record("it was read")
        } catch {
            #expect(error.offset == offset, "\(error)")
        }
    }

    @Test("Nesting ends at 512, long before the stack does", arguments: ["[", #"{"a":"#])
    func nesting(open: String) throws {
        let close = open == "[" ? "]" : "}"
        func text(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
        }
        _ = try JSON(parsing: text(512))
        #expect(throws: JSON.ParseError.self) { try JSON(parsing: text(513)) }
        #expect(throws: JSON.ParseError.self) { try JSON(parsing: String(repeating: open, count: 1_000_000)) }
    }

    @Test("Bytes that are not UTF-8 never come out as they went in")
    func invalidUTF8() throws {
        let value = try Array("\"a".utf8 + [0xFF, 0xC3] + "\"".utf8).withUnsafeBytes { try JSON(parsing: $0) }
        #expect(value.string?.hasPrefix("a\u{FFFD}") == true)
    }

    @Test("Looking for the wrong kind of value finds none")
    func accessors() throws {
        let value = try JSON(parsing: #"{"s":"x","i":1,"b":true,"a":[1],"n":null,"f":1.5}"#)
        #expect(value["s"]?.string == "x")
        #expect(value["s"]?.integer == nil)
        #expect(value["i"]?.integer == 1)
        #expect(value["i"]?.bool == nil)
        #expect(value["b"]?.bool == true)
        #expect(value["a"]?.array == [1])
        #expect(value["f"]?.integer == nil)
        #expect(value["n"] == .null)
        #expect(value["missing"] == nil)
        #expect(JSON.integer(1)["a"] == nil)
    }
}
