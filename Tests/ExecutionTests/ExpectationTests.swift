import Caching
import Planning
import Platform
import TestSupport
import Testing

@testable import Execution

/// `Testing` has an `Expectation` too.
private typealias Expected = Execution.Expectation

@Suite struct ExpectationTests {
    private func blob(_ text: String, _ functions: [HashFunction] = []) throws -> Blob {
        let folder = try TemporaryFolder()
        let (values, size) = try File(folder.write("x", text)).hash([.sha256, .xxh3] + functions)
        return Blob(values: values, size: size)
    }

    private func refuses(_ expectation: Expected, _ blob: Blob) -> Failure? {
        do throws(Failure) {
            try expectation.check(blob)
            return nil
        } catch { return error }
    }

    @Test("Without an expectation everything is right")
    func nothing() throws {
        #expect(refuses(Expected(), try blob("x")) == nil)
        #expect(!Expected().isDecisive)
        #expect(Expected().functions == [])
    }

    @Test(
        "Another size, digest or checksum is an integrity failure that names both",
        arguments: Checksum.Algorithm.allCases)
    func mismatches(algorithm: Checksum.Algorithm) throws {
        var expectation = Expected()
        let right = try blob("right", [algorithm.hashFunction])
        expectation.checksum = Checksum(algorithm: algorithm, bytes: right.checksums[0])
        #expect(expectation.functions == [algorithm.hashFunction])
        #expect(expectation.isDecisive)
        #expect(refuses(expectation, right) == nil)
        let wrong = try blob("wrong", expectation.functions)
        let failure = try #require(refuses(expectation, wrong))
        #expect(failure.kind == .integrity)
        #expect(failure.cause?.contains("\(try #require(expectation.checksum))") == true)
        #expect(failure.cause?.contains(Hex.encode(wrong.checksums[0])) == true)
    }

    @Test("The digest decides")
    func digest() throws {
        var expectation = Expected()
        expectation.digest = try blob("right").digest
        #expect(expectation.isDecisive)
        #expect(refuses(expectation, try blob("right")) == nil)
        #expect(refuses(expectation, try blob("wrong"))?.kind == .integrity)
    }

    @Test("The size is checked before a byte is, and with the bytes")
    func size() throws {
        var expectation = Expected()
        expectation.size = 5
        try expectation.check(size: 5)
        #expect(throws: Failure.self) { try expectation.check(size: 4) }
        #expect(refuses(expectation, try blob("right")) == nil)
        #expect(refuses(expectation, try blob("longer"))?.kind == .integrity)
    }

    @Test("Advice on the manifest is given only where the manifest said it")
    func advice() throws {
        var expectation = Expected(digest: try blob("right").digest)
        #expect(refuses(expectation, try blob("wrong"))?.advice?.contains("'checksum'") == true)
        expectation.isLocked = true
        #expect(refuses(expectation, try blob("wrong"))?.advice == nil)
    }
}
