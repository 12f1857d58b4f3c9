import Glibc
import Planning
import Platform
import TestSupport
import Testing

@testable import Caching

@Suite struct BlobStoreTests {
    let fixture: CacheFixture
    let cache: Cache

    init() throws {
        fixture = try CacheFixture()
        cache = try fixture.open()
    }

    @Test("One pass gives digest, fingerprint, size and the checksums that were asked for")
    func onePass() throws {
        let bytes = Array("abc".utf8)
        let blob = try cache.putBlob(bytes, checksums: [.md5, .crc32c])
        #expect(blob.digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(blob.size == 3)
        #expect(blob.fingerprint == bytes.withUnsafeBytes { Fingerprint(of: $0) })
        #expect(blob.checksums.map { Hex.encode($0) } == ["900150983cd24fb0d6963f7d28e17f72", "364b3fb7"])
    }

    @Test("Nothing at all is a blob too")
    func empty() throws {
        let empty = try cache.put("")
        #expect(try cache.blobs.verified(empty, size: 0)?.size == 0)
    }

    @Test(
        "A content in memory becomes a blob, and what is there already is not written again", arguments: [false, true])
    func added(executable: Bool) throws {
        var hasher = ContentHasher(.sha256)
        func add(_ text: String) throws -> Digest {
            try Array(text.utf8).withUnsafeBytes { try cache.blobs.add($0, executable: executable, hasher: &hasher) }
        }
        func inode(_ digest: Digest) throws -> UInt64? {
            try cache.blobs.verified(digest, executable: executable).map(\.inode)
        }
        let (first, second) = (try add("first"), try add("second"))
        #expect([first, second] == [digest(of: "first"), digest(of: "second")])
        #expect(try cache.blobs.open(first, executable: executable).readAll() == Array("first".utf8))
        let before = try #require(try inode(first))
        #expect(try add("first") == first)
        #expect(try inode(first) == before)
        #expect(try FileSystem.list(#require(cache.lease).temporaryFolder).isEmpty)
        guard !executable else { return }
        try fixture.overwrite(first, with: "other")
        #expect(try add("first") == first)
        #expect(try inode(first) != before, "a doubtful blob is replaced")
        #expect(try cache.blobs.open(first).readAll() == Array("first".utf8))
    }

    @Test("A copied file is hashed as it arrived")
    func copied() throws {
        let bytes = pseudorandomBytes(700_000)
        let path = try fixture.folder.write("source", bytes)
        var writer = try cache.blobs.newBlob()
        try writer.copy(from: File(path))
        let blob = try writer.commit()
        #expect(blob.size == 700_000)
        #expect(try cache.blobs.open(blob.digest).readAll() == bytes)
        #expect(try Digest(bytes: File(path).hash([.sha256]).values[0]) == blob.digest)
    }

    @Test("What a check throws leaves nothing behind")
    func refusedByCheck() throws {
        struct Refusal: Error {}
        var writer = try cache.blobs.newBlob()
        try writer.append(Array("x".utf8))
        do {
            _ = try writer.commit { _ in throw Refusal() }
            Issue.record("the blob was published")
        } catch is Refusal {}
        #expect(try fixture.files(below: fixture.layout.blobs) == [])
        #expect(try fixture.files(below: fixture.layout.temporary) == [])
        #expect(try fixture.files(below: fixture.layout.unsynced) == [], "and nothing was marked")
    }

    @Test("The two inodes of a content do not know each other")
    func twins() throws {
        let plain = try cache.put("run")
        #expect(try cache.blobs.presence(plain, executable: true).isAbsent)
        try cache.blobs.ensureTwin(plain, executable: true)
        #expect(try fixture.status(plain, executable: true).mode == 0o555)
        #expect(try fixture.status(plain, executable: true).inode != fixture.status(plain).inode)
        #expect(try cache.blobs.presence(plain, executable: true).isPresent)
    }

    @Test("A twin is never made of wrong bytes")
    func twinOfDamage() throws {
        let plain = try cache.put("run")
        try fixture.overwrite(plain, with: "nur", sealed: true)
        #expect(throws: BlobWriter.Mismatch.self) { try cache.blobs.ensureTwin(plain, executable: true) }
        #expect(try fixture.files(below: fixture.layout.blobs) == [Layout.blobName(plain)])
    }

    @Test("A damaged blob in the way is replaced by the right one")
    func replacesDamage() throws {
        let digest = try cache.put("right")
        try fixture.overwrite(digest, with: "wrong")
        #expect(try cache.put("right") == digest)
        #expect(try cache.blobs.presence(digest).isPresent)
        #expect(try cache.blobs.open(digest).readAll() == Array("right".utf8))
    }

    @Test("What is no plain file is never opened as a blob", arguments: ["folder", "symlink", "fifo"])
    func noPlainFile(kind: String) throws {
        let digest = digest(of: "content")
        let path = fixture.layout.blob(digest)
        try FileSystem.createFolder(fixture.layout.blobs + "/" + digest.hex.prefix(2))
        switch kind {
        case "folder": try FileSystem.createFolder(path)
        case "symlink": try FileSystem.symlink(to: fixture.folder.write("outside", "content"), at: path)
        default: mkfifo(path, 0o644)
        }
        #expect(try cache.blobs.presence(digest).isDoubtful)
        #expect(try cache.blobs.verified(digest) == nil)
        #expect(try cache.blobs.presence(digest).isAbsent, "it is out of the way")
        #expect(try cache.put("content") == digest)
    }

    @Test("A blob that another process moves away meanwhile is absent, no error")
    func vanished() throws {
        let digest = try cache.put("x")
        try FileSystem.remove(fixture.layout.blob(digest))
        #expect(try cache.blobs.reverify(digest) == false)
        try cache.blobs.quarantine(digest, executable: false)
        #expect(try fixture.quarantined == [])
    }

    @Test("The folder of a digest's first byte is made anew when somebody cleared it away")
    func clearedFolder() throws {
        let digest = try cache.put("x")
        try FileSystem.removeAll(fixture.layout.blobs + "/" + digest.hex.prefix(2))
        #expect(try cache.put("x") == digest)
        #expect(try cache.blobs.presence(digest).isPresent)
    }
}

@Suite struct SealTests {
    @Test("The nanoseconds of the mtime come from the digest, the seconds from the clock")
    func time() {
        let digest = Digest(hex: String(repeating: "ab", count: 32))!
        #expect(Seal.nanoseconds(digest) == Int(0xABAB_ABAB_ABAB_ABAB % UInt64(1_000_000_000)))
        let before = FileTime.now().seconds
        let time = Seal.time(digest)
        #expect(time.nanoseconds == Seal.nanoseconds(digest))
        #expect(time.seconds >= before)
    }

    @Test(
        "A file system that keeps coarser times compares only what it keeps",
        arguments: [1, 100, 1000, 1_000_000, 1_000_000_000])
    func coarse(granularity: Int) throws {
        let folder = try TemporaryFolder()
        let digest = digest(of: "abc")
        let kept = Seal.nanoseconds(digest) / granularity * granularity
        let file = try File(folder.write("x", ""))
        try file.setModificationTime(FileTime(seconds: 1, nanoseconds: kept))
        #expect(Seal.holds(digest, try file.status(), granularity: granularity))
        try file.setModificationTime(FileTime(seconds: 1, nanoseconds: (kept + 500_000_000) % 1_000_000_000))
        #expect(!Seal.holds(digest, try file.status(), granularity: granularity))
    }
}
