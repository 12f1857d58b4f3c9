@testable import Caching
import Glibc
import Planning
import Platform
import SystemPackage
import TestSupport
import Testing

/// What the cache promises, whatever happens to it. Eviction's promise is tested where eviction is.
@Suite struct InvariantTests {
    @Test("Invariant 1: a final name only ever holds verified bytes")
    func finalNames() throws {
        let fixture = try CacheFixture()
        let cache = try fixture.open()
        do {
            var writer = try cache.blobs.newBlob()
            try writer.append(Array("half of".utf8))
            #expect(try fixture.files(below: fixture.layout.blobs) == [])
            #expect(try fixture.files(below: fixture.layout.temporary).count == 1)
        }
        #expect(try fixture.files(below: fixture.layout.temporary) == [], "a dropped writer leaves nothing")

        var wrong = try cache.blobs.newBlob()
        try wrong.append(Array("other bytes".utf8))
        do {
            _ = try wrong.commit(expecting: digest(of: "expected"))
            Issue.record("wrong bytes were published")
        } catch let mismatch as BlobWriter.Mismatch {
            #expect(mismatch.expected == digest(of: "expected"))
            #expect(mismatch.found == digest(of: "other bytes"))
        }
        #expect(try fixture.files(below: fixture.layout.blobs) == [])
        #expect(try fixture.files(below: fixture.layout.temporary) == [])

        let right = try cache.put("right")
        #expect(try fixture.files(below: fixture.layout.blobs) == [Layout.blobName(right)])
        #expect(try File(fixture.layout.blob(right)).hash([.sha256]).values[0] == right.bytes)
        #expect(try fixture.status(right).mode == 0o444)
        let open = try FileSystem.list("/proc/self/fd").compactMap { try? FileSystem.symlinkTarget("/proc/self/fd/\($0.name)") }
        #expect(!open.contains(fixture.layout.blob(right)), "nobody may still write to what was published")
    }

    @Test("Invariant 2: the file tree is the truth, the index an accelerator", arguments: ["missing", "damaged", "newer"])
    func index(kind: String) throws {
        let fixture = try CacheFixture()
        var known: Digest
        let seen: Index.Seen
        do {
            let cache = try fixture.open()
            known = try cache.put("content")
            seen = Index.Seen(validator: .strongETag("\"1\""), digest: known, size: 7)
            cache.index.record([.seen(url: "https://h/a", seen)])
            #expect(cache.index.seen("https://h/a") == seen)
        }
        let path = fixture.layout.index
        switch kind {
        case "missing": try FileSystem.remove(path)
        case "damaged": try fixture.folder.write("cache/index.sqlite", pseudorandomBytes(8192))
        default:
            // The database header keeps user_version at offset 60, big-endian (SQLite file format, section 1.3).
            try [UInt8]([0, 0, 0, 99]).withUnsafeBytes { try File(path, flags: O_WRONLY).write($0, at: 60) }
        }
        let cache = try fixture.open()
        #expect(try cache.blobs.presence(known, size: 7).isPresent)
        #expect(cache.index.seen("https://h/a") == nil)
        cache.index.record([.seen(url: "https://h/a", seen)])
        #expect(cache.index.seen("https://h/a") == seen, "it is begun anew")
    }

    @Test("Invariant 3: two processes that both fetch an object cost bandwidth, not data")
    func withoutLocks() throws {
        let fixture = try CacheFixture()
        let (first, second) = (try fixture.open(), try fixture.open())
        let bytes = pseudorandomBytes(100_000)
        var one = try first.blobs.newBlob()
        var two = try second.blobs.newBlob()
        try one.append(bytes)
        try two.append(bytes)
        let published = try one.commit()
        let inode = try fixture.status(published.digest).inode
        #expect(try two.commit() == published)
        #expect(try fixture.status(published.digest).inode == inode, "links to the first one stay links to the blob")
        #expect(try fixture.files(below: fixture.layout.blobs).count == 1)
        #expect(try fixture.files(below: fixture.layout.temporary) == [])
    }

    @Test("Invariant 4: a partial is taken over when nobody holds it, and its claims are hashed first")
    func partials() throws {
        let fixture = try CacheFixture()
        let bytes = pseudorandomBytes(3000)
        do {
            let cache = try fixture.open()
            let partial = try #require(try cache.partials.open(identity: "u", validator: .version("1"), size: 3000))
            try partial.fill(0..<1000, from: bytes)
            try partial.fill(1000..<2000, from: bytes)
            let other = try fixture.open()
            #expect(try other.partials.open(identity: "u", validator: .version("1"), size: 3000) == nil)
            #expect(try other.partials.resume(identity: "u") == nil)
            #expect(try other.partials.open(identity: "v", validator: .version("1"), size: 10) != nil)
        }
        let path = fixture.layout.partial + "/" + PartialStore.key("u")
        try [UInt8](repeating: 0, count: 10).withUnsafeBytes { try File(path, flags: O_WRONLY).write($0, at: 500) }
        let partial = try #require(try fixture.open().partials.resume(identity: "u"))
        #expect(partial.gaps == [0..<1000, 2000..<3000])
    }

    @Test("Invariant 5: after a power loss nothing unproven is trusted")
    func powerLoss() throws {
        let fixture = try CacheFixture()
        var (before, within, torn): (Digest, Digest, Digest)
        do {
            let cache = try fixture.open()
            before = try cache.put("before the run")
            within = try cache.put("in the run that was lost")
            torn = try cache.put("in the run, torn")
        }
        // The seconds of the mtime are those of the commit. The machine came up after all of them.
        try fixture.setModified(before, seconds: Boot.time - 300)
        try fixture.setModified(within, seconds: Boot.time - 100)
        try fixture.setModified(torn, seconds: Boot.time - 100)
        try fixture.overwrite(torn, with: "\0\0 the run, torn", sealed: true)
        try fixture.leaveMark(since: Boot.time - 200)

        let cache = try fixture.open()
        #expect(try cache.blobs.presence(before).isPresent, "it was durable before the lost run began")
        #expect(try cache.blobs.presence(within).isDoubtful)
        #expect(try cache.blobs.verified(within) != nil)
        #expect(try cache.blobs.presence(within).isPresent, "proven once, it is not hashed again")
        #expect(try cache.blobs.verified(torn) == nil)
        #expect(try cache.blobs.presence(torn).isAbsent)
        #expect(try fixture.quarantined.count == 1)
    }

    @Test("Invariant 7: a blob that somebody touched is hashed before use")
    func touched() throws {
        let fixture = try CacheFixture()
        let cache = try fixture.open()
        let (same, wrong, short) = (try cache.put("same"), try cache.put("wrong"), try cache.put("short"))
        try fixture.setModified(same, seconds: 1_700_000_000, nanoseconds: 1)
        try fixture.overwrite(wrong, with: "WRONG")
        try fixture.overwrite(short, with: "sho", sealed: true)

        #expect(try cache.blobs.presence(same).isDoubtful)
        #expect(try cache.blobs.verified(same)?.size == 4)
        #expect(try cache.blobs.presence(same).isPresent, "the same bytes are sealed again")

        #expect(try cache.blobs.presence(wrong, size: 5).isDoubtful)
        #expect(try cache.blobs.verified(wrong, size: 5) == nil)
        #expect(try cache.blobs.presence(short, size: 5).isDoubtful)
        #expect(try cache.blobs.verified(short, size: 5) == nil)
        #expect(try fixture.quarantined.count == 2)
        #expect(try cache.put("wrong") == wrong, "it can come anew")
        #expect(try cache.blobs.presence(wrong).isPresent)
    }

    @Test("Invariant 8: a cache that is not ours is read and not touched")
    func foreign() throws {
        let fixture = try CacheFixture()
        var (good, doubtful, damaged): (Digest, Digest, Digest)
        do {
            let cache = try fixture.open()
            good = try cache.put("good")
            doubtful = try cache.put("doubtful")
            damaged = try cache.put("damaged")
        }
        try fixture.setModified(doubtful, seconds: 1_700_000_000, nanoseconds: 1)
        try fixture.overwrite(damaged, with: "DAMAGED")
        try fixture.folder.makeReadOnly("cache")
        let names = try fixture.files(below: fixture.layout.root)
        let touched = try fixture.status(doubtful)

        try asStranger {
            let cache = try fixture.open()
            #expect(!cache.isWritable)
            #expect(cache.lease == nil)
            #expect(try cache.blobs.presence(good).isPresent)
            #expect(try cache.blobs.open(good).readAll() == Array("good".utf8))
            #expect(try cache.blobs.verified(doubtful) != nil)
            #expect(try cache.blobs.verified(damaged) == nil, "as if it were not there")
            #expect(try cache.partials.open(identity: "u", validator: .version("1"), size: 1) == nil)
            #expect(cache.index.seen("https://h/a") == nil)
            cache.index.record([.used(good)])
            try cache.durability.synchronizeEarlierRuns()
            do {
                _ = try cache.blobs.newBlob()
                Issue.record("a blob was begun in a cache that is not ours")
            } catch let error as SystemError {
                #expect(error.code == .readOnlyFileSystem)
                #expect(error.path == fixture.layout.root)
            }
        }
        #expect(try fixture.files(below: fixture.layout.root) == names)
        if geteuid() == 0 { #expect(try fixture.status(doubtful) == touched) }
    }

    @Test("Invariant 9: on a network file system the index lies elsewhere and each file is synchronized")
    func networkFileSystem() throws {
        let fixture = try CacheFixture()
        let cache = try Cache(root: fixture.layout.root, indexFolder: fixture.folder["local"])
        cache.index.record([.used(digest(of: "x"))])
        #expect(!FileSystem.exists(fixture.layout.index))
        let index = try FileSystem.list(fixture.folder["local"]).map(\.name).filter { $0.hasSuffix(".sqlite") }
        #expect(index.count == 1)
        let other = try Cache(root: fixture.folder["other"], indexFolder: fixture.folder["local"])
        other.index.record([.used(digest(of: "x"))])
        #expect(
            try FileSystem.list(fixture.folder["local"]).filter { $0.name.hasSuffix(".sqlite") }.count == 2,
            "each cache has its own")

        let durability = try Durability(layout: fixture.layout, run: "host-1-a", isNetwork: true)
        #expect(durability.synchronizesEachFile)
        try durability.beginWriting()
        #expect(try FileSystem.list(fixture.layout.unsynced).isEmpty, "nothing is ever in doubt, so nothing is marked")
    }
}

extension Partial {
    /// Writes a range and claims it, as a connection does.
    func fill(_ range: Range<Int64>, from bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            let part = UnsafeRawBufferPointer(rebasing: buffer[Int(range.lowerBound)..<Int(range.upperBound)])
            try write(part, at: range.lowerBound)
            try claim(range, fingerprint: Fingerprint(of: part))
        }
    }
}
