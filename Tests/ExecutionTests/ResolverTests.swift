import Configuration
import Glibc
import HOCON
import Planning
import Platform
import Remotes
import TestSupport
import Testing

@testable import Execution

@Suite struct ResolverTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("data/a.txt", "a")
        try folder.write("data/sub/b.txt", "b")
        try folder.write("data/sub/c.bin", "c")
        try FileSystem.symlink(to: "a.txt", at: folder["data/link"])
        try FileSystem.symlink(to: "sub", at: folder["data/loop"])
        mkfifo(folder["data/fifo"], 0o644)
    }

    private func entry(_ url: String, _ change: (inout Entry) throws -> Void = { _ in }) throws -> Entry {
        var entry = Entry(
            id: Entry.ID(kind: .dataset, name: "d"), url: try LogicalURL(url), base: folder.path,
            location: SourceLocation(file: "m.yaml", line: 1, column: 1))
        entry.access = .cache
        try change(&entry)
        return entry
    }

    private func resolve(_ entry: Entry, lock: Lock = Lock(), renewing: Bool = false) throws -> ResolvedEntry {
        let settings = try Settings.load(
            environment: ["HOME": folder.path], flags: [:], manifestDefaults: [:], workingDirectory: folder.path
        ) { _ in .missing }
        return try Resolver(
            lock: lock, access: AccessRules(settings), sources: SourceRules(settings, environment: [:]), caller: nil,
            leavesOpen: false, renewing: renewing
        ).resolve(entry)
    }

    private func lock(_ entry: Entry, _ paths: [String]) -> Lock {
        var lock = Lock()
        let objects = paths.map { path in
            var object = Lock.Object(url: "u/" + path, path: path)
            object.digest = LockFile.hash(Array(path.utf8))
            return object
        }
        lock.entries[entry.id] = Lock.Entry(key: entry.lockKey, objects: objects)
        return lock
    }

    private func expectFailure(_ kind: Failure.Kind, _ entry: Entry) {
        do {
            _ = try resolve(entry)
            Issue.record("it was resolved")
        } catch let failure as Failure {
            #expect(failure.kind == kind)
            #expect(failure.subject == "datasets/d")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("One object is named by its URL, and its line in the lock holds while the entry is the same")
    func single() throws {
        var entry = try entry("https://h/x/a.bin")
        let lock = lock(entry, ["a.bin"])
        let resolved = try resolve(entry, lock: lock)
        #expect(resolved.path == "datasets/d/a.bin")
        #expect(!resolved.isFolder)
        #expect(resolved.objects.map(\.path) == ["a.bin"])
        #expect(resolved.objects[0].locked == lock.entries[entry.id]?.objects[0])
        #expect(resolved.unlockedReason == nil)

        let renewed = try resolve(entry, lock: lock, renewing: true)
        #expect(renewed.objects[0].locked == nil)
        #expect(renewed.unlockedReason == "asked for")

        entry.version = "2"
        let edited = try resolve(entry, lock: lock)
        #expect(edited.objects[0].locked == nil)
        #expect(edited.unlockedReason?.contains("version") == true)
    }

    @Test("An archive stands where a folder does")
    func archive() throws {
        let resolved = try resolve(entry("https://h/x/a.tar.gz"))
        #expect(resolved.isFolder)
        #expect(resolved.path == "datasets/d")
        #expect(resolved.objects[0].recipe == Recipe())
    }

    @Test("A range is its members, each with its own line, and none is unpacked by itself")
    func range() throws {
        let entry = try entry("https://h/train-{00..02}.tar")
        let resolved = try resolve(entry, lock: lock(entry, ["train-00.tar", "train-02.tar"]))
        #expect(resolved.objects.map(\.path) == ["train-00.tar", "train-01.tar", "train-02.tar"])
        #expect(resolved.objects.map { $0.locked == nil } == [false, true, false])
        #expect(resolved.objects.allSatisfy { $0.recipe == nil })
        let unpacked = try resolve(self.entry("https://h/train-{00..01}.tar") { $0.extract = .always(Recipe()) })
        #expect(unpacked.objects.map(\.place) == ["train-00", "train-01"])
    }

    @Test(
        "A local prefix is the files below it in byte order; folders behind symlinks and what is no file are passed by")
    func prefix() throws {
        let resolved = try resolve(entry("data/"))
        #expect(resolved.objects.map(\.path) == ["a.txt", "link", "sub/b.txt", "sub/c.bin"])
        #expect(resolved.isFolder)
        #expect(resolved.access == .cache)
    }

    @Test("A glob, include and exclude select")
    func selection() throws {
        #expect(try resolve(entry("data/**/*.txt")).objects.map(\.path).contains("sub/b.txt"))
        let chosen = try entry("data/") {
            $0.include = [try Glob("sub/**")]
            $0.exclude = [try Glob("**/*.bin")]
        }
        #expect(try resolve(chosen).objects.map(\.path) == ["sub/b.txt"])
        expectFailure(.notFound, try entry("data/") { $0.include = [try Glob("nothing")] })
    }

    @Test("A locked prefix is what the lock says, whatever the folder holds by now")
    func lockedPrefix() throws {
        let entry = try entry("data/")
        #expect(try resolve(entry, lock: lock(entry, ["old.txt"])).objects.map(\.path) == ["old.txt"])
    }

    @Test("A direct folder is one object and one symlink, unless something selects")
    func direct() throws {
        let direct = try resolve(entry("data/") { $0.access = .direct })
        #expect(direct.access == .direct(folder["data"] + "/") || direct.access == .direct(folder["data"]))
        #expect(direct.objects.count == 1)
        #expect(direct.objects[0].place == "")
        let selected = try resolve(
            entry("data/") {
                $0.access = .direct
                $0.include = [try Glob("*.txt")]
            })
        #expect(selected.objects.map(\.path) == ["a.txt"])
    }

    @Test("What is not there, or is not what the URL says, is told before anything is touched")
    func failures() throws {
        expectFailure(.notFound, try entry("nowhere/"))
        expectFailure(.notFound, try entry("nowhere.txt"))
        expectFailure(.notFound, try entry("data/a.txt/"))
        expectFailure(.manifest, try entry("data"))
        expectFailure(.manifest, try entry("https://h/%2e%2e"))
    }
}
