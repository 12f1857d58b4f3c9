internal import Platform
internal import Synchronization
internal import TestSupport
internal import Testing

/// `ls`, `outdated`, `mirror` and `doctor` by the real binary.
@Suite struct StoreCommandsTests {
    private func scene() throws -> BucketScene {
        let scene = try BucketScene()
        scene.state.withLock { state in
            state.objects = [
                "a.txt": Array("a".utf8), "data/1.txt": Array("one".utf8), "data/deep/2.txt": Array("two".utf8),
                "data/deep/3 3.bin": Array("three".utf8),
            ]
        }
        try scene.folder.write(
            "m.yaml",
            """
            version: 1
            name: mine
            artifacts:
              - {name: a, url: "\(scene.url("a.txt"))", tags: [small]}
            datasets:
              - {name: d, url: "\(scene.url("data/"))", exclude: ["**/*.bin"]}
            """)
        return scene
    }

    private func names(_ output: Binary.Output) -> [String] {
        output.stdout.split(separator: "\n").map { String($0.dropFirst(37)) }
    }

    // MARK: ls

    @Test func lsShowsOneLevelAndAllOfThemWhenAsked() throws {
        let scene = try scene()
        #expect(names(try scene.run("ls", scene.url(""))) == ["data/", "a.txt"])
        #expect(names(try scene.run("ls", scene.url("data"))) == ["data/deep/", "data/1.txt"])
        #expect(
            names(try scene.run("ls", "-r", scene.url("data/"))) == ["data/1.txt", "data/deep/2.txt", "data/deep/3 3.bin"])
        #expect(names(try scene.run("ls", scene.url("**/*.txt"))) == ["a.txt", "data/1.txt", "data/deep/2.txt"])
        let one = try scene.run("ls", scene.url("a.txt"), "--json")
        #expect(one.stdout.contains("\"url\":\"\(scene.url("a.txt"))\",\"key\":\"a.txt\",\"size\":1,\"validator\":\"etag:"))
    }

    @Test func lsOfALocalFolderTellsSizes() throws {
        let scene = try scene()
        try scene.folder.write("x/y.txt", "12345")
        let output = try scene.run("ls", "-r", "./x", "--json")
        #expect(output.stdout.contains("\"size\":5") && output.stdout.contains("/x/y.txt\""))
    }

    @Test func lsOfNothingEndsWith3AndOfARefusedListingWith4() throws {
        let scene = try scene()
        expectFailure(try scene.run("ls", scene.url("none/")), 3, about: "nothing is there")
        scene.state.withLock { $0.fault = { _ in BucketScene.error("AccessDenied", 403) } }
        expectFailure(try scene.run("ls", scene.url("data/")), 4, about: "", advises: false)
    }

    // MARK: outdated

    @Test func outdatedTellsWhatChangedAndDownloadsNothing() throws {
        let scene = try scene()
        #expect(try scene.run("lock", "m.yaml").exitCode == 0)
        let fresh = try scene.run("outdated", "m.yaml")
        #expect(fresh.exitCode == 0 && fresh.stdout.isEmpty, "\(fresh.stdout)\(fresh.stderr)")
        scene.state.withLock { state in
            state.objects["a.txt"] = Array("A".utf8)
            state.objects["data/new.txt"] = Array("new".utf8)
            state.objects["data/deep/2.txt"] = nil
        }
        let before = scene.server.exchanges.count
        let output = try scene.run("outdated", "m.yaml")
        #expect(output.exitCode == 2)
        let lines = output.stdout.split(separator: "\n")
        #expect(lines.count == 3, "\(output.stdout)")
        #expect(lines.first?.hasPrefix("changed   artifacts/a  a.txt: etag:") == true)
        #expect(lines.contains { $0.hasPrefix("gone      datasets/d  deep/2.txt") })
        #expect(lines.contains { $0.hasPrefix("new       datasets/d  new.txt") })
        let requests = scene.server.exchanges.dropFirst(before).map(\.request)
        #expect(requests.allSatisfy { $0.method == "HEAD" || $0.target.contains("list-type=2") })
    }

    @Test func outdatedNamesAnEntryThatNobodyHasLocked() throws {
        let scene = try scene()
        let output = try scene.run("outdated", "m.yaml", "a", "--json")
        #expect(output.exitCode == 2 && output.stdout.contains("\"kind\": \"unlocked\""), "\(output.stdout)")
    }

    // MARK: mirror

    @Test func aMirrorHoldsEverythingAndTheSecondRunCopiesNothing() throws {
        let scene = try scene()
        let first = try scene.run("mirror", "m.yaml", scene.url("mirror"))
        #expect(first.exitCode == 0 && first.stdout == scene.folder["mirrored.yaml"] + "\n", "\(first.stderr)")
        #expect(scene.objects["mirror/artifacts/a/a.txt"] == Array("a".utf8))
        #expect(scene.objects["mirror/datasets/d/deep/2.txt"] == Array("two".utf8))
        #expect(scene.objects["mirror/datasets/d/deep/3 3.bin"] == nil)
        let manifest = try scene.folder.text("mirrored.yaml")
        #expect(manifest.contains("mirrors: [\"\(scene.url("data/"))\"]"), "\(manifest)")

        #expect(try scene.run("lock", "m.yaml").exitCode == 0)
        let before = scene.server.exchanges.count
        let second = try scene.run("mirror", "m.yaml", scene.url("mirror"), "--json")
        #expect(second.exitCode == 0 && second.stdout.contains("\"copied\":0,\"unchanged\":3"), "\(second.stdout)")
        #expect(!scene.server.exchanges.dropFirst(before).contains { $0.request.method == "PUT" })
    }

    @Test func aMirrorAloneIsEnoughAndTheOriginalStandsInForIt() throws {
        let scene = try scene()
        #expect(try scene.run("mirror", "m.yaml", scene.url("mirror")).exitCode == 0)
        let all = scene.objects
        scene.state.withLock { $0.objects = all.filter { $0.key.hasPrefix("mirror/") } }
        let alone = try scene.run(
            "pull", "mirrored.yaml", "--locked", "--workspace", "w1", "--cache-dir", scene.folder["c1"])
        #expect(alone.exitCode == 0, "\(alone.stderr)")
        #expect(try scene.folder.text("w1/datasets/d/deep/2.txt") == "two")
        scene.state.withLock { $0.objects = all.filter { !$0.key.hasPrefix("mirror/") } }
        let original = try scene.run(
            "pull", "mirrored.yaml", "--locked", "--workspace", "w2", "--cache-dir", scene.folder["c2"])
        #expect(original.exitCode == 0, "\(original.stderr)")
        #expect(try scene.folder.text("w2/artifacts/a/a.txt") == "a")
    }

    @Test func aMirrorInAFolderWorksAsWell() throws {
        let scene = try scene()
        #expect(try scene.run("mirror", "m.yaml", "./copy", "-o", "copy.yaml").exitCode == 0)
        #expect(try scene.folder.text("copy/datasets/d/1.txt") == "one")
        scene.server.stop()
        let output = try scene.run(
            "pull", "copy.yaml", "--locked", "--workspace", "w", "--cache-dir", scene.folder["c"])
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(try scene.folder.text("w/datasets/d/deep/2.txt") == "two")
    }

    @Test func whatSomebodyReplacedInTheMirrorIsCopiedAgain() throws {
        let scene = try scene()
        #expect(try scene.run("lock", "m.yaml").exitCode == 0)
        #expect(try scene.run("mirror", "m.yaml", scene.url("mirror")).exitCode == 0)
        scene.state.withLock { $0.objects["mirror/artifacts/a/a.txt"] = Array("z".utf8) }
        let output = try scene.run("mirror", "m.yaml", scene.url("mirror"), "--json")
        #expect(output.stdout.contains("\"copied\":1,\"unchanged\":2"), "\(output.stdout)\(output.stderr)")
        #expect(scene.objects["mirror/artifacts/a/a.txt"] == Array("a".utf8))
    }

    @Test func whatDisappearedIsToldAndOnlyRemovedWhenAskedFor() throws {
        let scene = try scene()
        #expect(try scene.run("mirror", "m.yaml", scene.url("mirror")).exitCode == 0)
        scene.state.withLock { $0.objects["mirror/somebody-elses"] = [1] }
        try scene.folder.write("m.yaml", "version: 1\nartifacts:\n  - {name: a, url: \"\(scene.url("a.txt"))\"}\n")
        let told = try scene.run("mirror", "m.yaml", scene.url("mirror"))
        #expect(told.exitCode == 0 && told.stderr.contains("not in the manifest any more: datasets/d/1.txt"))
        #expect(scene.objects["mirror/datasets/d/1.txt"] != nil)
        let pruned = try scene.run("mirror", "m.yaml", scene.url("mirror"), "--prune")
        #expect(pruned.stderr.contains("removed datasets/d/1.txt"), "\(pruned.stderr)")
        let left = scene.objects.keys.filter { $0.hasPrefix("mirror/") }.sorted()
        #expect(left == ["mirror/.clearml-sync-mirror.jsonl", "mirror/artifacts/a/a.txt", "mirror/somebody-elses"])
    }

    @Test func aMirrorThatStoresOtherBytesEndsWith6() throws {
        let scene = try scene()
        #expect(try scene.run("lock", "m.yaml").exitCode == 0)
        scene.state.withLock { $0.corrupts = true }
        let output = try scene.run("mirror", "m.yaml", scene.url("mirror"), "-j", "1")
        #expect(output.exitCode == 6, "\(output.stderr)")
        #expect(!FileSystem.exists(scene.folder["mirrored.yaml"]))
    }

    // MARK: doctor

    @Test func doctorNamesTheEntryThatWasUsed() throws {
        let scene = try scene()
        let output = try scene.run("doctor", scene.url("data/"))
        #expect(output.exitCode == 0, "\(output.stdout)")
        #expect(output.stdout.contains("sdk.aws.s3.credentials[0]") && output.stdout.contains("hard links") || output.stdout.contains("links"))
        #expect(!output.stdout.contains("the-secret"))
    }

    @Test func doctorEndsWithTheCodeOfTheWorstFinding() throws {
        let scene = try scene()
        scene.state.withLock { $0.fault = { _ in BucketScene.error("AccessDenied", 403) } }
        let refused = try scene.run("doctor", "--json")
        #expect(refused.exitCode == 4 && refused.stdout.contains("\"healthy\": false"), "\(refused.stdout)")
        scene.server.stop()
        #expect(try scene.run("doctor").exitCode == 5)
    }

    @Test func doctorSeesAClockThatIsWrong() throws {
        let scene = try scene()
        scene.state.withLock { state in
            state.fault = { _ in
                var answer = BucketScene.error("RequestTimeTooSkewed", 403)
                answer.headers.append(("Date", "Wed, 21 Oct 2015 07:28:00 GMT"))
                return answer
            }
        }
        let output = try scene.run("doctor")
        #expect(output.exitCode == 4 && output.stdout.contains("seconds ahead of the server's"), "\(output.stdout)")
    }
}
