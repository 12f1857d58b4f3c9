internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

@testable internal import clearml_sync

@Suite struct TerminalTests {
    private static let escape: Character = "\u{1B}"

    @Test func aRunThatIsQuietPrintsNothing() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        let output = try scene.run(["pull", scene.manifest(["a.txt"]), "--quiet"])
        #expect(output.exitCode == 0)
        #expect(output.stdout.isEmpty && output.stderr.isEmpty)
    }

    @Test func aRunClosesWithItsSums() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("hello".utf8))
        let manifest = try scene.manifest(["a.txt"])
        let first = try scene.run(["pull", manifest])
        #expect(first.stdout.isEmpty)
        #expect(first.stderr.contains("1 entry; 1 object fetched, 5 B") && first.stderr.hasPrefix("done in "))
        #expect(try scene.run(["pull", manifest]).stderr.contains("1 entry, nothing to do"))
    }

    @Test func nothingButATerminalGetsControlCharacters() throws {
        let scene = try TerminalScene()
        scene.server.route("/a.txt") {
            .file(pseudorandomBytes(40_000), for: $0).with(.trickle(bytesPerSecond: 20_000))
        }
        let manifest = try scene.manifest(["a.txt", "gone.txt"])
        let output = try scene.run(["pull", manifest, "-vv", "--keep-going", "--progress", "always"])
        #expect(output.exitCode == 9)
        #expect(output.stderr.contains(" of ") && output.stderr.contains("objects\n"))
        #expect(!output.stderr.contains { $0 == Self.escape || $0 == "\r" })
    }

    @Test func colorsFollowFlagAndVariables() throws {
        let scene = try TerminalScene()
        let manifest = try scene.manifest(["gone.txt"])
        func isColored(_ arguments: [String], _ environment: [String: String]) throws -> Bool {
            try scene.run(["pull", manifest] + arguments, environment: environment).stderr.contains(Self.escape)
        }
        #expect(try !isColored([], [:]))
        #expect(try isColored([], ["CLICOLOR_FORCE": "1"]))
        #expect(try !isColored([], ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"]))
        #expect(try isColored(["--color", "always"], ["NO_COLOR": "1"]))
        #expect(try !isColored(["--color", "never"], ["CLICOLOR_FORCE": "1"]))
    }

    @Test func whatServersAndFilesAreCalledCannotSteerTheTerminal() throws {
        let scene = try TerminalScene()
        let manifest = try scene.home.write("m.yaml", "version: 1\n\"art\\e[2Jfacts\": []\n")
        let output = try scene.run(["pull", manifest])
        #expect(output.exitCode == 65)
        #expect(output.stderr.contains("[2J") && !output.stderr.contains(Self.escape))
    }

    @Test func aTerminalShowsLiveProgressAndIsLeftClean() throws {
        let scene = try TerminalScene()
        let bytes = pseudorandomBytes(3 << 20)
        scene.server.route("/model.bin") { .file(bytes, for: $0).with(.trickle(bytesPerSecond: 2 << 20)) }
        let terminal = try PseudoTerminal(
            ["pull", scene.manifest(["model.bin"])], columns: 60, environment: ["LANG": "C"], home: scene.home)
        #expect(try terminal.process.wait() == 0, "\(terminal.output)")
        let output = terminal.output
        #expect(output.contains("of 3.0 MiB") && output.contains("model.bin") && output.contains("#"))
        // A frame begins at the first column; none is wider than the terminal.
        let frames = output.split(separator: "\r").filter { $0.contains("MiB/s") && !$0.contains("done in") }
        #expect(!frames.isEmpty && frames.count < 60)
        for line in frames.flatMap({ plain(String($0)).split(whereSeparator: \.isNewline) }) {
            #expect(line.count < 60, "\(line)")
        }
        // After the last frame all of it is erased, and then come the closing words.
        let end = try #require(output.firstRange(of: "done in"))
        #expect(output[..<end.lowerBound].hasSuffix("\r\u{1B}[J\r"))
    }

    /// Without control sequences.
    private func plain(_ text: String) -> String {
        var (result, isInside) = ("", false)
        for character in text {
            if character == Self.escape { isInside = true }
            if !isInside { result.append(character) }
            if isInside, character.isLetter { isInside = false }
        }
        return result
    }

    @Test(arguments: [(Int32(2), Int32(130)), (Int32(15), Int32(143))])
    func aSignalEndsTheRunInGoodOrderAndTheNextOneGoesOn(signal: Int32, exitCode: Int32) throws {
        let scene = try TerminalScene()
        let bytes = pseudorandomBytes(6 << 20)
        scene.server.route("/model.bin") { request in
            let response = FaultServer.Response.file(bytes, for: request)
            return request.number == 1 ? response.with(.stallAfter(5 << 20)) : response
        }
        let manifest = try scene.manifest(["model.bin"])
        let process = try Binary.start(["pull", manifest, "--json", "--receipt", "r.json"], home: scene.home)
        // What the server has sent may still be on its way; what the journal claims is kept.
        #expect(waitUntil { scene.claims >= 4 })
        process.signal(signal)
        #expect(try process.wait() == exitCode)
        #expect(process.stderr.contains("interrupted after"))
        #expect(process.stdout.contains("\"event\":\"summary\""))
        #expect(try scene.home.text("r.json").contains("\"exit_code\": \(exitCode)"))

        let first = scene.server.bytesSent("/model.bin")
        let second = try scene.run(["pull", manifest])
        #expect(second.exitCode == 0, "\(second.stderr)")
        #expect(try scene.home.read("ws/artifacts/model/model.bin") == bytes)
        #expect(scene.server.bytesSent("/model.bin") - first < 3 << 20)
    }

    @Test func aSecondSignalEndsAtOnce() throws {
        let scene = try TerminalScene()
        // A local file that never ends keeps a run busy that signals cannot reach inside.
        guard mkfifo(scene.home["fifo"], 0o600) == 0 else { throw TestSupportError("mkfifo") }
        let manifest = try scene.home.write(
            "m.yaml", "version: 1\nworkspace: ./ws\nartifacts:\n  - name: a\n    url: ./fifo\n    access: cache\n")
        let process = try Binary.start(["pull", manifest], home: scene.home)
        #expect(waitUntil { FileSystem.exists(scene.home["ws"]) })
        process.signal(SIGINT)
        if waitUntil(.seconds(5), { process.stderr.contains("once more ends at once") || !process.isRunning }) {
            process.signal(SIGINT)
        }
        #expect(try process.wait(.seconds(20)) == 130)
    }
}
