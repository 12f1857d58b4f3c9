import HOCON
import Testing

/// Every text here ends with an error, or with its value, in a bounded number of steps.
@Suite struct HostileInputTests {
    private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
        (0..<count).map(line).joined(separator: "\n")
    }

    @Test(arguments: ["[", "{a:"])
    func tenThousandLevelsAreAnError(open: String) {
        let close = open == "[" ? "]" : "}"
        let deep = { (count: Int) in
            "a=" + String(repeating: open, count: count) + "1" + String(repeating: close, count: count)
        }
        #expect(failure(deep(10_000)).contains("nested more than 256 deep"))
        #expect(failure("a=" + String(repeating: open, count: 10_000)).contains("nested more than 256 deep"))
        #expect(failure(deep(250)).isEmpty)
    }

    @Test func aPathOfTenThousandElementsIsAnError() {
        let path = Array(repeating: "a", count: 10_000).joined(separator: ".")
        #expect(failure(path + " = 1").contains("nested more than 256 deep"))
        #expect(failure("x = ${" + path + "}").contains("nested more than 256 deep"))
    }

    @Test func longChainsOfSubstitutionsAreAnError() {
        let forward = Self.lines(10_000) { "a\($0) = ${a\($0 + 1)}" } + "\na10000 = 1"
        #expect(failure(forward).contains("more than 128 substitutions lead to each other"))
        let older = "a = 1\n" + Self.lines(10_000) { _ in "a = ${a}x" }
        #expect(failure(older).contains("more than 128 substitutions lead to each other"))
        let nesting = "a0 = 1\n" + Self.lines(10_000) { "a\($0 + 1) = { x = ${a\($0)} }" }
        #expect(failure(nesting).contains("nested more than 256 deep"))
    }

    @Test func repeatedRepetitionIsAnError() {
        let ten = { (name: String) in Array(repeating: "${\(name)}", count: 10) }
        let arrays = "a0 = [1]\n" + Self.lines(20) { "a\($0 + 1) = [\(ten("a\($0)").joined(separator: ","))]" }
        #expect(failure(arrays).contains("more than 64 MiB"))
        let texts = "a0 = xxxxxxxxxx\n" + Self.lines(20) { "a\($0 + 1) = \(ten("a\($0)").joined())" }
        #expect(failure(texts).contains("more than 64 MiB"))
    }

    @Test func optionalSubstitutionsInEveryDirectionAreBounded() {
        let count = 12
        let clique = Self.lines(count) { line in
            "a\(line) = " + (0..<count).filter { $0 != line }.map { "${?a\($0)}" }.joined()
        }
        #expect(failure(clique).contains("in too many ways"))
    }

    @Test func missingValuesAreLookedUpOnce() throws {
        // Without memory this is 2⁶⁰ look-ups.
        let doubling = Self.lines(60) { "a\($0) = ${?a\($0 + 1)}${?a\($0 + 1)}" }
        #expect(try json(doubling) == "{}")
    }

    @Test func manyAppendsAreOneArray() throws {
        let value = try resolve(Self.lines(5_000) { "a += \($0)" })
        #expect(value["a"]?.array?.count == 5_000)
    }

    @Test(arguments: [
        String(repeating: ":", count: 50_000), "a" + String(repeating: "=", count: 50_000),
        String(repeating: ".", count: 50_000), String(repeating: "\"", count: 50_001),
        "a = " + String(repeating: "${", count: 50_000), String(repeating: "include ", count: 10_000),
    ])
    func noiseIsAnError(text: String) {
        #expect(!failure(text).isEmpty)
    }
}
