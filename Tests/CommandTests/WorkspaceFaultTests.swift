internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

/// What stands in a workspace already: nothing of a user's is lost, nothing of ours stays behind.
@Suite struct WorkspaceFaultTests {
    private let bytes = pseudorandomBytes(3000)
    private let newBytes = pseudorandomBytes(3000, seed: 9)

    private func served() throws -> PullScene {
        let scene = try PullScene()
        scene.server.file("/a.bin", bytes)
        scene.server.file("/b.bin", newBytes)
        try scene.declareOne()
        return scene
    }

    /// A tar of these files, declared as artifact `t`, unpacked.
    private func declareTree(_ scene: PullScene, _ files: [String: String], eTag: String) throws {
        let members = files.sorted { $0.key < $1.key }.map { ArchiveWriter.Member.file($0.key, $0.value) }
        scene.server.file("/\(eTag).tar", try ArchiveWriter.write(members, .pax), eTag: "\"\(eTag)\"")
        try scene.declare(PullScene.entry("t", scene.server.url("/\(eTag).tar"), "path: t"))
    }

    @Test func aUsersFileWhereALinkShouldGoIsKept() throws {
        let scene = try served()
        try scene.folder.write("workspace/artifacts/a/a.bin", "mine")
        expectFailure(try scene.pull(), 1, saying: "did not put there", "move it away")
        #expect(scene.placed() == Array("mine".utf8))
        try FileSystem.remove(scene.workspace + "/artifacts/a/a.bin")
        try scene.pullWell()
        #expect(scene.placed() == bytes)
    }

    @Test func aUsersFolderWhereALinkShouldGoIsKept() throws {
        let scene = try served()
        try scene.folder.write("workspace/artifacts/a/a.bin/mine", "mine")
        expectFailure(try scene.pull(), 1, saying: "did not put there")
        #expect(scene.placed("artifacts/a/a.bin/mine") == Array("mine".utf8))
    }

    @Test func theRightBytesAreAdoptedNotFetched() throws {
        let scene = try served()
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(bytes))\"")
        try scene.folder.write("workspace/artifacts/a/a.bin", bytes)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges.isEmpty)
        try scene.pullWell()
    }

    @Test func aUsersFileInAManagedFolderSurvivesAnUpdate() throws {
        let scene = try PullScene()
        try declareTree(scene, ["one": "1", "sub/two": "2"], eTag: "v1")
        try scene.pullWell()
        try scene.folder.write("workspace/t/sub/mine", "mine")
        try scene.folder.write("workspace/t/own/mine", "mine too")
        try declareTree(scene, ["one": "new", "three": "3"], eTag: "v2")
        try scene.pullWell()
        #expect(
            try scene.tree().mapValues { String(decoding: $0, as: UTF8.self) }
                == ["t/one": "new", "t/three": "3", "t/sub/mine": "mine", "t/own/mine": "mine too"])
    }

    @Test func aUsersFileInTheWayOfAnUpdateStopsIt() throws {
        let scene = try PullScene()
        try declareTree(scene, ["one": "1"], eTag: "v1")
        try scene.pullWell()
        try scene.folder.write("workspace/t/two", "mine")
        try declareTree(scene, ["one": "1", "two": "2"], eTag: "v2")
        expectFailure(try scene.pull(), 1, about: "artifacts/t", saying: "'t/two'")
        #expect(scene.placed("t/two") == Array("mine".utf8))
        #expect(scene.placed("t/one") == Array("1".utf8))
        try FileSystem.remove(scene.workspace + "/t/two")
        try scene.pullWell()
        #expect(scene.placed("t/two") == Array("2".utf8))
    }

    @Test func aUsersSymlinkInPlaceOfAManagedFolderIsKept() throws {
        let scene = try PullScene()
        try declareTree(scene, ["one": "1"], eTag: "v1")
        try scene.pullWell()
        try FileSystem.removeAll(scene.workspace + "/t")
        try scene.folder.write("elsewhere/mine", "mine")
        try FileSystem.symlink(to: scene.folder["elsewhere"], at: scene.workspace + "/t")
        let output = try scene.pull()
        #expect(output.exitCode != 0 || output.stderr.contains("changed by somebody"), "\(output.stderr)")
        #expect(try FileSystem.status(scene.workspace + "/t")?.kind == .symlink)
        #expect(try scene.folder.text("elsewhere/mine") == "mine")
    }

    @Test func driftIsKeptAndForceReplacesIt() throws {
        let scene = try served()
        try scene.pullWell()
        try FileSystem.remove(scene.workspace + "/artifacts/a/a.bin")
        try scene.folder.write("workspace/artifacts/a/a.bin", "changed")
        let output = try scene.pullWell()
        #expect(output.stderr.contains("artifacts/a/a.bin: somebody changed it"), "\(output.stderr)")
        #expect(scene.placed() == Array("changed".utf8))
        try scene.pullWell("--force")
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").count == 1)
    }

    @Test func aFileThatWentIsPutBackWithoutTheNetwork() throws {
        let scene = try served()
        try scene.pullWell()
        try FileSystem.remove(scene.workspace + "/artifacts/a/a.bin")
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").count == 1)
    }

    @Test func pruneRemovesOnlyWhatWePlaced() throws {
        let scene = try PullScene()
        try declareTree(scene, ["one": "1", "sub/two": "2"], eTag: "v1")
        try scene.pullWell()
        try scene.folder.write("workspace/t/sub/mine", "mine")
        try scene.folder.write("workspace/mine", "mine")
        try scene.declare([])
        try scene.pullWell("--no-prune")
        #expect(scene.placed("t/one") != nil)
        try scene.pullWell()
        #expect(try Set(scene.tree().keys) == ["t/sub/mine", "mine"])
    }

    @Test func aFileThatAUserChangedIsNotPruned() throws {
        let scene = try served()
        try scene.pullWell()
        try FileSystem.remove(scene.workspace + "/artifacts/a/a.bin")
        try scene.folder.write("workspace/artifacts/a/a.bin", "changed")
        try scene.declare([])
        let output = try scene.pullWell()
        #expect(output.stderr.contains("changed by somebody"), "\(output.stderr)")
        #expect(scene.placed() == Array("changed".utf8))
    }

    @Test func twoManifestsShareAWorkspaceAndLeaveEachOtherAlone() throws {
        let scene = try served()
        try scene.declare(PullScene.entry("b", scene.server.url("/b.bin")), as: "other.yaml")
        try scene.pullWell()
        try scene.pullWell(manifest: "other.yaml")
        #expect(try Set(scene.tree().keys) == ["artifacts/a/a.bin", "artifacts/b/b.bin"])
        try scene.declare([])
        try scene.pullWell()
        #expect(try Set(scene.tree().keys) == ["artifacts/b/b.bin"])
    }

    @Test(arguments: ["artifacts/a/a.bin", "artifacts/a", "artifacts/a/a.bin/deeper"])
    func twoManifestsThatClaimOnePathClash(_ path: String) throws {
        let scene = try served()
        try scene.pullWell()
        try scene.declare(PullScene.entry("b", scene.server.url("/b.bin"), "path: \(path)"), as: "other.yaml")
        expectFailure(
            try scene.pull(manifest: "other.yaml"), 1, about: "artifacts/b",
            saying: "belongs to the manifest 'manifest'")
        #expect(try scene.tree() == ["artifacts/a/a.bin": bytes])
        try scene.declare(PullScene.entry("b", scene.server.url("/b.bin"), "path: elsewhere"), as: "other.yaml")
        try scene.pullWell(manifest: "other.yaml")
        #expect(scene.placed("elsewhere") == newBytes)
    }

    @Test func twoManifestsOfOneNameAreRefused() throws {
        let scene = try served()
        try scene.declare(PullScene.entry("a", scene.server.url("/a.bin")), more: "name: same\n")
        try scene.pullWell()
        try scene.declare(
            PullScene.entry("b", scene.server.url("/b.bin")), as: "other.yaml", more: "name: same\n")
        let output = try scene.pull(manifest: "other.yaml")
        #expect(output.exitCode == 65)
        #expect(output.stderr.contains("two manifests have the name 'same'"), "\(output.stderr)")
        #expect(try scene.tree() == ["artifacts/a/a.bin": bytes])
    }

    @Test(arguments: [
        ("path: x", "path: x"), ("path: x", "path: x/y"), ("path: ../x", ""), ("path: /x", ""),
        ("path: .clearml-sync/x", ""),
    ]) func collisionsOfPathsAreFoundBeforeAnythingIsTouched(_ first: String, _ second: String) throws {
        let scene = try served()
        try scene.declare(
            PullScene.entry("a", scene.server.url("/a.bin"), first),
            PullScene.entry("b", scene.server.url("/b.bin"), second))
        let output = try scene.pull()
        #expect(output.exitCode == 65, "\(output.stderr)")
        #expect(output.stderr.contains("manifest.yaml:"), "\(output.stderr)")
        #expect(scene.server.exchanges.isEmpty)
        #expect(!FileSystem.exists(scene.workspace))
    }

    @Test(arguments: [
        "with space/and more.bin", "ünïcode/名前.bin", "100%25/%41.bin", "new\\nline/a\\tb.bin", "-dash", "quote'\\\"s",
    ])
    func anyNameIsAName(_ path: String) throws {
        let scene = try served()
        let plain = path.replacing("\\n", with: "\n").replacing("\\t", with: "\t").replacing("\\\"", with: "\"")
        try scene.declareOne("/a.bin", "path: \"\(path)\"")
        try scene.pullWell()
        #expect(try scene.tree() == [plain: bytes])
        try scene.pullWell()
        #expect(scene.server.exchanges.count == 1)
        try scene.declare([])
        try scene.pullWell()
        #expect(try scene.tree().isEmpty)
    }

    @Test func anyNameInAURLIsAName() throws {
        let scene = try PullScene()
        scene.server.route("/*") { request in
            request.target == "/with%20space/%C3%BC%25.bin" ? .file([1, 2, 3], for: request) : .text("", status: 404)
        }
        try scene.declareOne("/with space/ü%25.bin")
        try scene.pullWell()
        #expect(try scene.tree().values.map { $0 } == [[1, 2, 3]])
    }

    @Test(.enabled(if: FileSystem.exists("/dev/shm"), "needs /dev/shm"))
    func aWorkspaceOnAnotherFileSystemGetsCopies() throws {
        let scene = try served()
        var template = Array("/dev/shm/clearml-sync-test.XXXXXX".utf8CString)
        #expect(mkdtemp(&template) != nil)
        let workspace = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { try? FileSystem.removeAll(workspace) }
        guard try FileSystem.status(workspace)?.device != FileSystem.status(scene.home.path)?.device else { return }
        let output = try scene.pullWell("--workspace", workspace)
        #expect(output.stderr.contains("1 copy"), "\(output.stderr)")
        #expect(try PullScene.tree(workspace) == ["artifacts/a/a.bin": bytes])
        try scene.declareOne("/a.bin", "link: hardlink, path: b")
        expectFailure(try scene.pull("--workspace", workspace), 1, saying: "cannot be joined by 'hardlink'")
    }

    @Test(.enabled(if: getuid() != 0 || FileSystem.exists("/usr/bin/setpriv"), "as root it needs setpriv"))
    func aWorkspaceThatCannotBeWrittenEndsWith4() throws {
        let scene = try served()
        try FileSystem.createFolder(scene.workspace)
        chmod(scene.workspace, 0o555)
        let arguments = try [Binary.path(), "pull", scene.folder["manifest.yaml"]]
        if getuid() == 0 {
            for path in [scene.home.path, scene.folder.path] { chown(path, 65534, 65534) }
            chown(scene.workspace, 65534, 65534)
            chmod(scene.folder.path, 0o755)
        }
        func run() throws -> Binary.Output {
            let drop = getuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
            let line = drop + arguments
            let run = try ChildProcess(
                line[0] == "setpriv" ? "/usr/bin/setpriv" : line[0], Array(line.dropFirst()),
                environment: Binary.environment(home: scene.home.path), workingFolder: scene.folder.path)
            return Binary.Output(exitCode: try run.wait(), stdout: run.stdout, stderr: run.stderr)
        }
        let refused = try run()
        #expect(refused.exitCode == 4, "\(refused.stderr)")
        #expect(refused.stderr.contains(scene.workspace) && refused.stderr.contains("  help: "), "\(refused.stderr)")
        chmod(scene.workspace, 0o755)
        let output = try run()
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(scene.placed() == bytes)
    }

    /// A run is killed after it has placed two entries, and the next one is interrupted before it comes to them.
    @Test func whatAKilledRunPlacedIsKnownThroughAnInterruptedOne() throws {
        let scene = try PullScene()
        for (name, stalled) in [("a", 2), ("b", 2), ("c", 1)] {
            scene.server.route("/\(name).bin") { [bytes] request in
                let response = FaultServer.Response.file(bytes, for: request)
                return request.number == stalled ? response.with(.stallAfter(0)) : response
            }
        }
        try scene.declare(["a", "b", "c"].map { PullScene.entry($0, scene.server.url("/\($0).bin")) })
        let killed = try scene.startPull()
        #expect(waitUntil { scene.placed("artifacts/a/a.bin") == bytes && scene.placed("artifacts/b/b.bin") == bytes })
        killed.signal(SIGKILL)
        #expect(try killed.wait() == 128 + SIGKILL)
        let interrupted = try scene.startPull()
        #expect(
            waitUntil { scene.server.exchanges("/a.bin").count == 2 && scene.server.exchanges("/b.bin").count == 2 })
        interrupted.signal(SIGINT)
        #expect(try interrupted.wait() == 130)
        let journal = String(decoding: try scene.folder.read("workspace/.clearml-sync/manifest.journal"), as: UTF8.self)
        #expect(journal.contains("artifacts/a/a.bin") && journal.contains("artifacts/b/b.bin"))
        try scene.pullWell()
        #expect(scene.placed("artifacts/c/c.bin") == bytes)
        #expect(!FileSystem.exists(scene.workspace + "/.clearml-sync/manifest.journal"))
        // All three are ours: they go when they are not declared any more.
        try scene.declare([])
        try scene.pullWell()
        #expect(try scene.tree().isEmpty)
    }
}
