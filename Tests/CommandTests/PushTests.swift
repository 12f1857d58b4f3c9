internal import Glibc
internal import Platform
internal import Synchronization
internal import TestSupport
internal import Testing

/// `push` by the real binary: what arrives, what is printed, and what is left of a push that went wrong.
@Suite struct PushTests {
    private let large = pseudorandomBytes((11 << 20) + 7)

    // MARK: What arrives

    @Test func aFileGoesToItsURLAndTheURLIsPrinted() throws {
        let scene = try BucketScene()
        try scene.folder.write("m.pt", "model")
        let output = try scene.run("push", "m.pt", scene.url("models/m.pt"))
        #expect(output.exitCode == 0 && output.stdout == scene.url("models/m.pt") + "\n", "\(output.stderr)")
        #expect(scene.objects == ["models/m.pt": Array("model".utf8)])
        #expect(scene.server.exchanges.count == 1)
    }

    @Test func aFileGoesBelowAURLThatEndsInASlash() throws {
        let scene = try BucketScene()
        try scene.folder.write("m.pt", "model")
        let output = try scene.run("push", "m.pt", scene.url("models/"))
        #expect(output.stdout == scene.url("models/m.pt") + "\n" && scene.objects.keys.sorted() == ["models/m.pt"])
    }

    @Test func aFolderKeepsItsPathsAndMatchSelects() throws {
        let scene = try BucketScene()
        try scene.folder.write("data/a.txt", "a")
        try scene.folder.write("data/deep/er/b c.txt", "b")
        try scene.folder.write("data/deep/x.bin", "x")
        let all = try scene.run("push", "data", scene.url("all"))
        #expect(all.exitCode == 0 && all.stdout == scene.url("all/") + "\n", "\(all.stderr)")
        #expect(scene.objects.keys.sorted() == ["all/a.txt", "all/deep/er/b c.txt", "all/deep/x.bin"])
        scene.state.withLock { $0.objects = [:] }
        _ = try scene.run("push", "data", scene.url("some"), "--match", "*.txt")
        #expect(scene.objects.keys.sorted() == ["some/a.txt", "some/deep/er/b c.txt"])
        scene.state.withLock { $0.objects = [:] }
        _ = try scene.run("push", "data", scene.url("some"), "--match", "deep/*", "--match", "a.*")
        #expect(scene.objects.keys.sorted() == ["some/a.txt", "some/deep/x.bin"])
        let none = try scene.run("push", "data", scene.url("none"), "--match", "*.jpg")
        expectFailure(none, 3, about: "no file below the folder matches", advises: false)
    }

    @Test func aLargeFileGoesInParts() throws {
        let scene = try BucketScene()
        try scene.folder.write("big", large)
        let output = try scene.run("push", "big", scene.url("big"), "--json")
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(scene.objects["big"] == large && scene.open.isEmpty)
        #expect(scene.server.requests("/bucket/big").count == 5)
        #expect(output.stdout.contains("\"event\":\"pushed\"") && output.stdout.contains("\"exit_code\":0"))
    }

    @Test func anEmptyFileIsAnObject() throws {
        let scene = try BucketScene()
        try scene.folder.write("empty", "")
        #expect(try scene.run("push", "empty", scene.url("empty")).exitCode == 0)
        #expect(scene.objects == ["empty": []])
    }

    @Test func whatIsThereAlreadyIsSkippedAndWhatDiffersIsNot() throws {
        let scene = try BucketScene()
        for number in 0..<25 { try scene.folder.write("data/\(number)", "content \(number)") }
        try scene.folder.write("data/large", large)
        #expect(try scene.run("push", "data", scene.url("d")).exitCode == 0)
        try scene.folder.write("data/7", "CONTENT 7")
        let before = scene.server.exchanges.count
        let output = try scene.run("push", "data", scene.url("d"), "--skip-unchanged")
        #expect(output.exitCode == 0 && output.stderr.contains("1 file pushed"), "\(output.stderr)")
        let requests = scene.server.exchanges.dropFirst(before).map(\.request)
        #expect(requests.filter { $0.method == "PUT" }.map(\.path) == ["/bucket/d/7"])
        #expect(scene.objects["d/7"] == Array("CONTENT 7".utf8))
        // One listing for all of them.
        #expect(requests.count { $0.method == "GET" } == 1)
    }

    @Test func aPushToALocalFolderCopiesAndReplaces() throws {
        let scene = try BucketScene()
        try scene.folder.write("data/a/b.txt", "new")
        try scene.folder.write("out/a/b.txt", "old")
        let output = try scene.run("push", "data", "./out")
        #expect(output.exitCode == 0 && output.stdout == "./out/\n", "\(output.stderr)")
        #expect(try PullScene.tree(scene.folder["out"]) == ["a/b.txt": Array("new".utf8)])
    }

    @Test func aWebServerGetsPutsWithEncodedNames() throws {
        let scene = try BucketScene()
        try scene.folder.write("data/a b#?.txt", "text")
        scene.state.withLock { $0.fault = { _ in FaultServer.Response(status: 201) } }
        let output = try scene.run("push", "data", scene.server.url("/dav/"))
        #expect(output.exitCode == 0 && output.stdout == scene.server.url("/dav/") + "\n", "\(output.stderr)")
        let requests = scene.server.exchanges.map(\.request)
        #expect(requests.map(\.method) == ["PUT"] && requests.map(\.target) == ["/dav/a%20b%23%3F.txt"])
        #expect(requests.first?.body == Array("text".utf8))
    }

    // MARK: What goes wrong

    @Test(arguments: [false, true]) func bytesThatWereStoredWronglyEndWith6AndDoNotStay(_ isLarge: Bool) throws {
        let scene = try BucketScene()
        scene.state.withLock { $0.corrupts = true }
        try scene.folder.write("file", isLarge ? large : Array("content".utf8))
        let output = try scene.run("push", "file", scene.url("k"))
        expectFailure(output, 6, about: scene.url("k"), saying: "the store has not stored the file's bytes")
        #expect(scene.objects.isEmpty && scene.open.isEmpty)
        #expect(!output.stderr.contains("the-secret"))
    }

    @Test(arguments: [(403, "AccessDenied", Int32(4)), (404, "NoSuchBucket", 3), (503, "SlowDown", 5)])
    func aRefusalEndsWithItsOwnCode(_ status: Int, _ code: String, _ exitCode: Int32) throws {
        let scene = try BucketScene()
        try scene.folder.write("file", "content")
        scene.state.withLock { state in
            state.fault = { _ in
                var answer = BucketScene.error(code, status)
                answer.headers.append(("Retry-After", "0"))
                return answer
            }
        }
        let output = try scene.run("push", "file", scene.url("k"))
        expectFailure(output, exitCode, about: scene.url("k"), advises: false)
        if status == 503 {
            #expect(scene.server.exchanges.count > 2)
        } else {
            #expect(scene.server.exchanges.count == 1)
        }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func anInterruptedPushGivesItsUploadUp(_ signal: Int32) throws {
        let scene = try BucketScene()
        try scene.folder.write("big", large)
        let hasBegun = Mutex(false)
        // The parts are slow to be answered, so that the signal comes in their midst.
        scene.state.withLock { state in
            state.fault = { request in
                if request.target.contains("partNumber") { usleep(300_000) }
                return nil
            }
        }
        let process = try scene.start("push", "big", scene.url("k"))
        hasBegun.withLock { $0 = waitUntil { scene.state.withLock { $0.begun > 0 } } }
        process.signal(signal)
        #expect(try process.wait() == 128 + signal)
        #expect(hasBegun.withLock { $0 } && scene.open.isEmpty && scene.objects.isEmpty)
        #expect(scene.state.withLock { $0.aborted } == ["u1"])
    }

    @Test func anInterruptedPushDoesNotWaitForAServerThatStalls() throws {
        let scene = try BucketScene()
        try scene.folder.write("big", large)
        scene.state.withLock { state in
            state.fault = { $0.target.contains("partNumber") ? FaultServer.Response().with(.stallAfter(0)) : nil }
        }
        let process = try scene.start("push", "big", scene.url("k"))
        #expect(waitUntil { scene.server.exchanges.contains { $0.request.target.contains("partNumber") } })
        process.signal(SIGTERM)
        // Well below the minute for which a transfer may stand still.
        #expect(try process.wait(.seconds(40)) == 128 + SIGTERM)
        #expect(scene.open.isEmpty && scene.state.withLock { $0.aborted } == ["u1"])
    }

    @Test func whatAKilledPushLeftIsGivenUpByTheNext() throws {
        let scene = try BucketScene()
        try scene.folder.write("big", large)
        scene.state.withLock { state in
            state.fault = { $0.target.contains("partNumber=3") ? FaultServer.Response().with(.stallAfter(0)) : nil }
        }
        let process = try scene.start("push", "big", scene.url("k"))
        #expect(waitUntil { scene.server.exchanges.contains { $0.request.target.contains("partNumber=3") } })
        process.signal(SIGKILL)
        _ = try process.wait()
        #expect(scene.open == ["u1"])
        scene.state.withLock { $0.fault = nil }
        let output = try scene.run("push", "big", scene.url("k"))
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(scene.open.isEmpty && scene.state.withLock { $0.aborted } == ["u1"])
        #expect(scene.objects["k"] == large)
    }

    @Test func whatCannotBePushedIsSaidBeforeAnythingIsSent() throws {
        let scene = try BucketScene()
        try scene.folder.write("file", "content")
        expectFailure(
            try scene.run("push", "nothing", scene.url("k")), 3, about: "there is nothing to push", advises: false)
        expectFailure(try scene.run("push", "file", scene.url("*.txt")), 64, about: "a push needs one URL")
        expectFailure(
            try scene.run("push", "file", scene.url("k"), "--match", "*"), 64, about: "'--match' selects",
            advises: false)
        #expect(scene.server.exchanges.isEmpty)
    }
}
