@testable import Caching
import Glibc
import Planning
import Platform
import TestSupport
import Testing

@Suite struct PartialTests {
    let fixture: CacheFixture
    let cache: Cache
    let bytes = pseudorandomBytes(3000)
    private let version = Validator.strongETag("\"1\"")

    init() throws {
        fixture = try CacheFixture()
        cache = try fixture.open()
    }

    private var path: String { fixture.layout.partial + "/" + PartialStore.key("https://h/a") }
    private func open(_ validator: Validator? = nil, size: Int64 = 3000) throws -> Partial? {
        try cache.partials.open(identity: "https://h/a", validator: validator ?? version, size: size)
    }
    private func writeJournal(_ text: String) throws {
        try AtomicFile.write(Array(text.utf8), to: path + ".journal")
    }

    @Test("Readers follow the frontier; bytes that came early wait for it")
    func frontier() throws {
        let partial = try #require(try open())
        try partial.fill(2000..<3000, from: bytes)
        #expect(partial.frontier == 0)
        #expect(partial.byteCount == 1000)
        try partial.fill(0..<1500, from: bytes)
        #expect(partial.frontier == 1500)
        #expect(partial.gaps == [1500..<2000])
        try partial.fill(1500..<2000, from: bytes)
        #expect(partial.frontier == 3000)
        #expect(partial.gaps.isEmpty)
    }

    @Test("A complete partial becomes a blob and leaves nothing")
    func publish() throws {
        let partial = try #require(try open())
        try partial.fill(0..<3000, from: bytes)
        let digest = Digest(bytes: try File(path).hash([.sha256]).values[0])!
        try partial.publish(to: cache.blobs, as: digest)
        #expect(try cache.blobs.presence(digest, size: 3000).isPresent)
        #expect(try fixture.status(digest).mode == 0o444)
        #expect(try fixture.files(below: fixture.layout.partial) == [])
        #expect(try open()?.byteCount == 0, "the next download begins a file of its own")
    }

    @Test("Claims of another version, or of another size, are dropped")
    func otherVersion() throws {
        try open()?.fill(0..<1000, from: bytes)
        #expect(try open(.strongETag("\"2\""))?.byteCount == 0)
        try open()?.fill(0..<1000, from: bytes)
        let longer = try #require(try open(size: 4000))
        #expect(longer.gaps == [0..<4000])
    }

    @Test("Written but not claimed is not believed")
    func unclaimed() throws {
        do {
            let partial = try #require(try open())
            try partial.fill(0..<1000, from: bytes)
            try bytes[1000..<2000].withUnsafeBytes { try partial.write($0, at: 1000) }
            #expect(partial.frontier == 2000)
        }
        #expect(try cache.partials.resume(identity: "https://h/a")?.frontier == 1000)
    }

    @Test("A torn last line is no claim, and does not swallow the next")
    func tornLine() throws {
        do {
            let partial = try #require(try open())
            try partial.fill(0..<1000, from: bytes)
            try partial.fill(1000..<2000, from: bytes)
        }
        let text = try File(path + ".journal").readAll()
        try AtomicFile.write(text.dropLast(5), to: path + ".journal")
        do {
            let partial = try #require(try open())
            #expect(partial.gaps == [1000..<3000])
            try partial.fill(1000..<2000, from: bytes)
        }
        #expect(try open()?.gaps == [2000..<3000])
    }

    static let fingerprint = String(repeating: "0", count: 32)

    @Test(
        "A hostile journal costs a new download at most",
        arguments: [
            "", "\n", "clearml-sync-partial 2\nhttps://h/a\netag:\"1\"\n3000\n",
            "clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n",
            "clearml-sync-partial 1\nhttps://h/a\nrubbish\n3000\n",
            "clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n-9223372036854775808\n0 1 \(fingerprint)\n",
            "clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n-1\n0 9223372036854775807 \(fingerprint)\n",
            "clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n3000\n0 3001 \(fingerprint)\n",
            "clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n3000\n-1 10 \(fingerprint)\n",
            "clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n3000\n9223372036854775807 1 \(fingerprint)\n",
            "clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n3000\n0 3000 \(fingerprint)\n",
            "clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n3000\n0 3000\n\u{0} \u{0} \u{0}\n",
        ])
    func hostileJournal(text: String) throws {
        try fixture.folder.write("cache/partial/" + PartialStore.key("https://h/a"), bytes)
        try writeJournal(text)
        #expect(try cache.partials.resume(identity: "https://h/a") == nil)
        try writeJournal(text)
        #expect(try open()?.byteCount == 0)
    }

    @Test("What planning counts is the union of the claims, whatever a journal says")
    func claimed() throws {
        #expect(cache.partials.claimed(identity: "https://h/a") == nil)
        let half = Int64.max / 2
        let claims = [(0, half), (10, half), (5, half)].map { "\($0.0) \($0.1) \(Self.fingerprint)\n" }.joined()
        try writeJournal("clearml-sync-partial 1\nhttps://h/a\netag:\"1\"\n\(Int64.max)\n" + claims)
        #expect(cache.partials.claimed(identity: "https://h/a") == nil, "a journal without its bytes is worth nothing")
        try fixture.folder.write("cache/partial/" + PartialStore.key("https://h/a"), bytes)
        let found = try #require(cache.partials.claimed(identity: "https://h/a"))
        #expect(found.bytes == half + 10)
        #expect(found.validator == version)
    }

    @Test("An identity with line breaks stands in one line of the journal")
    func identityWithNewline() throws {
        let identity = "s3://b/a\nclearml-sync-partial 1\\n"
        try cache.partials.open(identity: identity, validator: version, size: 3000)?.fill(0..<10, from: bytes)
        #expect(try cache.partials.resume(identity: identity)?.frontier == 10)
    }

    @Test("A private partial is nobody else's, and nothing of it is kept")
    func privatePartial() throws {
        let path = try cache.blobs.newTemporaryPath()
        let partial = try cache.partials.openPrivate(path: path, size: nil)
        try partial.fill(0..<10, from: bytes)
        #expect(partial.frontier == 10)
        #expect(try fixture.files(below: fixture.layout.partial) == [])
        try partial.discard()
        #expect(!FileSystem.exists(path))
    }

    @Test("Old partials that nobody holds are removed with their journals")
    func stale() throws {
        try open()?.fill(0..<10, from: bytes)
        let held = try #require(try cache.partials.open(identity: "held", validator: version, size: 10))
        for item in try FileSystem.list(fixture.layout.partial) where !item.name.hasSuffix(".journal") {
            try File(fixture.layout.partial + "/" + item.name).setModificationTime(FileTime(seconds: 1, nanoseconds: 0))
        }
        let young = try #require(try cache.partials.open(identity: "young", validator: version, size: 10))
        try cache.partials.removeStale(olderThan: 3600)
        let keys = ["held", "young"].map { PartialStore.key($0) }
        #expect(try fixture.files(below: fixture.layout.partial) == (keys + keys.map { $0 + ".journal" }).sorted())
        #expect([held.size, young.size] == [10, 10])
    }
}

@Suite struct ByteRangesTests {
    @Test("Ranges that touch or overlap become one, in whatever order they come")
    func merging() {
        let parts: [Range<Int64>] = [0..<10, 20..<30, 40..<50, 10..<20, 5..<45]
        for rotation in 0..<parts.count {
            var ranges = ByteRanges()
            for part in parts[rotation...] + parts[..<rotation] { ranges.insert(part) }
            #expect(ranges.ranges == [0..<50])
        }
    }

    @Test("Gaps are what is missing up to the size")
    func gaps() {
        var ranges = ByteRanges()
        #expect(ranges.gaps(upTo: 0) == [])
        #expect(ranges.gaps(upTo: 5) == [0..<5])
        ranges.insert(3..<3)
        ranges.insert(2..<4)
        ranges.insert(8..<12)
        #expect(ranges.frontier == 0)
        #expect(ranges.count == 6)
        #expect(ranges.gaps(upTo: 20) == [0..<2, 4..<8, 12..<20])
        #expect(ranges.gaps(upTo: 10) == [0..<2, 4..<8])
        #expect(ranges.gaps(upTo: 3) == [0..<2])
    }
}
