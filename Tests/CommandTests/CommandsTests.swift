internal import Platform
internal import TestSupport
internal import Testing

/// The commands around `pull`, by the real binary: each does what its help says, with the right exit code.
@Suite struct CommandsTests {
    private let bytes = Array("content of a\n".utf8)

    /// A server with one file, declared as artifact `a`.
    private func scene() throws -> PullScene {
        let scene = try PullScene()
        scene.server.file("/a.bin", bytes)
        try scene.declareOne()
        return scene
    }

    private func run(
        _ scene: PullScene, _ arguments: String..., environment: [String: String] = [:]
    ) throws -> Binary.Output {
        try Binary.run(arguments, environment: environment, home: scene.home, workingFolder: scene.folder.path)
    }

    @Test func aMixedManifestFromNginxIsRightByteForByteAndASecondPullDoesNothing() throws {
        let scene = try PullScene()
        let nginx = try Nginx()
        try nginx.files.write("m.safetensors", bytes)
        let members: [ArchiveWriter.Member] = [.file("top/x/1.txt", "one"), .file("top/2.sh", "two", mode: 0o755)]
        try nginx.files.write("d.tar.gz", ArchiveWriter.write(members, .pax, .gzip))
        try scene.folder.write("direct.txt", "direct")
        try scene.folder.write("local.txt", "local")
        try scene.folder.write(
            "manifest.yaml",
            """
            version: 1
            artifacts:
              - {name: direct, url: ./direct.txt}
              - {name: local, url: ./local.txt, access: cache}
            models:
              - {name: m, url: "\(nginx.http("/m.safetensors"))", path: weights/m.safetensors}
            datasets:
              - {name: d, url: "\(nginx.https("/d.tar.gz"))", extract: {strip_components: 1}}
            """)
        let trust = ["SSL_CERT_FILE": nginx.certificateFile]
        let first = try scene.pull(environment: trust)
        #expect(first.exitCode == 0, "\(first.stderr)")
        let expected = [
            "artifacts/direct/direct.txt": Array("-> \(scene.folder["direct.txt"])".utf8),
            "artifacts/local/local.txt": Array("local".utf8), "weights/m.safetensors": bytes,
            "datasets/d/x/1.txt": Array("one".utf8), "datasets/d/2.sh": Array("two".utf8),
        ]
        #expect(try scene.tree() == expected)
        #expect(try FileSystem.status(scene.workspace + "/datasets/d/2.sh")?.isExecutable == true)
        let second = try scene.pull(environment: trust)
        #expect(second.exitCode == 0 && second.stderr.contains("nothing to do"), "\(second.stderr)")
        #expect(try scene.tree() == expected)
    }

    @Test func planChangesNothingAndTellsTheSizeThatTheServerSays() throws {
        let scene = try scene()
        let output = try run(scene, "plan", "manifest.yaml", "--detailed-exitcode", "--json")
        #expect(output.exitCode == 2)
        #expect(output.stdout.contains("\"download_bytes\": \(bytes.count)"), "\(output.stdout)")
        #expect(try scene.tree().isEmpty && !FileSystem.exists(scene.folder["manifest.lock"]))
        #expect(scene.server.exchanges("/a.bin").map(\.request.method) == ["HEAD"])
        try scene.pullWell()
        #expect(try run(scene, "plan", "manifest.yaml", "--detailed-exitcode").exitCode == 0)
    }

    @Test func applyDoesWhatWasPlanned() throws {
        let scene = try scene()
        #expect(try run(scene, "plan", "manifest.yaml", "-o", "plan.json").exitCode == 0)
        let output = try run(scene, "apply", "plan.json")
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(scene.placed() == bytes)
    }

    @Test(arguments: ["manifest.yaml", "manifest.lock", "workspace/artifacts/a/a.bin"])
    func applyIsRefusedWhenWhatItWasMadeFromHasChanged(_ path: String) throws {
        let scene = try scene()
        #expect(try run(scene, "plan", "manifest.yaml", "-o", "plan.json").exitCode == 0)
        if path.hasSuffix("yaml") {
            try scene.declareOne("/a.bin", "tags: [x]")
        } else if path.hasSuffix("lock") {
            try scene.folder.write(path, "{\"clearml-sync-lock\":1}\n")
        } else {
            try scene.folder.write(path, "a user's own")
        }
        let output = try run(scene, "apply", "plan.json")
        #expect(output.exitCode == 1 && output.stderr.contains("since the plan was made"), "\(output.stderr)")
        #expect(output.stderr.contains("make a new plan"))
        #expect(scene.placed().map { $0 != bytes } ?? true)
    }

    @Test func applyRefusesAnObjectOfAnotherVersionThanWasPlanned() throws {
        let scene = try scene()
        #expect(try run(scene, "plan", "manifest.yaml", "-o", "plan.json").exitCode == 0)
        scene.server.file("/a.bin", Array("CONTENT of a\n".utf8), eTag: "\"2\"")
        let output = try run(scene, "apply", "plan.json")
        expectFailure(output, 6, saying: "changed since the plan was made")
        #expect(try scene.tree().isEmpty)
    }

    @Test func applyRefusesAnObjectOfAnotherSizeThanWasPlanned() throws {
        let scene = try scene()
        #expect(try run(scene, "plan", "manifest.yaml", "-o", "plan.json").exitCode == 0)
        scene.server.file("/a.bin", bytes + bytes)
        expectFailure(try run(scene, "apply", "plan.json"), 6, saying: "the size is", advises: false)
        #expect(try scene.tree().isEmpty)
    }

    @Test func lockBringsContentIntoTheCacheAndCheckTellsWhatIsMissing() throws {
        let scene = try scene()
        #expect(try run(scene, "lock", "manifest.yaml", "--check").exitCode == 2)
        #expect(try run(scene, "lock", "manifest.yaml").exitCode == 0)
        #expect(try scene.tree().isEmpty)
        #expect(try run(scene, "lock", "manifest.yaml", "--check").exitCode == 0)
        let before = scene.server.exchanges("/a.bin").count
        try scene.pullWell("--locked", "--offline")
        #expect(scene.placed() == bytes && scene.server.exchanges("/a.bin").count == before)
        // What was brought for the lock is known by its URL too: asked for anew, the server need only say that it is the same.
        #expect(try run(scene, "lock", "manifest.yaml", "--upgrade").exitCode == 0)
        #expect(scene.server.exchanges("/a.bin").last?.status == 304)
    }

    @Test func upgradeTakesTheNewContentAndADryRunOnlyShowsIt() throws {
        let scene = try scene()
        try scene.pullWell()
        let lock = try scene.folder.read("manifest.lock")
        scene.server.file("/a.bin", Array("new\n".utf8), eTag: "\"2\"")
        let shown = try run(scene, "lock", "manifest.yaml", "--upgrade", "-n")
        #expect(
            shown.exitCode == 0 && shown.stdout.contains("changed") && shown.stdout.contains("->"), "\(shown.stdout)")
        #expect(try scene.folder.read("manifest.lock") == lock)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(try run(scene, "lock", "manifest.yaml", "--upgrade").exitCode == 0)
        try scene.pullWell()
        #expect(scene.placed() == Array("new\n".utf8))
    }

    @Test func statusSeesAChangeByStatAndVerifySeesOneThatStatHides() throws {
        let scene = try scene()
        try scene.declareOne("/a.bin", "link: copy")
        try scene.pullWell()
        #expect(try run(scene, "status", "manifest.yaml").exitCode == 0)
        #expect(try run(scene, "verify", "manifest.yaml").exitCode == 0)
        // Same size, same times, same inode: only the bytes tell.
        let path = scene.workspace + "/artifacts/a/a.bin"
        let before = try #require(try FileSystem.status(path))
        try overwrite(path, with: Array("CONTENT of a\n".utf8), keeping: before.modified)
        #expect(try run(scene, "status", "manifest.yaml").exitCode == 0)
        for option in [[], ["--fast"]] {
            let output = try Binary.run(
                ["verify", "manifest.yaml"] + option, home: scene.home, workingFolder: scene.folder.path)
            #expect(output.exitCode == 2 && output.stdout.contains("artifacts/a"), "\(output.stdout)")
        }
        try FileSystem.remove(path)
        let gone = try run(scene, "status", "manifest.yaml", "--json")
        #expect(gone.exitCode == 2 && gone.stdout.contains("\"missing\""), "\(gone.stdout)")
    }

    private func overwrite(_ path: String, with bytes: [UInt8], keeping time: FileTime) throws {
        let file = try File(path, flags: 1)  // O_WRONLY
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        try file.setModificationTime(time)
    }

    @Test func pathPrintsWhereAnEntryLies() throws {
        let scene = try scene()
        #expect(try run(scene, "path", "manifest.yaml", "a").exitCode == 3)
        try scene.pullWell()
        let output = try run(scene, "path", "manifest.yaml", "a")
        #expect(output.stdout == scene.workspace + "/artifacts/a/a.bin\n")
        #expect(try run(scene, "path", "manifest.yaml", "b").exitCode == 64)
    }

    @Test func getPrintsAPathWithTheFilesNameAndFetchesOnce() throws {
        let scene = try scene()
        let first = try run(scene, "get", scene.server.url("/a.bin"))
        #expect(first.exitCode == 0 && first.stdout.hasSuffix("/a.bin\n"), "\(first.stderr)")
        #expect(try File(String(first.stdout.dropLast())).readAll() == bytes)
        #expect(try run(scene, "get", scene.server.url("/a.bin"), "--offline").stdout == first.stdout)
        #expect(scene.server.exchanges("/a.bin").count == 1)
        #expect(try run(scene, "get", scene.server.url("/a.bin"), "-o", "mine/b.bin").exitCode == 0)
        #expect(try scene.folder.read("mine/b.bin") == bytes)
        #expect(try run(scene, "get", scene.server.url("/a.bin"), "-o", "mine/b.bin").exitCode == 1)
    }

    @Test func explainNamesTheRulesThatDecide() throws {
        let scene = try scene()
        try scene.folder.write(
            "clearml.conf",
            """
            sdk.storage.path_substitution: [{registered_prefix: "s3://data", local_prefix: "file:///mnt/nfs"}]
            sdk.storage.sync.headers: [{host: "h.example.org", header: "X-Key: s3cret"}]
            """)
        let environment = ["CLEARML_CONFIG_FILE": scene.folder["clearml.conf"]]
        let local = try run(scene, "explain", "s3://data/x.bin", environment: environment)
        for part in ["file:///mnt/nfs/x.bin", "sdk.storage.path_substitution[0]", "direct", "/mnt/nfs/x.bin"] {
            #expect(local.stdout.contains(part), "\(local.stdout)")
        }
        let remote = try run(scene, "explain", "https://h.example.org/x", "--json", environment: environment)
        #expect(remote.stdout.contains("sdk.storage.sync.headers[0]") && !remote.stdout.contains("s3cret"))
    }

    @Test func aConfiguredHeaderGoesToItsHost() throws {
        let scene = try scene()
        try scene.folder.write(
            "clearml.conf",
            "sdk.storage.sync.headers: [{host: \"127.0.0.1:\(scene.server.port)\", header: \"X-Key: s3cret\"}]")
        let output = try scene.pull(environment: ["CLEARML_CONFIG_FILE": scene.folder["clearml.conf"]])
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(scene.server.exchanges("/a.bin").allSatisfy { $0.request["X-Key"] == "s3cret" })
    }

    @Test func whatIsAddedToTheCacheIsNotFetched() throws {
        let scene = try scene()
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(bytes))\"")
        try scene.folder.write("mine.bin", bytes)
        #expect(try run(scene, "cache", "add", "mine.bin").stdout.hasPrefix(checksum(bytes)))
        #expect(try run(scene, "cache", "ls").stdout.contains(checksum(bytes)))
        try scene.pullWell()
        #expect(scene.placed() == bytes && scene.server.exchanges("/a.bin").isEmpty)
        #expect(try run(scene, "cache", "rebuild").exitCode == 0)
        #expect(try run(scene, "cache", "info", "--json").stdout.contains("\"indexed_blobs\": 1"))
        #expect(try run(scene, "cache", "dir").stdout == scene.cache + "\n")
    }
}
