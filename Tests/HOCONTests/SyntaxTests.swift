import HOCON
import Testing

@Suite struct SyntaxTests {
    @Test(arguments: [
        ("", "{}"),
        ("# only a comment", "{}"),
        ("a = 1", #"{"a":1}"#),
        ("{ a : 1 }", #"{"a":1}"#),
        ("a = 1, b = 2,", #"{"a":1,"b":2}"#),
        ("a = 1\n\n, b = 2", #"{"a":1,"b":2}"#),
        ("a { b { c = x } }", #"{"a":{"b":{"c":"x"}}}"#),
        ("a\n\n{ b = 1 }", #"{"a":{"b":1}}"#),
        ("a // why\n = # because\n 1", #"{"a":1}"#),
        ("a = [1\n2\n3]", #"{"a":[1,2,3]}"#),
        ("a = [1, 2,]", #"{"a":[1,2]}"#),
        ("a = [[1] [2], [3]\n[4]]", #"{"a":[[1,2],[3],[4]]}"#),
        ("[1, two]", #"[1,"two"]"#),
        ("a = 1\r\nb = x\r\n", #"{"a":1,"b":"x"}"#),
        ("\u{FEFF}a = 1", #"{"a":1}"#),
        ("a =\u{00A0}x\u{2003}y\u{3000}", "{\"a\":\"x\u{2003}y\"}"),
        (#"a = "tab\t, quote\", \u00e9, \ud83d\ude00""#, "{\"a\":\"tab\\t, quote\\\", é, 😀\"}"),
        (#"a = "\ud83d alone""#, "{\"a\":\"\u{FFFD} alone\"}"),
        (#"a = """raw \n "quoted" text"""""#, #"{"a":"raw \\n \"quoted\" text\""}"#),
        ("a = \"\"\"two\nlines\"\"\"", #"{"a":"two\nlines"}"#),
    ])
    func whatIsWrittenInOtherWaysMeansTheSame(text: String, expected: String) throws {
        #expect(try json(text) == expected)
    }

    @Test(arguments: [
        ("a = true", "true"), ("a = truex", #""truex""#), ("a = null", "null"), ("a = nullable", #""nullable""#),
        ("a = 10", "10"), ("a = -0.5", "-0.5"), ("a = 007", "7"), ("a = 1.", "1.0"), ("a = -.5", "-0.5"),
        ("a = 1e5", "1e5"), ("a = .5", #"".5""#), ("a = 1.2.3", #""1.2.3""#), ("a = 10x", #""10x""#),
        ("a = 2026-10-01", #""2026-10-01""#), ("a = 1e999", "1e999"), ("a = -", #""-""#),
        ("a = 99999999999999999999", #""99999999999999999999""#), ("a = /usr/bin", #""/usr/bin""#),
        ("a = include", #""include""#), ("a = (42)", #""(42)""#),
    ])
    func unquotedTextBecomesTheTypeThatItLooksLike(text: String, expected: String) throws {
        #expect(try json(text) == #"{"a":\#(expected)}"#)
    }

    @Test(arguments: [
        ("a = foo  bar \"baz\" 1e5 true null ", #""foo  bar baz 1e5 true null""#),
        ("a = \"x\"\"y\"", #""xy""#),
        ("a = [1] [2, 3]", "[1,2,3]"),
        ("a = {b: 1} {b: 2, c: 3}", #"{"b":2,"c":3}"#),
    ])
    func valuesSideBySideAreJoined(text: String, expected: String) throws {
        #expect(try json(text) == #"{"a":\#(expected)}"#)
    }

    @Test(arguments: [
        ("a.b.c = 1, a.b.d = 2", #"{"a":{"b":{"c":1,"d":2}}}"#),
        (#"a."b.c" = 1"#, #"{"a":{"b.c":1}}"#),
        (#"a."".b = 1"#, #"{"a":{"":{"b":1}}}"#),
        ("a b  c = 1", #"{"a b  c":1}"#),
        ("10.0foo = 1", #"{"10":{"0foo":1}}"#),
        ("true = 1, null = 2", #"{"true":1,"null":2}"#),
        (#""""raw""" = 1"#, #"{"raw":1}"#),
        ("include-me = 1", #"{"include-me":1}"#),
        (#"foo include = 1, "include" = 2"#, #"{"foo include":1,"include":2}"#),
    ])
    func keysArePaths(text: String, expected: String) throws {
        #expect(try json(text) == expected)
    }

    @Test(arguments: [
        ("a = {x: 1}, a = {y: 2}", #"{"a":{"x":1,"y":2}}"#),
        ("a = {x: 1}, a = null, a = {y: 2}", #"{"a":{"y":2}}"#),
        ("a = {x: {p: 1}}, a.x.q = 2", #"{"a":{"x":{"p":1,"q":2}}}"#),
        ("a = 1, a = 2", #"{"a":2}"#),
        ("a = [1], a = [2]", #"{"a":[2]}"#),
    ])
    func aKeyWrittenAgainMergesObjectsAndReplacesTheRest(text: String, expected: String) throws {
        #expect(try json(text) == expected)
    }

    @Test(arguments: [
        ("{", "test.conf:1:1: this '{' is not closed"),
        ("a = 1 }", "test.conf:1:7: the end of the file is expected, found '}'"),
        ("a = [1, 2", "test.conf:1:5: this '[' is not closed"),
        ("a = [1,, 2]", "test.conf:1:8: two commas in a row"),
        ("a = [,1]", "test.conf:1:6: a value is expected, found ','"),
        ("a =", "test.conf:1:4: a value is expected, found the end of the file"),
        ("a", "test.conf:1:2: ':', '=' or '{' is expected after the key a, found the end of the file"),
        ("x = 1\n  a b", "test.conf:2:6: ':', '=' or '{' is expected after the key \"a b\", found the end of the file"),
        ("a = 1 b = 2", "test.conf:1:9: the character '=' must stand inside quotes here"),
        ("a = \"x\ny\"", "test.conf:1:5: a quoted string ends with its line; its closing quote is missing"),
        ("a = \"x", "test.conf:1:5: a quoted string is not closed"),
        (#"a = """x"#, "test.conf:1:5: a string in triple quotes is not closed"),
        (
            #"a = "\q""#,
            #"test.conf:1:6: a backslash in a quoted string is followed by one of " \ / b f n r t u; write \\ for a backslash"#
        ),
        (#"a = "\u12g4""#, #"test.conf:1:6: \u is followed by four hexadecimal digits"#),
        ("a..b = 1", "test.conf:1:1: a path has an empty element here; write \"\" if that is meant"),
        ("a. = 1", "test.conf:1:1: a path may not end in a point"),
        ("${a} = 1", "test.conf:1:1: the character '$' must stand inside quotes here"),
        ("a = é@", "test.conf:1:6: the character '@' must stand inside quotes here"),
        ("a = ${b", "test.conf:1:8: '}' is expected at the end of a substitution, found the end of the file"),
        ("a = ${ ?b}", "test.conf:1:8: the character '?' must stand inside quotes here"),
        (
            "a = [1] x",
            "test.conf:1:9: an object or array stands beside a value of another kind; only like kinds can be joined"
        ),
        ("a {} {}", "test.conf:1:6: a comma or a new line is expected before '{'; put text that holds it in quotes"),
        ("a = [{ b += 1 }]", "test.conf:1:10: +="),
        ("include x", "test.conf:1:9: include is followed by a name in quotes"),
    ])
    func anErrorNamesItsPlace(text: String, expected: String) {
        #expect(failure(text).hasPrefix(expected), "\(failure(text))")
    }

    @Test func bytesThatAreNoUTF8AreAnErrorAtTheirPlace() {
        let bytes = Array("a = 1\nb = x".utf8) + [0xC3, 0x28]
        #expect {
            try HOCONDocument(parsing: bytes, name: "test.conf")
        } throws: {
            "\($0)" == "test.conf:2:6: the file is not UTF-8 from here"
        }
    }
}

@Suite struct WideSyntaxTests {
    @Test(arguments: [
        ("a: https://host:8080", #""https://host:8080""#),
        ("a: https://host:8080/x // comment", #""https://host:8080/x""#),
        ("a: minio:9000", #""minio:9000""#), ("a: 127.0.0.1:9000", #""127.0.0.1:9000""#), ("a: True", "true"),
        ("a: FALSE", "false"), ("a: True story", #""True story""#), ("a: \"True\"", #""True""#),
    ])
    func urlsAndPythonsBooleansNeedNoQuotes(text: String, expected: String) throws {
        #expect(try json(text, isWide: true) == #"{"a":\#(expected)}"#)
    }

    @Test func aColonMayTouchSubstitutions() throws {
        let text = "host = h, port = 80, a = http://${host}:${port}/x"
        #expect(try resolve(text, isWide: true)["a"]?.text == "http://h:80/x")
    }

    @Test(arguments: ["a: b : c", "a: [:x]", "a: [\"x\":\"y\"]", "a: \"x\":y"])
    func otherColonsAreStillErrors(text: String) {
        #expect(!failure(text, isWide: true).isEmpty)
    }

    @Test(arguments: ["a: https://host", "a: minio:9000"])
    func theSpecificationAloneRefusesThem(text: String) {
        #expect(!failure(text).isEmpty)
        #expect(!failure("\u{FEFF}" + text, isWide: true).isEmpty)
    }
}
