@testable import Caching
import GRDB
import Planning
import Platform
import TestSupport
import Testing

@Suite struct IndexTests {
    let folder: TemporaryFolder
    let path: String
    private let seen = Index.Seen(validator: .strongETag("\"1\""), digest: digest(of: "x"), size: 1)

    init() throws {
        folder = try TemporaryFolder()
        path = folder["index.sqlite"]
    }

    private func open(isWritable: Bool = true) -> Index { Index(path: path, isWritable: isWritable) }
    private func execute(_ sql: String) throws { try DatabaseQueue(path: path).write { try $0.execute(sql: sql) } }

    @Test("What was told is known to the next process; the latest word counts")
    func remembers() throws {
        open().record([.seen(url: "u", seen)])
        #expect(open().seen("u") == seen)
        var newer = seen
        newer.validator = .weak(eTag: "W/\"2\"", size: 5, modified: nil)
        open().record([.seen(url: "u", newer)])
        #expect(open().seen("u") == newer)
        #expect(open().seen("v") == nil)
    }

    @Test("Asking an index that is not there makes none")
    func askingMakesNothing() throws {
        #expect(open().seen("u") == nil)
        open().record([])
        #expect(!FileSystem.exists(path))
    }

    @Test("A local file's digest holds while its status is the same")
    func localFiles() throws {
        let file = try folder.write("data", "x")
        let status = try #require(try FileSystem.status(file))
        let index = open()
        index.record([.local(path: file, status, seen.digest)])
        #expect(index.digest(ofLocal: file, status) == seen.digest)
        var touched = status
        touched.modified.nanoseconds ^= 1
        #expect(index.digest(ofLocal: file, touched) == nil)
        touched = status
        touched.inode += 1
        #expect(index.digest(ofLocal: file, touched) == nil)
    }

    @Test("Fingerprints and counts")
    func blobs() throws {
        let fixture = try CacheFixture()
        let blob = try fixture.open().putBlob(Array("x".utf8))
        let index = open()
        #expect(index.fingerprint(blob.digest) == nil)
        index.record([.blob(blob), .seen(url: "u", seen), .used(blob.digest)])
        #expect(index.fingerprint(blob.digest) == blob.fingerprint)
        #expect(index.counts() == (1, 1))
        index.clear()
        #expect(index.counts() == (0, 0))
    }

    @Test(
        "Rows that nobody of us wrote are no answer, and no end of the program",
        arguments: [
            "('u', 'etag:1', 'zz', 1)", "('u', 'rubbish', '\(digest(of: "x").hex)', 1)",
            "('u', 'etag:1', '\(digest(of: "x").hex)', 'many')", "('u', x'FF00', '\(digest(of: "x").hex)', 1)",
            "('u', 'etag:1', '\(digest(of: "x").hex)', -1)", "('u', 'etag:1', '\(digest(of: "x").hex)', 1e300)",
        ])
    func hostileRows(values: String) throws {
        open().record([.seen(url: "other", seen)])
        try execute("INSERT INTO url (url, validator, digest, size) VALUES \(values)")
        let index = open()
        #expect(index.seen("u") == nil)
        #expect(index.seen("other") == seen)
    }

    @Test("Tables that are not ours are begun anew at the next word", arguments: ["DROP TABLE url", "ALTER TABLE url RENAME size TO bytes"])
    func foreignTables(sql: String) throws {
        open().record([.seen(url: "u", seen)])
        try execute(sql)
        let index = open()
        #expect(index.seen("u") == nil)
        index.record([.seen(url: "u", seen)])
        #expect(index.seen("u") == seen)
    }

    @Test("Where no index can be, everything is forgotten and nothing fails")
    func impossible() throws {
        try folder.write("file", "")
        for index in [Index(path: folder["file"] + "/index.sqlite", isWritable: true), Index(path: nil, isWritable: true)] {
            index.record([.seen(url: "u", seen)])
            #expect(index.seen("u") == nil)
            #expect(index.counts() == (0, 0))
        }
    }

    @Test("An index that we may only read is not written")
    func readOnly() throws {
        open().record([.seen(url: "u", seen)])
        let before = try File(path).readAll()
        let index = open(isWritable: false)
        index.record([.seen(url: "v", seen)])
        #expect(index.seen("v") == nil)
        #expect(try File(path).readAll() == before)
    }
}
