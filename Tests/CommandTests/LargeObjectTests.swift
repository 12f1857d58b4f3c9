internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

/// Objects that come in ranges: what breaks off is resumed, what changes is never mixed.
@Suite struct LargeObjectTests {
    /// Three ranges of 16 MiB at most.
    static let size = 40 << 20
    static let bytes = largeBytes(size)

    /// Fast to make, and no two of its pages of 4 KiB alike. The count is a multiple of that.
    static func largeBytes(_ count: Int, seed: UInt64 = 0) -> [UInt8] {
        let page = pseudorandomBytes(4096, seed: seed &+ 1)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            for start in stride(from: 0, to: count, by: page.count) {
                UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + page.count]).copyBytes(from: page)
                bytes.storeBytes(of: UInt64(start) &+ seed << 48, toByteOffset: start, as: UInt64.self)
            }
            filled = count
        }
    }

    private func scene(_ handler: @escaping FaultServer.Handler) throws -> PullScene {
        let scene = try PullScene()
        scene.server.route("/a.bin", handler)
        try scene.declareOne()
        return scene
    }

    @Test func aBrokenRangeIsFetchedAgainWithoutWhatHadCome() throws {
        let scene = try scene { request in
            let answer = FaultServer.Response.file(Self.bytes, for: request)
            return request.number == 1 ? answer.with(.resetAfter(10 << 20)) : answer
        }
        try scene.pullWell()
        #expect(scene.placed() == Self.bytes)
        #expect(scene.server.exchanges("/a.bin")[0].ending == .reset)
        // What a reset finds in the socket's buffers is lost.
        #expect(scene.server.bytesSent("/a.bin") < Self.size + (8 << 20))
    }

    @Test func aStalledRangeIsFetchedAgainWithoutWhatHadCome() throws {
        let scene = try scene { request in
            let answer = FaultServer.Response.file(Self.bytes, for: request)
            return request.number == 2 ? answer.with(.stallAfter(4 << 20)) : answer
        }
        try scene.pullWell("--stall-timeout", "1")
        #expect(scene.placed() == Self.bytes)
        #expect(scene.server.exchanges("/a.bin")[1].ending == .stalled)
        #expect(scene.server.bytesSent("/a.bin") <= Self.size)
    }

    @Test func aServerThatStallsForGoodEndsWith5AndTheNextRunGoesOn() throws {
        let scene = try scene { .file(Self.bytes, for: $0).with(.stallAfter($0.number == 1 ? 10 << 20 : 0)) }
        expectFailure(try scene.pull("--stall-timeout", "0.3"), 5, saying: "the server stopped sending")
        #expect(scene.server.exchanges("/a.bin").allSatisfy { $0.ending == .stalled })
        #expect(try scene.tree().isEmpty)
        scene.server.file("/a.bin", Self.bytes)
        try scene.pullWell()
        #expect(scene.placed() == Self.bytes)
        #expect(scene.server.bytesSent("/a.bin") <= Self.size)
    }

    @Test func anObjectThatChangesBetweenRangesIsNeverMixed() throws {
        let changed = Self.largeBytes(Self.size, seed: 7)
        let scene = try scene { request in
            request.number == 1
                ? .file(Self.bytes, for: request, eTag: "\"1\"") : .file(changed, for: request, eTag: "\"2\"")
        }
        try scene.pullWell()
        #expect(scene.placed() == changed)
        #expect(scene.server.exchanges("/a.bin").contains { $0.status == 412 })
    }

    /// Here the server knows no If-Match: only the ETag in the answer tells.
    @Test func aChangeIsSeenWithoutConditionsToo() throws {
        let changed = Self.largeBytes(Self.size, seed: 7)
        let scene = try scene { request in
            var plain = request
            plain.headers.removeAll { $0.name == "If-Match" }
            return request.number == 1
                ? .file(Self.bytes, for: plain, eTag: "\"1\"") : .file(changed, for: plain, eTag: "\"2\"")
        }
        try scene.pullWell()
        #expect(scene.placed() == changed)
    }

    @Test func anObjectThatNeverStandsStillEndsWith5() throws {
        let scene = try scene { .file(Self.bytes, for: $0, eTag: "\"\($0.number)\"") }
        expectFailure(try scene.pull(), 5, saying: "changes while it is fetched")
        #expect(try scene.tree().isEmpty)
    }

    @Test func aServerThatAnswersARangeWithEverythingIsTakenAsOneStream() throws {
        let scene = try scene { .file(Self.bytes, for: $0, servesRanges: $0.number == 1) }
        try scene.pullWell()
        #expect(scene.placed() == Self.bytes)
        #expect(scene.server.exchanges("/a.bin").contains { $0.status == 200 && $0.request["Range"] != nil })
    }

    @Test func aServerWithoutRangesGivesOneStream() throws {
        let scene = try scene { .file(Self.bytes, for: $0, servesRanges: false) }
        try scene.pullWell()
        #expect(scene.placed() == Self.bytes)
        #expect(scene.server.exchanges("/a.bin").map(\.status) == [200])
    }

    @Test func aServerWithoutRangesThatBreaksOffIsAskedForEverythingAgain() throws {
        let scene = try scene { request in
            let answer = FaultServer.Response.file(Self.bytes, for: request, servesRanges: false)
            return request.number == 1 ? answer.with(.closeAfter(20 << 20)) : answer
        }
        try scene.pullWell()
        #expect(scene.placed() == Self.bytes)
        #expect(scene.server.exchanges("/a.bin")[0].ending == .truncated)
    }

    /// RFC 9110, 13.1.1: If-Match compares strongly, so nothing tells whether two ranges are of one version.
    @Test func aWeakETagMeansOneStream() throws {
        let scene = try scene { .file(Self.bytes, for: $0, eTag: "W/\"1\"") }
        try scene.pullWell()
        #expect(scene.placed() == Self.bytes)
        #expect(scene.server.exchanges("/a.bin").last?.status == 200)
        #expect(scene.server.exchanges("/a.bin").count <= 2)
    }

    @Test func aWeakETagDoesNotMatterWhereTheChecksumIsKnown() throws {
        let scene = try scene { .file(Self.bytes, for: $0, eTag: "W/\"1\"") }
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(Self.bytes))\"")
        try scene.pullWell()
        #expect(scene.placed() == Self.bytes)
        #expect(scene.server.exchanges("/a.bin").allSatisfy { $0.status == 206 })
        #expect(scene.server.bytesSent("/a.bin") == Self.size)
    }

    @Test func aKilledRunIsResumedWhereItWas() throws {
        let scene = try scene { request in
            .file(Self.bytes, for: request).with(
                request.number == 1 ? .trickle(bytesPerSecond: 60 << 20) : .stallAfter(5 << 20))
        }
        let run = try scene.startPull()
        #expect(waitUntil { scene.server.bytesSent("/a.bin") >= 12 << 20 })
        run.signal(SIGKILL)
        #expect(try run.wait() == 128 + SIGKILL)
        let before = scene.server.bytesSent("/a.bin")
        #expect(try scene.tree().isEmpty)

        scene.server.file("/a.bin", Self.bytes)
        try scene.pullWell()
        #expect(scene.placed() == Self.bytes)
        let again = scene.server.bytesSent("/a.bin") - before
        // Each of four connections loses a claim's length and what lay in its socket at most.
        #expect(again < Self.size - before + (4 * 5 << 20), "\(before) bytes, then \(again)")
        #expect(again < Self.size)
    }

    /// The bytes of a killed run are whole, and of yesterday's version.
    @Test func aCompletePartialOfAnOlderVersionIsNotTaken() throws {
        let scene = try scene { .file(Self.bytes, for: $0) }
        let new = Self.largeBytes(Self.size, seed: 3)
        // A wrong size fails before the bytes are taken in, so the partial is made by hand: killed while it hashes.
        let run = try scene.startPull()
        #expect(waitUntil { scene.server.bytesSent("/a.bin") >= Self.size })
        run.signal(SIGKILL)
        _ = try run.wait()
        try scene.forgetWorkspace()
        scene.server.file("/a.bin", new, eTag: "\"2\"")
        try scene.pullWell()
        #expect(scene.placed() == new)
    }

    @Test func memoryDoesNotGrowWithTheObject() throws {
        let scene = try PullScene()
        let nginx = try Nginx()
        try nginx.files.write("a.bin", [])
        #expect(truncate(nginx.files["a.bin"], 256 << 20) == 0)
        try scene.declare(PullScene.entry("a", nginx.http("/a.bin")))
        let run = try scene.startPull()
        var peak = 0
        while run.isRunning {
            if let text = try? File("/proc/\(run.pid)/status").readAll(limit: 1 << 16) {
                let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
                peak = max(peak, line.flatMap { Int($0.filter(\.isNumber)) } ?? 0)
            }
            usleep(2000)
        }
        #expect(try run.wait() == 0, "\(run.stderr)")
        #expect(try FileSystem.status(scene.workspace + "/artifacts/a/a.bin")?.size == 256 << 20)
        #expect(peak > 1000 && peak < 80 << 10, "\(peak) KiB")
    }
}
