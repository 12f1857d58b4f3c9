import Glibc
import Planning
import Platform
import TestSupport
import Testing

@testable import Caching

@Suite struct CacheTests {
    @Test("An empty folder becomes a cache that backup tools pass by")
    func creation() throws {
        let fixture = try CacheFixture()
        let cache = try fixture.open()
        #expect(cache.isWritable)
        #expect(try fixture.folder.text("cache/format") == "1\n")
        #expect(
            try fixture.folder.text("cache/CACHEDIR.TAG").hasPrefix("Signature: 8a477f597d28d172789f06886806bc55\n"))
    }

    @Test("A creation that was killed half way is finished by the next process")
    func halfCreated() throws {
        let fixture = try CacheFixture()
        try FileSystem.createFolder(fixture.layout.blobs)
        try fixture.folder.write("cache/format.1.1.tmp", "1")
        #expect(try fixture.open().put("x") == digest(of: "x"))
    }

    @Test("A cache of another format is refused with both numbers", arguments: ["2\n", "0", "", "garbage"])
    func format(text: String) throws {
        let fixture = try CacheFixture()
        _ = try fixture.open()
        try fixture.folder.write("cache/format", text)
        do {
            _ = try fixture.open()
            Issue.record("it was opened")
        } catch Cache.OpenFailure.newerFormat(let path, let found) {
            #expect(path == fixture.layout.root)
            #expect(found == (text.isEmpty ? "unknown" : text.filter { $0 != "\n" }))
        }
    }

    @Test("Folders that somebody cleared away come back; the cache stays writable")
    func clearedFolders() throws {
        let fixture = try CacheFixture()
        let digest = try fixture.open().put("x")
        for folder in fixture.layout.folders where folder != fixture.layout.blobs { try FileSystem.removeAll(folder) }
        let cache = try fixture.open()
        #expect(cache.isWritable)
        #expect(try cache.blobs.presence(digest).isPresent)
        #expect(try cache.put("y") == Self.y)
    }
    private static let y = digest(of: "y")

    @Test("A place where no folder can be made is one clear error")
    func noPlace() throws {
        let folder = try TemporaryFolder()
        try folder.write("file", "")
        do {
            _ = try Cache(root: folder["file"] + "/clearml-sync")
            Issue.record("it was opened")
        } catch {
            #expect(error.description.hasPrefix("the cache cannot be opened: \(folder["file"])/clearml-sync: "))
        }
    }
}

@Suite struct LeaseTests {
    @Test("A process's unfinished files live and die with its lease")
    func lifetime() throws {
        let fixture = try CacheFixture()
        do {
            let cache = try fixture.open()
            try fixture.folder.write("cache/tmp/\(try #require(cache.lease).run)/left", "x")
            #expect(try FileSystem.list(fixture.layout.leases).count == 1)
        }
        #expect(try FileSystem.list(fixture.layout.leases).isEmpty)
        #expect(try FileSystem.list(fixture.layout.temporary).isEmpty)
    }

    private func leave(_ run: String, in fixture: CacheFixture, age: Int = 60) throws {
        try fixture.folder.write("cache/tmp/\(run)/half", "x")
        let path = try fixture.folder.write("cache/leases/\(run)", "")
        try File(path).setModificationTime(FileTime(seconds: FileTime.now().seconds - age, nanoseconds: 0))
    }

    @Test("What a killed process left is cleared away; what runs, is young, or is another host's stays")
    func dead() throws {
        let fixture = try CacheFixture()
        let running = try fixture.open()
        let runningLease = try #require(running.lease)
        try File(fixture.layout.leases + "/" + runningLease.run).setModificationTime(
            FileTime(seconds: 1, nanoseconds: 0))
        let host = Lease.hostName
        try leave("\(host)-1-dead", in: fixture)
        try leave("\(host)-2-young", in: fixture, age: 0)
        try leave("\(host)-b-3-other", in: fixture)
        try leave("other\(host)-4-other", in: fixture)
        let cache = try fixture.open()
        let own = try #require(cache.lease)
        let expected = [own.run, runningLease.run, "\(host)-2-young", "\(host)-b-3-other", "other\(host)-4-other"]
            .sorted()
        #expect(try FileSystem.list(fixture.layout.leases).map(\.name).sorted() == expected)
        #expect(try FileSystem.list(fixture.layout.temporary).map(\.name).sorted() == expected)
    }
}

@Suite struct FetchLockTests {
    @Test("One process fetches an object; another one may when it is done or dead")
    func exclusion() throws {
        let fixture = try CacheFixture()
        _ = try fixture.open()
        let second = try locks(fixture)
        var granted: [Bool] = []
        do {
            let first = try locks(fixture)
            granted += [first.tryAcquire(.max), first.tryAcquire(8)]
            granted += [second.tryAcquire(.max), second.tryAcquire(8), second.tryAcquire(0)]
            #expect(granted == [true, true, false, false, true])
            first.release(8)
            granted = [second.tryAcquire(8), second.tryAcquire(.max)]
            #expect(granted == [true, false])
        }
        // The kernel releases what an owner held when it ends.
        granted = [second.tryAcquire(.max)]
        #expect(granted == [true])
    }

    @Test("Without a place for locks there are none, which costs bandwidth only")
    func noFolder() throws {
        let folder = try TemporaryFolder()
        let isThere = if FetchLocks(layout: Layout(root: folder["nowhere"])) != nil { true } else { false }
        #expect(!isThere)
    }

    private func locks(_ fixture: CacheFixture) throws -> FetchLocks {
        guard let locks = FetchLocks(layout: fixture.layout) else { throw TestSupportError("no locks here") }
        return locks
    }
}

@Suite struct RootTests {
    @Test("A root names its workspace and what it holds, and is written again only when that changes")
    func content() throws {
        let fixture = try CacheFixture()
        let cache = try fixture.open()
        let digests = [digest(of: "a"), digest(of: "b")]
        var root = Root(workspace: "/home/me/work\nspace", section: "bert", state: "s1")
        try root.save(in: cache, digests: digests)
        let path = "cache/roots/" + root.key
        let text =
            "clearml-sync-root 1\n/home/me/work\\nspace\n\(Lease.hostName)\ns1\n"
            + digests.map { $0.hex + "\n" }.joined()
        #expect(try fixture.folder.text(path) == text)
        let inode = try FileSystem.status(fixture.folder[path])?.inode
        try root.save(in: cache, digests: digests)
        #expect(try FileSystem.status(fixture.folder[path])?.inode == inode)
        root.state = "s2"
        try root.save(in: cache, digests: digests.dropLast())
        #expect(try fixture.folder.text(path).hasSuffix("s2\n\(digests[0].hex)\n"))
    }

    @Test("Each manifest of a workspace has its own root")
    func keys() {
        let keys = [("/w", "a"), ("/w", "b"), ("/v", "a")].map { Root(workspace: $0.0, section: $0.1, state: "").key }
        #expect(Set(keys).count == 3)
        #expect(keys[0] == Root(workspace: "/w", section: "a", state: "other").key)
    }

    @Test("Damage is written over")
    func damage() throws {
        let fixture = try CacheFixture()
        let cache = try fixture.open()
        let root = Root(workspace: "/w", section: "a", state: "s")
        try fixture.folder.write("cache/roots/" + root.key, "clearml-sync-root 1\n/w")
        try root.save(in: cache, digests: [])
        #expect(try fixture.folder.text("cache/roots/" + root.key).hasSuffix("\ns\n"))
    }
}

@Suite struct SDKCacheTests {
    @Test("A file is found under the MD5 of its URL, in whichever context")
    func found() throws {
        let folder = try TemporaryFolder()
        let name = "d4c17e62fc3ad8696c01e33075fc9906.data.zip"
        try folder.write("storage_manager/global/\(name)", "x")
        try folder.write("storage_manager/datasets/\(name)", "x")
        try folder.write("storage_manager/datasets/other", "x")
        let copies = SDKCache(root: folder.path).copies(of: "https://h/data.zip")
        #expect(copies.sorted() == ["datasets", "global"].map { folder["storage_manager/\($0)/\(name)"] })
        #expect(SDKCache(root: folder.path).copies(of: "https://h/data.zip?x") == [])
        #expect(SDKCache(root: folder["nowhere"]).copies(of: "https://h/data.zip") == [])
    }
}
