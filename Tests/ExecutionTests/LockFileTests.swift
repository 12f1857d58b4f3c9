import Glibc
import Planning
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Execution

@Suite struct LockFileTests {
    let folder: TemporaryFolder
    let file: LockFile

    init() throws {
        folder = try TemporaryFolder()
        file = LockFile(manifest: folder["m.yaml"])
    }

    private func lock(_ count: Int, size: Int64 = 1) -> Lock {
        var lock = Lock()
        let objects = (0..<count).map { number in
            var object = Lock.Object(url: "https://h/\(number)", path: "\(100_000 + number)")
            object.size = size
            object.digest = LockFile.hash([UInt8(number & 255)])
            return object
        }
        lock.entries[Entry.ID(kind: .dataset, name: "d")] = Lock.Entry(key: "k", objects: objects)
        return lock
    }

    private var listings: [String] {
        get throws { FileSystem.exists(file.path + ".d") ? try FileSystem.list(file.path + ".d").map(\.name) : [] }
    }

    @Test(
        "The lock stands beside its manifest",
        arguments: [
            ("/p/manifest.yaml", "/p/manifest.lock"), ("/p/m.yml", "/p/m.lock"), ("/p/m.json", "/p/m.lock"),
            ("/p/m.v1.yaml", "/p/m.v1.lock"), ("/p/m.v1", "/p/m.v1.lock"), ("/p.yaml/m", "/p.yaml/m.lock"),
            ("m", "m.lock"),
        ])
    func path(manifest: String, lock: String) {
        #expect(LockFile(manifest: manifest).path == lock)
    }

    @Test("No file is an empty lock, and writing an empty one would change nothing")
    func absent() throws {
        #expect(try file.load() == Lock())
        #expect(try !file.differs(from: Lock()))
        #expect(try file.differs(from: lock(1)))
    }

    @Test("A lock is what was saved; saving it again leaves the file alone")
    func roundTrip() throws {
        try file.save(lock(3))
        #expect(try file.load() == lock(3))
        #expect(try !file.differs(from: lock(3)))
        let before = try #require(try FileSystem.status(file.path))
        try file.save(lock(3))
        #expect(try FileSystem.status(file.path) == before)
        try file.save(lock(2))
        #expect(try file.load() == lock(2))
    }

    @Test("A long entry's listing stands beside the lock, and goes when nothing names it")
    func listing() throws {
        try file.save(lock(1001))
        #expect(try listings.count == 1)
        #expect(try file.load() == lock(1001))
        try file.save(lock(1001, size: 2))
        #expect(try listings.count == 1)
        try file.save(lock(1))
        #expect(try listings == [])
        #expect(!FileSystem.exists(file.path + ".d"))
    }

    @Test(
        "Of a listing that is gone or damaged the lock still knows the digest, and it is written anew",
        arguments: ["gone", "damaged", "other"])
    func damagedListing(kind: String) throws {
        try file.save(lock(1001))
        let path = file.path + ".d/" + (try #require(try listings.first))
        switch kind {
        case "gone": try FileSystem.remove(path)
        case "damaged": try AtomicFile.write(Array("no gzip".utf8), to: path)
        default: try AtomicFile.write(Gzip.compress(Array("{}\n".utf8)), to: path)
        }
        let entries = try file.load().entries
        #expect(entries.values.map(\.absent?.count) == [1001] && entries.values.flatMap(\.objects).isEmpty)
        try file.save(lock(1001))
        #expect(try file.load() == lock(1001))
    }

    @Test("A lock that cannot be read is a failure of the manifest's class that says where")
    func problem() throws {
        try folder.write("m.lock", "{\"clearml-sync-lock\":1}\n<<<<<<< HEAD\n")
        do {
            _ = try file.load()
            Issue.record("it was read")
        } catch let failure as Failure {
            #expect(failure.kind == .manifest)
            #expect(failure.cause?.contains("m.lock:2:1: ") == true)
        }
    }

    @Test("A lock that is a symlink stays one")
    func symlink() throws {
        try folder.write("real/the.lock", "{\"clearml-sync-lock\":1}\n")
        try FileSystem.symlink(to: "real/the.lock", at: file.path)
        try file.save(lock(1))
        #expect(try FileSystem.symlinkTarget(file.path) == "real/the.lock")
        #expect(try file.load() == lock(1))
    }

    @Test("A folder that may not be written is an error, and the lock stays")
    func readOnly() throws {
        try folder.write("p/m.yaml", "")
        let file = LockFile(manifest: folder["p/m.yaml"])
        try file.save(lock(1))
        try folder.makeReadOnly("p")
        try asStranger {
            do {
                try file.save(lock(2))
                Issue.record("it was written")
            } catch let error as SystemError {
                #expect(error.code == .permissionDenied)
            }
            #expect(try file.load() == lock(1))
        }
    }
}
