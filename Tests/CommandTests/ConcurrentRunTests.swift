internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

/// Runs beside each other, and runs that are killed.
@Suite struct ConcurrentRunTests {
    private static let count = 200

    /// Many small artifacts, and what the workspace must hold of them.
    private func many(_ scene: PullScene) throws -> [String: [UInt8]] {
        var expected: [String: [UInt8]] = [:]
        var entries: [String] = []
        for number in 0..<Self.count {
            let bytes = pseudorandomBytes(200 + number * 7, seed: UInt64(number))
            scene.server.file("/\(number).bin", bytes)
            entries.append(PullScene.entry("e\(number)", scene.server.url("/\(number).bin")))
            expected["artifacts/e\(number)/\(number).bin"] = bytes
        }
        let tar = try ArchiveWriter.write(
            (0..<50).map { .file("d\($0 % 5)/f\($0)", "content of \($0)") }, .pax, .gzip)
        scene.server.file("/tree.tar.gz", tar)
        entries.append(PullScene.entry("tree", scene.server.url("/tree.tar.gz")))
        for number in 0..<50 {
            expected["artifacts/tree/d\(number % 5)/f\(number)"] = Array("content of \(number)".utf8)
        }
        try scene.declare(entries)
        return expected
    }

    @Test func twoRunsOfOneManifestBothSucceed() throws {
        let scene = try PullScene()
        let expected = try many(scene)
        let runs = try (0..<2).map { _ in try scene.startPull() }
        for run in runs { #expect(try run.wait() == 0, "\(run.stderr)") }
        #expect(try scene.tree() == expected)
        #expect(scene.server.exchanges("/7.bin").count == 1)
        try scene.pullWell()
    }

    @Test func twoWorkspacesThatWantOneLargeObjectFetchItOnce() throws {
        let scenes = try { [$0, try PullScene(sharing: $0)] }(PullScene())
        let server = scenes[0].server
        server.route("/a.bin") { .file(LargeObjectTests.bytes, for: $0).with(.trickle(bytesPerSecond: 40 << 20)) }
        for scene in scenes { try scene.declareOne() }
        let runs = try scenes.map { try $0.startPull() }
        for run in runs { #expect(try run.wait() == 0, "\(run.stderr)") }
        for scene in scenes { #expect(scene.placed() == LargeObjectTests.bytes) }
        #expect(server.bytesSent("/a.bin") == LargeObjectTests.size)
    }

    @Test func whoWaitsForAKilledRunGoesOnWhereItWas() throws {
        let scenes = try { [$0, try PullScene(sharing: $0)] }(PullScene())
        let server = scenes[0].server
        server.route("/a.bin") { .file(LargeObjectTests.bytes, for: $0).with(.stallAfter(5 << 20)) }
        for scene in scenes { try scene.declareOne() }
        let first = try scenes[0].startPull()
        #expect(waitUntil { server.bytesSent("/a.bin") >= 15 << 20 })
        let before = server.bytesSent("/a.bin")
        let second = try scenes[1].startPull()
        usleep(300_000)
        #expect(server.bytesSent("/a.bin") == before)
        server.file("/a.bin", LargeObjectTests.bytes)
        first.signal(SIGKILL)
        _ = try first.wait()
        #expect(try second.wait() == 0, "\(second.stderr)")
        #expect(scenes[1].placed() == LargeObjectTests.bytes)
        #expect(server.bytesSent("/a.bin") < LargeObjectTests.size + before)
    }

    /// Killed at some request or other, again and again; then one run ends what they began.
    @Test func killedAtAnyPointTheNextRunEndsWithTheRightTree() throws {
        let scene = try PullScene()
        let expected = try many(scene)
        var kills = 0
        for round in 1...8 {
            let before = scene.server.exchanges.count
            let run = try scene.startPull("--jobs", "8")
            let goal = before + round * Self.count / 10
            _ = waitUntil(.seconds(20)) { scene.server.exchanges.count >= goal || !run.isRunning }
            usleep(UInt32(round * 3000))
            run.signal(SIGKILL)
            if try run.wait() == 128 + SIGKILL { kills += 1 }
            for (path, bytes) in try scene.tree() { #expect(expected[path] == bytes, "\(path) after kill \(round)") }
        }
        #expect(kills > 0)
        try scene.pullWell()
        #expect(try scene.tree() == expected)
        let count = scene.server.exchanges.count
        try scene.pullWell()
        #expect(scene.server.exchanges.count == count)
        // What killed runs placed is known as ours.
        try scene.declare([])
        try scene.pullWell()
        #expect(try scene.tree().isEmpty)
    }

    @Test func twoThousandSmallObjectsArriveByteForByte() throws {
        let scene = try PullScene()
        let count = 2000
        scene.server.route("/d/*") { request in
            .file(
                Self.content(Int(request.path.split(separator: "-").last?.prefix { $0 != "." } ?? "") ?? -1),
                for: request)
        }
        try scene.folder.write(
            "manifest.yaml",
            "version: 1\ndatasets:\n  - {name: d, url: \"\(scene.server.url("/d/part-{0000..1999}.bin"))\"}\n")
        try scene.pullWell()
        let tree = try scene.tree()
        #expect(tree.count == count)
        for number in 0..<count {
            let digits = String(number)
            let name = "datasets/d/part-" + String(repeating: "0", count: 4 - digits.count) + digits + ".bin"
            #expect(tree[name] == Self.content(number), "\(name)")
        }
        #expect(scene.server.exchanges.count == count)
        try scene.pullWell()
        #expect(scene.server.exchanges.count == count)
    }

    private static func content(_ number: Int) -> [UInt8] { Array("object \(number)\n".utf8) }
}
