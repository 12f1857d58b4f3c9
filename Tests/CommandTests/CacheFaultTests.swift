internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

/// A cache that somebody or something has damaged.
@Suite struct CacheFaultTests {
    private let bytes = pseudorandomBytes(3000)

    private func pulled() throws -> PullScene {
        let scene = try PullScene()
        scene.server.file("/a.bin", bytes)
        try scene.declareOne()
        try scene.pullWell()
        return scene
    }

    private func blob(_ scene: PullScene) -> String {
        let hex = checksum(bytes).dropFirst(7)
        return scene.cache + "/blobs/sha256/\(hex.prefix(2))/\(hex)"
    }

    @Test func aNewerFormatIsRefusedAndLeftAlone() throws {
        let scene = try pulled()
        try scene.home.write("cache/clearml-sync/format", "2\n")
        let output = try scene.pull()
        #expect(output.exitCode == 1)
        #expect(
            output.stderr.contains("has format 2") && output.stderr.contains("newer clearml-sync"), "\(output.stderr)")
        #expect(scene.placed() == bytes)
        #expect(try scene.home.text("cache/clearml-sync/format") == "2\n")
        try scene.home.write("cache/clearml-sync/format", "1\n")
        try scene.pullWell()
    }

    enum Damage: CaseIterable { case deleted, empty, truncated, garbage, folder }

    @Test(arguments: Damage.allCases) func anIndexIsOnlyAnAccelerator(_ damage: Damage) throws {
        let scene = try pulled()
        let index = "cache/clearml-sync/index.sqlite"
        let old = try scene.home.read(index)
        #expect(!old.isEmpty)
        for suffix in ["-wal", "-shm"] where FileSystem.exists(scene.home[index + suffix]) {
            try FileSystem.remove(scene.home[index + suffix])
        }
        try FileSystem.remove(scene.home[index])
        switch damage {
        case .deleted: break
        case .empty: try scene.home.write(index, [])
        case .truncated: try scene.home.write(index, Array(old.prefix(old.count / 2 + 100)))
        case .garbage: try scene.home.write(index, pseudorandomBytes(10_000))
        case .folder: try scene.home.write(index + "/file", "x")
        }
        try scene.pullWell()
        try FileSystem.removeAll(scene.workspace)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").count == 1)
        try scene.forgetWorkspace()
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        guard damage != .folder else { return }
        // The index works again: the server is asked and has nothing to send.
        try scene.forgetWorkspace()
        try scene.pullWell()
        #expect(scene.server.exchanges("/a.bin").last?.status == 304)
    }

    @Test func aBlobThatWasChangedInPlaceIsQuarantinedAndFetchedAgain() throws {
        let scene = try pulled()
        let other = try PullScene(sharing: scene)
        try other.declareOne()
        chmod(blob(scene), 0o644)
        let file = try File(blob(scene), flags: O_WRONLY)
        try [UInt8](repeating: 0, count: 100).withUnsafeBytes { try file.write($0) }
        try file.close()
        try other.pullWell()
        #expect(other.placed() == bytes)
        #expect(try FileSystem.list(scene.cache + "/quarantine").count == 1)
        #expect(scene.server.exchanges("/a.bin").count == 2)
        #expect(try File(blob(scene)).readAll() == bytes)
    }

    @Test func aBlobThatWasOnlyTouchedIsProvedAndKept() throws {
        let scene = try pulled()
        #expect(utimes(blob(scene), nil) == 0)
        try FileSystem.removeAll(scene.workspace)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(try FileSystem.list(scene.cache + "/quarantine").isEmpty)
        #expect(scene.server.exchanges("/a.bin").count == 1)
    }

    @Test func aBlobThatIsGoneIsFetchedAgain() throws {
        let scene = try pulled()
        try FileSystem.remove(blob(scene))
        try FileSystem.removeAll(scene.workspace)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").count == 2)
    }

    /// A damaged partial is found by its fingerprints: only right bytes are kept.
    @Test func aDamagedPartialIsNotTrusted() throws {
        let scene = try PullScene()
        let large = LargeObjectTests.bytes
        scene.server.route("/a.bin") { .file(large, for: $0).with(.stallAfter($0.number == 1 ? 10 << 20 : 0)) }
        try scene.declareOne()
        let run = try scene.startPull()
        #expect(
            waitUntil { scene.server.exchanges("/a.bin").count > 2 && scene.server.bytesSent("/a.bin") >= 10 << 20 })
        let folder = scene.cache + "/partial"
        let journal = try #require(try FileSystem.list(folder).first { $0.name.hasSuffix(".journal") }).name
        #expect(waitUntil { (try? File(folder + "/" + journal).readAll().count { $0 == 10 }) ?? 0 >= 13 })
        run.signal(SIGKILL)
        _ = try run.wait()
        let partial = try File(folder + "/" + journal.dropLast(8), flags: O_WRONLY)
        try [1, 2, 3].withUnsafeBytes { try partial.write($0, at: 5 << 20) }
        try partial.close()
        let before = scene.server.bytesSent("/a.bin")

        scene.server.file("/a.bin", large)
        try scene.pullWell()
        #expect(scene.placed() == large)
        let again = scene.server.bytesSent("/a.bin") - before
        #expect(again > large.count - before && again < large.count, "\(again)")
    }

    @Test(.enabled(if: TinyFileSystem.isPossible, "needs root and mount(8) for a tiny tmpfs"))
    func aFullDiskEndsWith7AndTheNextRunSucceeds() throws {
        let scene = try PullScene()
        let tiny = try TinyFileSystem(megabytes: 4)
        scene.server.file("/a.bin", LargeObjectTests.bytes)
        scene.server.file("/small.bin", bytes)
        // The size is not known beforehand, so the check of free space cannot tell.
        try scene.declareOne()
        let full = try scene.pull(environment: ["CLEARML_CACHE_DIR": tiny.path])
        expectFailure(full, 7, saying: "no space left", "free some space")
        #expect(scene.server.bytesSent("/a.bin") > 0)
        #expect(try scene.tree().isEmpty)

        try scene.declareOne("/small.bin")
        let fits = try scene.pull(environment: ["CLEARML_CACHE_DIR": tiny.path])
        #expect(fits.exitCode == 0, "\(fits.stderr)")
        #expect(scene.placed("artifacts/a/small.bin") == bytes)
    }

    @Test(.enabled(if: TinyFileSystem.isPossible, "needs root and mount(8) for a tiny tmpfs"))
    func aSizeThatCannotFitEndsWith7BeforeTheFirstByte() throws {
        let scene = try PullScene()
        let tiny = try TinyFileSystem(megabytes: 4)
        scene.server.file("/a.bin", LargeObjectTests.bytes)
        try scene.declareOne("/a.bin", "size: \(LargeObjectTests.size)")
        let output = try scene.pull(environment: ["CLEARML_CACHE_DIR": tiny.path])
        #expect(output.exitCode == 7)
        #expect(
            output.stderr.contains("there is not enough space") && output.stderr.contains("  help: "),
            "\(output.stderr)")
        #expect(scene.server.exchanges.isEmpty)
    }

    @Test(.enabled(if: TinyFileSystem.isPossible, "needs root and mount(8) for a tiny tmpfs"))
    func aFullWorkspaceEndsWith7AndLeavesNoHalfFile() throws {
        let scene = try PullScene()
        let tiny = try TinyFileSystem(megabytes: 4)
        scene.server.file("/a.bin", LargeObjectTests.bytes)
        try scene.declareOne()
        expectFailure(try scene.pull("--workspace", tiny.path + "/w"), 7, saying: "no space left")
        #expect(try PullScene.tree(tiny.path + "/w").isEmpty)
        try scene.pullWell()
        #expect(scene.placed() == LargeObjectTests.bytes)
        #expect(scene.server.bytesSent("/a.bin") == LargeObjectTests.size)
    }

    @Test(.enabled(if: TinyFileSystem.isPossible, "needs root and mount(8) for a tiny tmpfs"))
    func aLockThatHasNoRoomEndsWith7AndTheNextRunWritesIt() throws {
        let scene = try PullScene()
        scene.server.file("/a.bin", bytes)
        let tiny = try TinyFileSystem(megabytes: 1)
        try scene.declareOne()
        let manifest = tiny.path + "/manifest.yaml"
        try AtomicFile.write(scene.folder.read("manifest.yaml"), to: manifest)
        func pull() throws -> Binary.Output {
            try Binary.run(
                ["pull", manifest, "--workspace", scene.workspace], home: scene.home, workingFolder: scene.folder.path)
        }
        try tiny.fill()
        let full = try pull()
        #expect(full.exitCode == 7 && full.stderr.contains("no space left"), "\(full.stderr)")
        #expect(try Set(FileSystem.list(tiny.path).map(\.name)) == ["manifest.yaml", "filling"])
        // What was placed is known all the same.
        #expect(scene.placed() == bytes)
        #expect(try scene.folder.text("workspace/.clearml-sync/manifest.state").contains("artifacts/a"))
        let sent = scene.server.bytesSent("/a.bin")

        try FileSystem.remove(tiny.path + "/filling")
        let again = try pull()
        #expect(again.exitCode == 0, "\(again.stderr)")
        let lock = String(decoding: try File(tiny.path + "/manifest.lock").readAll(), as: UTF8.self)
        #expect(lock.contains(checksum(bytes).dropFirst(7)))
        #expect(scene.placed() == bytes)
        #expect(scene.server.bytesSent("/a.bin") == sent)
    }
}

/// A tmpfs of its own, for disks that are full.
final class TinyFileSystem {
    private let folder: TemporaryFolder
    let path: String

    static var isPossible: Bool {
        guard let probe = try? TinyFileSystem(megabytes: 1) else { return false }
        return !probe.path.isEmpty
    }

    init(megabytes: Int) throws {
        folder = try TemporaryFolder()
        path = folder["disk"]
        try FileSystem.createFolder(path)
        guard mount("clearml-sync-test", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            throw TestSupportError("mount: errno \(errno)")
        }
    }

    deinit { umount2(path, 2) }

    /// Leaves no room for a single byte.
    func fill() throws {
        let file = open(path + "/filling", O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 4096)
        while write(file, block, block.count) > 0 {}
        guard errno == ENOSPC else { throw TestSupportError("write: errno \(errno)") }
    }
}
