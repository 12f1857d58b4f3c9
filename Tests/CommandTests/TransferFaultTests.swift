internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

/// What servers and networks do wrong, for objects that come in one response.
@Suite struct TransferFaultTests {
    private let bytes = pseudorandomBytes(5000)

    @Test(arguments: [(404, Int32(3)), (410, 3), (403, 4), (401, 4)])
    func aRefusalIsNotTriedAgain(_ status: Int, _ exitCode: Int32) throws {
        let scene = try PullScene()
        scene.server.route("/a.bin") { _ in .text("no", status: status) }
        try scene.declareOne()
        expectFailure(try scene.pull(), exitCode, saying: "answered \(status)", "  cause: ")
        #expect(scene.server.exchanges("/a.bin").map(\.status) == [status])
        #expect(try scene.tree().isEmpty)

        scene.server.file("/a.bin", bytes)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
    }

    @Test(arguments: [500, 502, 503, 429, 408]) func aPassingFaultOfTheServerIsOvercome(_ status: Int) throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") { $0.number < 3 ? .text("later", status: status) : .file(bytes, for: $0) }
        try scene.declareOne()
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").map(\.status) == [status, status, 200].map { $0 == 200 ? 206 : $0 })
    }

    @Test func aLastingFaultEndsWith5AfterRetries() throws {
        let scene = try PullScene()
        scene.server.route("/a.bin") { _ in .unavailable(status: 500) }
        try scene.declareOne()
        expectFailure(try scene.pull(), 5, saying: "the server does not serve it now", "answered 500")
        #expect(scene.server.exchanges("/a.bin").count > 2)

        scene.server.file("/a.bin", bytes)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
    }

    @Test func retryAfterIsHonoured() throws {
        let scene = try PullScene()
        let (server, bytes) = (scene.server, bytes)
        // The first backoff would be a quarter of a second at most; the slow object takes about one.
        server.route("/slow.bin") { .file(bytes, for: $0).with(.trickle(bytesPerSecond: 5000)) }
        server.route("/a.bin") { [weak server] request in
            guard request.number > 1 else { return .unavailable(retryAfter: "3") }
            let slow = server?.exchanges("/slow.bin").first
            return slow?.ending == .complete ? .file(bytes, for: request) : .text("too early", status: 403)
        }
        try scene.declare(
            PullScene.entry("a", server.url("/a.bin")), PullScene.entry("slow", server.url("/slow.bin")))
        try scene.pullWell()
        #expect(scene.server.exchanges("/a.bin").map(\.status) == [503, 206])
    }

    @Test func aTruncatedBodyIsFetchedAgain() throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") {
            $0.number == 1 ? .file(bytes, for: $0).with(.closeAfter(1000)) : .file(bytes, for: $0)
        }
        try scene.declareOne()
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").map(\.ending) == [.truncated, .complete])
    }

    @Test(arguments: [5000, 600_000]) func aBodyThatIsAlwaysTruncatedEndsWith5(_ size: Int) throws {
        let scene = try PullScene()
        let bytes = pseudorandomBytes(size)
        scene.server.route("/a.bin") {
            .file(bytes, for: $0, eTag: nil, servesRanges: false).with(.closeAfter(size / 2))
        }
        try scene.declareOne()
        expectFailure(try scene.pull(), 5, saying: "the server ended before all bytes had come")
        #expect(scene.server.exchanges("/a.bin").allSatisfy { $0.ending == .truncated })
        #expect(try scene.tree().isEmpty)
    }

    @Test func aRangeThatIsLongerThanItSaysEndsWith5() throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") { _ in
            FaultServer.Response(
                status: 206, headers: [("Content-Range", "bytes 0-99/100"), ("ETag", "\"1\"")], body: bytes)
        }
        try scene.declareOne()
        expectFailure(try scene.pull(), 5, saying: "the server sends more than it declared", advises: false)
        #expect(try scene.tree().isEmpty)
        scene.server.file("/a.bin", bytes)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
    }

    @Test func whatComesAfterTheDeclaredLengthIsNoContent() throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") { .file(bytes, for: $0, servesRanges: false).with(.declaring(1000)) }
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(Array(bytes[..<1000])))\"")
        try scene.pullWell()
        #expect(scene.placed() == Array(bytes[..<1000]))
    }

    @Test(arguments: [FaultServer.Response.Fault.resetAfter(1000), .noResponse])
    func aBrokenConnectionIsOvercome(_ fault: FaultServer.Response.Fault) throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") { $0.number < 3 ? .file(bytes, for: $0).with(fault) : .file(bytes, for: $0) }
        try scene.declareOne()
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").count { $0.ending != .complete } >= 2)
    }

    @Test func whatIsNotHTTPEndsWith5() throws {
        let scene = try PullScene()
        scene.server.route("/a.bin") { _ in .garbage() }
        try scene.declareOne()
        let output = try scene.pull()
        expectFailure(output, 5, saying: "  cause: ", advises: false)
        #expect(!output.stderr.contains("\u{1}"))
    }

    @Test func aServerThatIsGoneEndsWith5() throws {
        let scene = try PullScene()
        try scene.declareOne()
        scene.server.stop()
        expectFailure(try scene.pull(), 5, saying: "no connection to the server")
    }

    @Test func aRedirectLoopEndsWith5() throws {
        let scene = try PullScene()
        scene.server.route("/a.bin") { _ in .redirect(to: "/b.bin") }
        scene.server.route("/b.bin") { _ in .redirect(to: "/a.bin") }
        try scene.declareOne()
        expectFailure(try scene.pull(), 5, saying: "too many redirects")
        #expect(scene.server.exchanges.count > 5)
        scene.server.file("/b.bin", bytes)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
    }

    @Test func anUnknownSchemeEndsWith65BeforeAnythingIsTouched() throws {
        let scene = try PullScene()
        try scene.declare(PullScene.entry("a", "gopher://127.0.0.1/a.bin"))
        let output = try scene.pull()
        #expect(output.exitCode == 65)
        #expect(output.stderr.contains("gopher") && output.stderr.contains("manifest.yaml:3:"), "\(output.stderr)")
        #expect(!FileSystem.exists(scene.workspace))
    }

    @Test func compressedBodiesAreRefusedUnlessTheBytesAreProved() throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") { _ in
            FaultServer.Response(headers: [("Content-Encoding", "gzip"), ("ETag", "\"1\"")], body: bytes)
        }
        try scene.declareOne()
        expectFailure(try scene.pull(), 1, saying: "compressed (gzip)", "'checksum'")
        #expect(try scene.tree().isEmpty)
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(bytes))\"")
        try scene.pullWell()
        #expect(scene.placed() == bytes)
    }

    @Test(arguments: [0, 5000, 3 << 20]) func aBodyWithoutALengthIsTakenWhole(_ size: Int) throws {
        let scene = try PullScene()
        let bytes = pseudorandomBytes(size)
        scene.server.route("/a.bin") { .file(bytes, for: $0, servesRanges: false).with(.chunked) }
        scene.server.route("/b.bin") { .file(bytes, for: $0, servesRanges: false).with(.untilClose) }
        try scene.declare(
            PullScene.entry("a", scene.server.url("/a.bin")), PullScene.entry("b", scene.server.url("/b.bin")))
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.placed("artifacts/b/b.bin") == bytes)
        #expect(scene.server.exchanges("/a.bin").count == 1)
    }

    @Test func aChunkedBodyThatBreaksIsFetchedAgain() throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") { request in
            let whole = FaultServer.Response.file(bytes, for: request, servesRanges: false).with(.chunked)
            return request.number == 1 ? whole.with(.closeAfter(2000)) : whole
        }
        try scene.declareOne()
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").map(\.ending) == [.truncated, .complete])
    }

    /// A range of nothing cannot be satisfied, and the page that says so is no content.
    @Test(arguments: [true, false]) func anEmptyFileIsAFile(_ servesRanges: Bool) throws {
        let scene = try PullScene()
        scene.server.route("/a.bin") { request in
            var response = FaultServer.Response.file([], for: request, servesRanges: servesRanges)
            if response.status == 416 { response.body = Array("<html>416</html>".utf8) }
            return response
        }
        try scene.declareOne()
        try scene.pullWell()
        #expect(scene.placed() == [])
        #expect(scene.server.exchanges("/a.bin").map(\.status) == [servesRanges ? 416 : 200])
        try scene.pullWell()
        #expect(scene.server.exchanges("/a.bin").count == 1)
    }

    @Test func anEmptyLocalFileIsAFile() throws {
        let scene = try PullScene()
        try scene.folder.write("empty.bin", [])
        try scene.declare(PullScene.entry("a", "empty.bin", "link: copy"))
        try scene.pullWell()
        #expect(scene.placed("artifacts/a/empty.bin") == [])
    }

    /// Nobody writes into it: to open it would be to wait for ever.
    @Test func aPipeIsNotAFile() throws {
        let scene = try PullScene()
        #expect(mkfifo(scene.folder["pipe"], 0o600) == 0)
        try scene.declare(PullScene.entry("a", "pipe", "access: cache"))
        expectFailure(try scene.pull(), 3, saying: "this is not a file", "  cause: " + scene.folder["pipe"])
        #expect(scene.placed("artifacts/a/pipe") == nil)
    }

    @Test func aPipeAtTheTargetIsSomebodyElses() throws {
        let scene = try PullScene()
        scene.server.file("/a.bin", bytes)
        try FileSystem.createFolder(scene.workspace)
        #expect(mkfifo(scene.workspace + "/a", 0o600) == 0)
        try scene.declare(
            PullScene.entry("a", scene.server.url("/a.bin"), "path: a, checksum: '\(checksum(bytes))'"))
        let output = try scene.pull()
        #expect(output.exitCode != 0 && output.stderr.contains("did not put there stands at 'a'"), "\(output.stderr)")
        #expect(try FileSystem.status(scene.workspace + "/a")?.kind == .other)
    }

    @Test func emptyFilesFromARealServerAreFiles() throws {
        let scene = try PullScene()
        let nginx = try Nginx()
        try nginx.files.write("a.bin", [])
        try scene.declare(PullScene.entry("a", nginx.http("/a.bin")))
        try scene.pullWell()
        #expect(scene.placed() == [])
    }

    /// RFC 9110, 15.3.7: a 206 without Content-Range says nothing of where its bytes belong.
    @Test(arguments: [nil, "bytes 7-99/5000", "bytes 0-99/*"]) func aPartialAnswerOfNoUseIsNotTakenForTheWhole(
        _ field: String?
    ) throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") { request in
            guard request["Range"] != nil else { return .file(bytes, for: request) }
            return FaultServer.Response(
                status: 206, headers: [("ETag", "\"1\"")] + (field.map { [("Content-Range", $0)] } ?? []),
                body: Array(bytes[..<100]))
        }
        try scene.declareOne()
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").map(\.status) == [206, 200])
    }

    @Test func partialAnswersToWholeRequestsEndWith5() throws {
        let scene = try PullScene()
        let bytes = bytes
        scene.server.route("/a.bin") { _ in
            FaultServer.Response(
                status: 206, headers: [("Content-Range", "bytes 7-99/5000")], body: Array(bytes[7..<100]))
        }
        try scene.declareOne()
        expectFailure(try scene.pull(limit: .seconds(30)), 5, saying: "of no use", advises: false)
        #expect(scene.server.exchanges("/a.bin").count == 2)
    }
}
