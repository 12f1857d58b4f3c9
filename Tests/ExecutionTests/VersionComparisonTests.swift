internal import Planning
internal import Remotes
internal import Testing

@testable internal import Execution

/// Whether a lock's line and what a store says are of one version: the table of `compare(with:)`, row by row.
@Suite struct VersionComparisonTests {
    private let sha256 = Checksum("sha256:" + String(repeating: "ab", count: 32))
    private let md5 = Checksum("md5:" + String(repeating: "cd", count: 16))
    private let otherMD5 = Checksum("md5:" + String(repeating: "ef", count: 16))
    private let silent = Validator.weak(eTag: nil, size: nil, modified: nil)

    private func compare(
        _ old: Validator?, _ new: Validator, oldSize: Int64? = 5, newSize: Int64? = 5, digest: Digest? = nil,
        version: String? = nil, newVersion: String? = nil, checksum: Checksum? = nil
    ) -> VersionComparison {
        var object = Lock.Object(url: "s3://b/k", path: "k")
        object.validator = old
        object.size = oldSize
        object.digest = digest
        object.version = version
        return object.compare(
            with: ObjectFacts(size: newSize, validator: new, version: newVersion, checksum: checksum))
    }

    @Test func anotherSizeIsAnotherVersionWhateverElseIsSaid() {
        #expect(compare(.strongETag("\"1\""), .strongETag("\"1\""), newSize: 6) == .different)
        #expect(compare(.strongETag("\"1\""), .strongETag("\"1\""), newSize: nil) == .same)
    }

    @Test func theDigestDecidesAlone() {
        #expect(compare(.strongETag("\"1\""), .strongETag("\"2\""), digest: sha256?.digest, checksum: sha256) == .same)
        let zero = Checksum("sha256:" + String(repeating: "00", count: 32))?.digest
        #expect(compare(.strongETag("\"1\""), .strongETag("\"1\""), digest: zero, checksum: sha256) == .different)
    }

    @Test func validatorsOfOneKindAreCompared() throws {
        #expect(compare(.version("1"), .version("1")) == .same)
        #expect(compare(.version("1"), .version("2")) == .different)
        #expect(compare(.version("1"), .strongETag("\"x\""), newVersion: "1") == .same)
        #expect(compare(.strongETag("\"1\""), .strongETag("\"2\"")) == .different)
        #expect(compare(.checksum(try #require(md5)), silent, checksum: md5) == .same)
        #expect(compare(.checksum(try #require(md5)), silent, checksum: otherMD5) == .different)
        #expect(compare(.strongETag("\"1\""), .version("9"), version: "9", newVersion: "9") == .same)
    }

    @Test func weakOnesAreComparedByTagOtherwiseByTime() {
        func weak(_ tag: String?, _ time: Int64?) -> Validator { .weak(eTag: tag, size: 5, modified: time) }
        #expect(compare(weak("W/\"1\"", 1), weak("W/\"1\"", 2)) == .same)
        #expect(compare(weak("W/\"1\"", 1), weak("W/\"2\"", 1)) == .different)
        #expect(compare(weak(nil, 1), weak("W/\"2\"", 2)) == .different)
        #expect(compare(weak(nil, 1), weak(nil, 1)) == .same)
    }

    @Test func whatHasNothingInCommonIsUnknown() throws {
        #expect(compare(nil, .strongETag("\"1\"")) == .unknown)
        #expect(compare(.strongETag("\"1\""), silent) == .unknown)
        #expect(compare(.version("1"), .strongETag("\"1\"")) == .unknown)
        #expect(compare(.checksum(try #require(md5)), .strongETag("\"1\"")) == .unknown)
        #expect(compare(silent, silent) == .unknown)
    }
}
