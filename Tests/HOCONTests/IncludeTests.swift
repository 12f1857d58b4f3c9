import HOCON
import Testing

@Suite struct IncludeTests {
    @Test func anIncludedFileIsMergedWhereItStands() throws {
        let files = ["sub/a.conf": "x = 1, y = 1", "sub/b.json": #"{"z": 3}"#]
        let text = "y = 0\ninclude \"sub/a.conf\"\ninclude \"sub/b\"\nx = 2"
        #expect(try json(text, files: files) == #"{"y":1,"x":2,"z":3}"#)
    }

    @Test func aBareNameIsFoundBesideTheIncludingFile() throws {
        let files = ["/etc/a/one.conf": "include \"two.conf\"", "/etc/a/two.conf": "x = 1", "two.conf": "x = 2"]
        #expect(try json("include \"a/one.conf\"", files: files, name: "/etc/main.conf") == #"{"x":1}"#)
        #expect(try json("include file(\"two.conf\")", files: files, name: "/etc/main.conf") == #"{"x":2}"#)
        #expect(try json("include url(\"file:///etc/a/two.conf\")", files: files) == #"{"x":1}"#)
    }

    @Test func aNameWithoutAnEndingMergesEveryFormat() throws {
        let files = ["a.properties": "p.q = 1\nr: x y\n! no\n", "a.json": #"{"r": 2, "s": 2}"#, "a.conf": "s = 3"]
        #expect(try resolve("include \"a\"", files: files).sortedJSON == #"{"p":{"q":"1"},"r":2,"s":3}"#)
    }

    @Test func substitutionsLookBelowTheIncludeAndThenFromTheRoot() throws {
        let files = ["a.conf": "x = 10, y = ${x}, z = ${top}"]
        #expect(
            try json("top = t, a { include \"a.conf\" }, a { x = 42 }", files: files)
                == #"{"top":"t","a":{"x":42,"y":42,"z":"t"}}"#)
    }

    @Test func aMissingFileIsSkippedUnlessItIsRequired() throws {
        #expect(try json("a = 1, include \"none.conf\", include classpath(\"none\")") == #"{"a":1}"#)
        #expect(
            failure("include required(file(\"none.conf\"))")
                == "test.conf:1:1: the required file none.conf does not exist")
        #expect(try json("include required(\"a.conf\")", files: ["a.conf": "x=1"]) == #"{"x":1}"#)
    }

    @Test func urlsAreNotFetched() {
        #expect(failure("include url(\"https://host/a.conf\")").contains("URLs are not fetched"))
        #expect(failure("include \"https://host/a.conf\"").contains("URLs are not fetched"))
    }

    @Test func aFileThatIncludesItselfIsAnError() {
        let files = ["a.conf": "include \"b.conf\"", "b.conf": "x = 1\ninclude \"a.conf\""]
        #expect(
            failure("include \"a.conf\"", files: files)
                == "b.conf:2:1: a.conf includes itself: test.conf -> a.conf -> b.conf -> a.conf")
    }

    @Test func anErrorInAnIncludedFileNamesThatFile() {
        #expect(failure("include \"a.conf\"", files: ["a.conf": "x = 1\ny = ["]).hasPrefix("a.conf:2:5: "))
        #expect(failure("include \"a.conf\"", files: ["a.conf": "[1]"]).hasPrefix("a.conf:1:1: an included file must"))
        #expect(
            failure("x = [{ include \"a.conf\" }]", files: ["a.conf": "x = ${y}"]).contains("inside an array"))
    }

    @Test func aTreeOfIncludesIsBounded() {
        // 2¹² files: each includes the next one twice.
        var files: [String: String] = [:]
        for level in 0..<12 {
            files["f\(level).conf"] = "include \"f\(level + 1).conf\"\ninclude \"f\(level + 1).conf\""
        }
        files["f12.conf"] = "x = 1"
        #expect(failure("include \"f0.conf\"", files: files).contains("more than 1000 files are included"))
    }
}
