internal import Planning
internal import Platform
internal import TestSupport
internal import Testing

@Suite struct FlagsTests {
    @Test func aVariableStandsForItsFlag() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        let manifest = try scene.manifest(["a.txt"])
        let output = try scene.run(["pull", manifest], environment: ["CLEARML_SYNC_DRY_RUN": "yes"])
        #expect(output.exitCode == 0)
        #expect(output.stdout.contains("fetch"))
        #expect(!FileSystem.exists(scene.home["ws/artifacts"]))
    }

    @Test func aFlagOnTheCommandLineWinsOverItsVariable() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        let manifest = try scene.manifest(["a.txt"])
        let other = scene.home["elsewhere"]
        let output = try scene.run(
            ["pull", manifest, "--workspace", scene.home["given"], "-q"], environment: ["CLEARML_SYNC_WORKSPACE": other]
        )
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(FileSystem.exists(scene.home["given/artifacts/a/a.txt"]))
        #expect(!FileSystem.exists(other))
    }

    @Test func aVariableCanTurnAFlagOff() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        scene.server.file("/b.txt", Array("b".utf8))
        _ = try scene.run(["pull", scene.manifest(["a.txt", "b.txt"])])
        let without = try scene.manifest(["a.txt"])
        #expect(try scene.run(["pull", without], environment: ["CLEARML_SYNC_PRUNE": "0"]).exitCode == 0)
        #expect(FileSystem.exists(scene.home["ws/artifacts/b/b.txt"]))
        #expect(try scene.run(["pull", without, "--prune"], environment: ["CLEARML_SYNC_PRUNE": "0"]).exitCode == 0)
        #expect(!FileSystem.exists(scene.home["ws/artifacts/b/b.txt"]))
    }

    @Test func aRepeatedOptionIsSplitAtCommas() throws {
        let scene = try TerminalScene()
        for name in ["a", "b", "c"] { scene.server.file("/\(name).txt", Array(name.utf8)) }
        let manifest = try scene.manifest(["a.txt", "b.txt", "c.txt"])
        let output = try scene.run(["pull", manifest], environment: ["CLEARML_SYNC_EXCLUDE": "a,c"])
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(try FileSystem.list(scene.home["ws/artifacts"]).map(\.name) == ["b"])
    }

    @Test(arguments: [("QUIET", "perhaps"), ("LOCK_TIMEOUT", "soon"), ("PROGRESS", "often"), ("JOBS", "many")])
    func aBadValueIsAUsageErrorThatNamesItsVariable(name: String, value: String) throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        let manifest = try scene.manifest(["a.txt"])
        let output = try scene.run(["pull", manifest], environment: ["CLEARML_SYNC_" + name: value])
        #expect(output.exitCode == 64)
        #expect(output.stderr.contains("CLEARML_SYNC_" + name) && output.stderr.contains(value))
        #expect(scene.server.exchanges.isEmpty)
    }

    @Test func anEmptyVariableAndOneOfAnotherCommandAreNothing() throws {
        let scene = try TerminalScene()
        scene.server.file("/a.txt", Array("a".utf8))
        let manifest = try scene.manifest(["a.txt"])
        let output = try scene.run(
            ["pull", manifest],
            environment: [
                "CLEARML_SYNC_LOCK_TIMEOUT": "", "CLEARML_SYNC_ORIGIN": "?", "CLEARML_SYNC_VERSION": "3",
                "CLEARML_SYNC_HELP": "1",
            ])
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(output.stdout.isEmpty)
    }

    @Test func aSettingKeepsItsVariableAsItsOrigin() throws {
        let scene = try TerminalScene()
        let output = try scene.run(
            ["config", "show", "--origin"],
            environment: ["CLEARML_SYNC_JOBS": "3", "CLEARML_SYNC_CACHE_DIR": scene.home["c"]])
        #expect(output.exitCode == 0)
        #expect(output.stdout.contains("environment CLEARML_SYNC_JOBS"))
        #expect(output.stdout.contains("environment CLEARML_SYNC_CACHE_DIR"))
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionsKnowTheCommandsAndTheirFlags(shell: String) throws {
        let output = try Binary.run(["completions", shell])
        #expect(output.exitCode == 0)
        #expect(output.stdout.contains("pull") && output.stdout.contains("cache-dir"))
        guard shell == "bash" else { return }
        let check = try ChildProcess(
            "bash", ["-n"], environment: ["PATH": "/usr/bin:/bin"], stdin: Array(output.stdout.utf8))
        #expect(try check.wait() == 0, "\(check.stderr)")
    }

    @Test func everyCommandHasHelp() throws {
        let root = try Binary.run(["--help"])
        #expect(root.exitCode == 0)
        let listed = root.stdout.split(separator: "SUBCOMMANDS:").last ?? ""
        let commands = listed.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("  "), let first = line.dropFirst(2).first, first.isLetter, first.isLowercase else {
                return nil
            }
            return line.split(separator: " ").first.map(String.init)
        }
        #expect(commands.contains("pull") && commands.contains("completions"))
        for command in commands {
            let output = try Binary.run(["help", command])
            #expect(output.exitCode == 0)
            #expect(output.stdout.contains("USAGE: clearml-sync \(command)"))
        }
    }
}
