@testable import Caching
import Planning
import Platform
import TestSupport
import Testing

@Suite struct DurabilityTests {
    private func marks(_ fixture: CacheFixture) throws -> [String] { try fixture.files(below: fixture.layout.unsynced) }

    @Test("A run marks itself before its first blob, not before")
    func mark() throws {
        let fixture = try CacheFixture()
        let cache = try fixture.open()
        var writer = try cache.blobs.newBlob()
        try writer.append([1])
        #expect(try marks(fixture) == [])
        let before = FileTime.now().seconds
        let blob = try writer.commit()
        let run = try #require(cache.lease?.run)
        #expect(try marks(fixture) == ["\(Boot.identity).\(run)"])
        let start = try #require(Int(fixture.folder.text("cache/unsynced/\(Boot.identity).\(run)").dropLast()))
        #expect(start >= before)
        #expect(start <= (try fixture.status(blob.digest).modified.seconds))
    }

    @Test("Its own boot casts no doubt on a blob")
    func sameBoot() throws {
        let fixture = try CacheFixture()
        let digest = try fixture.open().put("x")
        #expect(try marks(fixture).count == 1)
        #expect(try fixture.open().blobs.presence(digest).isPresent)
    }

    @Test("--sync takes the mark away, and the next blob brings it back")
    func synchronize() throws {
        let fixture = try CacheFixture()
        let cache = try fixture.open()
        try cache.durability.synchronize()
        try cache.put("x")
        try cache.durability.synchronize()
        #expect(try marks(fixture) == [])
        try cache.put("y")
        #expect(try marks(fixture).count == 1)
    }

    @Test("A run makes durable what ended runs of this boot left, and leaves running ones and lost boots alone")
    func earlierRuns() throws {
        let fixture = try CacheFixture()
        try fixture.open().put("of an ended run")
        let ended = try marks(fixture)
        let running = try fixture.open()
        try running.put("of a running one")
        try fixture.leaveMark(since: 1)
        let cache = try fixture.open()
        try cache.durability.synchronizeEarlierRuns()
        let left = try marks(fixture)
        #expect(ended.count == 1)
        #expect(!left.contains(ended[0]))
        #expect(left.count == 2)
        #expect(left.contains("\(Boot.identity).\(try #require(running.lease?.run))"))
    }

    @Test("A mark that cannot be read doubts everything before this boot", arguments: ["", "x", "-5", "99999999999999999999"])
    func hostileMark(text: String) throws {
        let fixture = try CacheFixture()
        let digest = try fixture.open().put("x")
        try fixture.setModified(digest, seconds: Boot.time - 100)
        try fixture.folder.write("cache/unsynced/other.host-1-a", text)
        #expect(try fixture.open().blobs.presence(digest).isDoubtful)
    }

    @Test("A mark from the future doubts no more than its own second")
    func futureMark() throws {
        let fixture = try CacheFixture()
        let digest = try fixture.open().put("x")
        try fixture.leaveMark(since: Int.max)
        #expect(try fixture.open().blobs.presence(digest).isPresent)
    }

    @Test("After everything was hashed again, old losses are forgotten")
    func forget() throws {
        let fixture = try CacheFixture()
        let cache = try fixture.open()
        let digest = try cache.put("x")
        try fixture.setModified(digest, seconds: Boot.time - 100)
        try fixture.leaveMark(since: Boot.time - 200)
        #expect(try fixture.open().blobs.presence(digest).isDoubtful)
        try cache.durability.forgetLosses()
        #expect(try fixture.open().blobs.presence(digest).isPresent)
        #expect(try marks(fixture).count == 1, "this boot's own mark stays")
    }
}
