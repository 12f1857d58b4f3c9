internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

/// System calls that fail when nobody expects it. Needs strace(1), which injects the errors, and the right to trace;
/// without them the suite is skipped.
@Suite(.enabled(if: Strace.isPossible, "needs strace and the right to trace processes"))
struct InjectedFaultTests {
    /// - Parameter fault: as strace's `-e inject=` takes it.
    private func pull(_ scene: PullScene, with fault: String) throws -> (output: Binary.Output, injected: Int) {
        let log = scene.folder["strace.log"]
        let calls = String(fault.prefix { $0 != ":" })
        let run = try ChildProcess(
            "strace",
            [
                "-f", "-o", log, "-e", "trace=\(calls)", "-e", "inject=\(fault)", Binary.path(), "pull",
                scene.folder["manifest.yaml"],
            ],
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
        guard let probe = try? ChildProcess("strace", ["-o", "/dev/null", "true"], environment: path) else { return false }
        return (try? probe.wait(.seconds(10))) == 0
    }
}
