internal import Platform
internal import TestSupport
internal import Testing

/// Wrong bytes never get a name, in the cache or in a workspace.
@Suite struct IntegrityFaultTests {
    @Test(arguments: HashFunction.allCases) func aWrongChecksumEndsWith6(_ function: HashFunction) throws {
        let scene = try PullScene()
        scene.server.file("/a.bin", pseudorandomBytes(3000, seed: 1))
        let wanted = pseudorandomBytes(3000, seed: 2)
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(wanted, function))\"")
        expectFailure(
            try scene.pull(), 6, saying: "the content is not what it should be",
            "expected \(checksum(wanted, function))")
        #expect(scene.server.exchanges("/a.bin").count == 1)
        #expect(try scene.tree().isEmpty)

        scene.server.file("/a.bin", wanted)
        try scene.pullWell()
        #expect(scene.placed() == wanted)
    }

    @Test func aWrongChecksumOfALargeObjectLeavesNothingToResume() throws {
        let scene = try PullScene()
        let wanted = pseudorandomBytes(2 << 20, seed: 2)
        scene.server.file("/a.bin", pseudorandomBytes(2 << 20, seed: 1))
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(wanted))\"")
        expectFailure(try scene.pull(), 6, saying: "the content is not what it should be")
        #expect(try FileSystem.list(scene.cache + "/partial").isEmpty)

        scene.server.file("/a.bin", wanted)
        try scene.pullWell()
        #expect(scene.placed() == wanted)
    }

    @Test func aWrongSizeEndsWith6AndKeepsWhatWasThere() throws {
        let scene = try PullScene()
        let old = pseudorandomBytes(2000, seed: 1)
        let new = pseudorandomBytes(2500, seed: 2)
        scene.server.file("/a.bin", old)
        try scene.declareOne("/a.bin", "size: 2000")
        try scene.pullWell()

        scene.server.file("/b.bin", old)
        try scene.declareOne("/b.bin", "size: 2500, path: artifacts/a/a.bin")
        expectFailure(try scene.pull(), 6, saying: "the size is 2000 bytes, not 2500")
        #expect(scene.server.exchanges("/b.bin").count == 1)
        #expect(scene.placed() == old)

        scene.server.file("/b.bin", new)
        try scene.pullWell()
        #expect(scene.placed() == new)
    }

    @Test func otherBytesThanTheLockedOnesEndWith6AndNameTheWayOut() throws {
        let scene = try PullScene()
        let old = pseudorandomBytes(2000, seed: 1)
        scene.server.file("/a.bin", old)
        try scene.declareOne()
        try scene.pullWell()
        scene.server.file("/a.bin", pseudorandomBytes(2000, seed: 2), eTag: "\"2\"")
        try FileSystem.removeAll(scene.workspace)
        try FileSystem.removeAll(scene.cache)
        expectFailure(try scene.pull(), 6, saying: "the content is not what it should be", "lock --upgrade")
        #expect(scene.server.exchanges("/a.bin").count == 2)
        #expect(try scene.tree().isEmpty)

        scene.server.file("/a.bin", old, eTag: "\"3\"")
        try scene.pullWell()
        #expect(scene.placed() == old)
    }

    @Test(arguments: [3000, 2 << 20]) func aMirrorMakesUpForWrongContent(_ size: Int) throws {
        let scene = try PullScene()
        let wanted = pseudorandomBytes(size, seed: 2)
        scene.server.file("/a.bin", pseudorandomBytes(size, seed: 1))
        scene.server.file("/mirror.bin", wanted)
        try scene.declareOne(
            "/a.bin", "checksum: \"\(checksum(wanted))\", mirrors: [\"\(scene.server.url("/mirror.bin"))\"]")
        try scene.pullWell()
        #expect(scene.placed() == wanted)
        #expect(scene.server.exchanges("/a.bin").count == 1)
        #expect(scene.server.exchanges("/mirror.bin").count == 1)
    }

    @Test func aMirrorMakesUpForAMissingObject() throws {
        let scene = try PullScene()
        let wanted = pseudorandomBytes(3000)
        scene.server.file("/mirror.bin", wanted)
        try scene.declareOne("/a.bin", "mirrors: [\"\(scene.server.url("/mirror.bin"))\"]")
        try scene.pullWell()
        #expect(scene.placed() == wanted)
        #expect(scene.server.exchanges("/a.bin").map(\.status) == [404])
    }

    @Test func whenEveryMirrorFailsTheFirstFailureIsTold() throws {
        let scene = try PullScene()
        scene.server.route("/mirror.bin") { _ in .text("no", status: 403) }
        try scene.declareOne("/a.bin", "mirrors: [\"\(scene.server.url("/mirror.bin"))\"]")
        expectFailure(try scene.pull(), 3, saying: "answered 404")
        #expect(scene.server.exchanges.map(\.status) == [404, 403])
    }

    @Test func aChecksumThatTheCacheHoldsNeedsNoNetwork() throws {
        let scene = try PullScene()
        let bytes = pseudorandomBytes(3000)
        scene.server.file("/a.bin", bytes)
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(bytes))\"")
        try scene.pullWell()
        try scene.forgetWorkspace()
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").count == 1)
    }
}
