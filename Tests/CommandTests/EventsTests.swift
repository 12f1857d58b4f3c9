internal import Planning
internal import Platform
internal import TestSupport
internal import Testing

@Suite struct EventsTests {
    /// What stdout holds, every line of it.
    private func events(_ output: Binary.Output) throws -> [JSON] {
        try output.stdout.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    @Test func aRunIsToldAsEventsThatEndWithASummary() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("hello".utf8))
        let output = try scene.run(["pull", scene.manifest(["a.txt"]), "--json"])
        let events = try events(output)
        #expect(output.exitCode == 0)
        #expect(events.allSatisfy { $0["schema"]?.integer == 1 && $0["time"]?.string?.hasSuffix("Z") == true })
        #expect(events.compactMap { $0["event"]?.string } == ["plan", "fetching", "acquired", "placed", "summary"])
        #expect(events[0]["entries"]?.array?.first?["action"] == "link")
        #expect(events[2]["origin"] == "network" && events[2]["bytes"] == 5 && events[2]["transferred_bytes"] == 5)
        let last = try #require(events.last)
        #expect(last["exit_code"] == 0 && last["objects_transferred"] == 1 && last["bytes"] == 5)
    }

    @Test func aFailureIsAnEventWithKindCauseAndAdvice() throws {
        let scene = try TerminalScene()
        let output = try scene.run(["pull", scene.manifest(["gone.txt"]), "--json"])
        let events = try events(output)
        #expect(output.exitCode == 3)
        let failed = try #require(events.first { $0["event"] == "failed" })
        #expect(failed["entry"] == "artifacts/gone" && failed["optional"] == false)
        #expect(failed["failure"]?["kind"] == "notFound" && failed["failure"]?["exit_code"] == 3)
        #expect(failed["failure"]?["cause"]?.string?.contains("404") == true)
        #expect(failed["failure"]?["advice"]?.string?.isEmpty == false)
        #expect(events.last?["event"] == "summary" && events.last?["exit_code"] == 3)
    }

    @Test func aRetryIsAnEvent() throws {
        let scene = try TerminalScene()
        scene.server.route("/a.txt") { request in
            request.number == 1 ? .unavailable(retryAfter: "0") : .file(Array("a".utf8), for: request)
        }
        let output = try scene.run(["pull", scene.manifest(["a.txt"]), "--json"])
        #expect(output.exitCode == 0)
        #expect(scene.server.requests("/a.txt").count == 2)
        let retry = try #require(try events(output).first { $0["event"] == "retrying" })
        #expect(retry["failure"]?["kind"] == "network" && retry["url"]?.string?.hasSuffix("/a.txt") == true)
    }

    @Test func aRunThatCannotBeginStillEndsWithASummary() throws {
        let scene = try TerminalScene()
        try scene.home.write("m.yaml", "version: 1\nartefacts: []\n")
        let output = try scene.run(["pull", "m.yaml", "--json", "--receipt", "r.json"])
        #expect(output.exitCode == 65)
        let events = try events(output)
        #expect(events.count == 1 && events[0]["event"] == "summary" && events[0]["exit_code"] == 65)
        #expect(try JSON(parsing: scene.home.text("r.json"))["exit_code"] == 65)
    }

    @Test func noSecretReachesEventsReceiptOrLog() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        let url = "http://alice:wonderland@127.0.0.1:\(scene.server.port)/a.txt?sig=topsecret"
        let manifest = try scene.home.write(
            "m.yaml", "version: 1\nworkspace: ./ws\nartifacts:\n  - name: a\n    url: \(url)\n")
        let output = try scene.run(["pull", manifest, "--json", "-vv", "--receipt", "r.json"])
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(scene.server.requests("/a.txt").first?.target.contains("topsecret") == true)
        #expect(output.stderr.contains("http: GET"))
        let said = try output.stdout + output.stderr + scene.home.text("r.json")
        #expect(!said.contains("topsecret") && !said.contains("wonderland"))
    }

    @Test func aReceiptRecordsWhatWasGivenAndWhatCame() throws {
        let scene = try TerminalScene()
        let bytes = pseudorandomBytes(1000)
        scene.server.file("/a.bin", bytes)
        let manifest = try scene.manifest(["a.bin"])
        #expect(try scene.run(["pull", manifest, "--receipt", "r.json"]).exitCode == 0)
        let receipt = try JSON(parsing: scene.home.text("r.json"))
        func digest(_ path: String) throws -> JSON {
            let bytes = try File(path).hash([.sha256]).values[0]
            return .string("sha256:" + (try #require(Digest(bytes: bytes))).hex)
        }
        #expect(receipt["schema"] == 1 && receipt["command"] == "pull" && receipt["exit_code"] == 0)
        #expect(try receipt["manifest"]?["digest"] == digest(manifest))
        #expect(try receipt["lock"]?["digest"] == digest(scene.home["m.lock"]))
        #expect(receipt["workspace"]?.string == scene.home["ws"])
        #expect(receipt["cache"]?.string == scene.home["cache/clearml-sync"])
        let entry = try #require(receipt["entries"]?.array?.first)
        #expect(entry["entry"] == "artifacts/a" && entry["action"] == "link" && entry["link"]?.string != nil)
        let object = try #require(entry["objects"]?.array?.first)
        #expect(try object["digest"] == digest(scene.home["ws/artifacts/a/a.bin"]))
        #expect(object["origin"] == "network" && object["bytes"] == 1000 && object["transferred_bytes"] == 1000)

        #expect(try scene.run(["pull", manifest, "--receipt", "r.json"]).exitCode == 0)
        let second = try #require(JSON(parsing: scene.home.text("r.json"))["entries"]?.array?.first)
        #expect(second["action"] == "keep" && second["link"] == entry["link"])
        #expect(second["objects"]?.array?.first?["origin"] == "cache")
        #expect(second["objects"]?.array?.first?["digest"] == object["digest"])
    }

    @Test func aFailedRunHasAReceiptToo() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        let manifest = try scene.manifest(["a.txt", "gone.txt"])
        #expect(try scene.run(["pull", manifest, "--keep-going", "--receipt", "r.json"]).exitCode == 9)
        let receipt = try JSON(parsing: scene.home.text("r.json"))
        #expect(receipt["exit_code"] == 9)
        #expect(receipt["failures"]?.array?.map { $0["entry"] } == ["artifacts/gone"])
        #expect(receipt["summary"]?["failed"]?.array == ["artifacts/gone"])
    }

    @Test func aReceiptThatCannotBeWrittenFailsTheRun() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        let output = try scene.run(["pull", scene.manifest(["a.txt"]), "--receipt", "no/such/folder/r.json"])
        #expect(output.exitCode == 3)
        #expect(output.stderr.contains("--receipt"))
        #expect(FileSystem.exists(scene.home["ws/artifacts/a/a.txt"]))
    }
}
