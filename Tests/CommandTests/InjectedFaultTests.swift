internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

/// System calls that fail when nobody expects it. Needs strace(1), which injects the errors, and the right to trace;
/// without them the suite is skipped.
@Suite(.enabled(if: Strace.isPossible, "needs strace and the right to trace processes"))
struct InjectedFaultTests {
    /// - Parameters:
    ///   - fault: as strace's `-e inject=` takes it.
    ///   - path: only calls that name this file fail.
    private func pull(
        _ scene: PullScene, with fault: String, on path: String? = nil
    ) throws -> (output: Binary.Output, injected: Int) {
        let log = scene.folder["strace.log"]
        let calls = String(fault.prefix { $0 != ":" })
        let run = try ChildProcess(
            "strace",
            [
                "-f", "-o", log, "-e", "trace=\(calls)", "-e", "inject=\(fault)",
            ] + (path.map { ["-P", $0] } ?? []) + [Binary.path(), "pull", scene.folder["manifest.yaml"]],
            environment: Binary.environment(home: scene.home.path), workingFolder: scene.folder.path)
        let exitCode = try run.wait()
        let injected = try scene.folder.text("strace.log").split(separator: "\n").count { $0.hasSuffix("(INJECTED)") }
        return (Binary.Output(exitCode: exitCode, stdout: run.stdout, stderr: run.stderr), injected)
    }

    @Test(arguments: [
        ("pwrite64:error=ENOSPC:when=2+", Int32(7)), ("pwrite64:error=EIO:when=2+", 1), ("fallocate:error=ENOSPC", 7),
        ("pwrite64:error=EDQUOT:when=2+", 7), ("renameat2,rename,renameat:error=EIO", 1),
        ("fsync,fdatasync:error=EIO", 1),
    ])
    func aFailingDiskEndsTheRunAndLeavesNothingWrong(_ fault: String, _ exitCode: Int32) throws {
        let scene = try PullScene()
        let (large, small) = (LargeObjectTests.largeBytes(1 << 20), pseudorandomBytes(3000))
        scene.server.file("/small.bin", small)
        try scene.declare(PullScene.entry("small", scene.server.url("/small.bin")))
        try scene.pullWell()
        scene.server.file("/a.bin", large)
        try scene.declare(
            PullScene.entry("small", scene.server.url("/small.bin")), PullScene.entry("a", scene.server.url("/a.bin")))
        let (output, injected) = try pull(scene, with: fault)
        #expect(injected > 0)
        #expect(output.exitCode == exitCode, "\(output.stderr)")
        #expect(output.stderr.contains("error: ") && output.stderr.contains("  cause: "), "\(output.stderr)")
        #expect(scene.placed("artifacts/small/small.bin") == small)
        #expect(scene.placed() == nil)

        try scene.pullWell()
        #expect(scene.placed() == large)
        #expect(scene.placed("artifacts/small/small.bin") == small)
    }

    /// What a pull writes down at its end: the lock by one thread, root and then state by another.
    enum Record: CaseIterable {
        case lock, state, root

        func path(_ scene: PullScene) throws -> String {
            switch self {
            case .lock: return scene.folder["manifest.lock"]
            case .state: return scene.workspace + "/.clearml-sync/manifest.state"
            case .root:
                let roots = scene.cache + "/roots"
                return try roots + "/" + #require(FileSystem.list(roots).first).name
            }
        }
    }

    /// The disk is full just when one of the files would take its place, and has room for those of the other thread.
    @Test(arguments: Record.allCases) func whatCouldNotBeWrittenDownIsRepairedByTheNextRun(_ record: Record) throws {
        let scene = try PullScene()
        let files = (1...3).map { pseudorandomBytes(3000, seed: UInt64($0)) }
        for (number, bytes) in files.enumerated() { scene.server.file("/\(number).bin", bytes) }
        try scene.declare(PullScene.entry("a", scene.server.url("/0.bin"), "path: a"))
        try scene.pullWell()
        func records() throws -> [Record: [UInt8]] {
            try .init(uniqueKeysWithValues: Record.allCases.map { ($0, try File($0.path(scene)).readAll()) })
        }
        let before = try records()

        try scene.declare(
            PullScene.entry("a", scene.server.url("/1.bin"), "path: a"),
            PullScene.entry("b", scene.server.url("/2.bin"), "path: b"))
        let (output, injected) = try pull(scene, with: "renameat:error=ENOSPC", on: record.path(scene))
        #expect(injected == 1)
        #expect(output.exitCode == 7, "\(output.stderr)")
        #expect(output.stderr.contains("no space left"), "\(output.stderr)")
        #expect(try scene.tree() == ["a": files[1], "b": files[2]])
        let after = try records()
        // The one that failed is whole and old; what the other thread wrote is there.
        #expect(after[record] == before[record])
        #expect((after[.lock] == before[.lock]) == (record == .lock))
        #expect((after[.state] == before[.state]) == (record != .lock))

        let sent = scene.server.exchanges.reduce(0) { $0 + $1.bytesSent }
        try scene.pullWell()
        #expect(scene.server.exchanges.reduce(0) { $0 + $1.bytesSent } == sent)
        #expect(try scene.tree() == ["a": files[1], "b": files[2]])
        let repaired = try records()
        for (name, bytes) in repaired {
            let text = String(decoding: bytes, as: UTF8.self)
            let named = files.map { text.contains(checksum($0).dropFirst(7)) }
            #expect(named == [false, true, true], "\(name): \(text)")
        }
        let verified = try Binary.run(
            ["verify", scene.folder["manifest.yaml"]], home: scene.home, workingFolder: scene.folder.path)
        #expect(verified.exitCode == 0, "\(verified.stderr)")
        let requests = scene.server.exchanges.count
        try scene.pullWell("--locked")
        #expect(scene.server.exchanges.count == requests)
        // Both are known as ours: they go when they are not declared any more.
        try scene.declare([])
        try scene.pullWell()
        #expect(try scene.tree().isEmpty)
    }

    /// A signal in the middle of a system call is no error.
    @Test(arguments: ["write,pwrite64:error=EINTR:when=2+3"])
    func anInterruptedCallIsMadeAgain(_ fault: String) throws {
        let scene = try PullScene()
        let large = LargeObjectTests.largeBytes(1 << 20)
        scene.server.file("/a.bin", large)
        try scene.declareOne()
        let (output, injected) = try pull(scene, with: fault)
        #expect(injected > 0)
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(scene.placed() == large)
    }
}

enum Strace {
    static var isPossible: Bool {
        let path = ["PATH": "/usr/bin:/bin:/usr/local/bin"]
        guard let probe = try? ChildProcess("strace", ["-o", "/dev/null", "true"], environment: path) else {
            return false
        }
        return (try? probe.wait(.seconds(10))) == 0
    }
}
