internal import Glibc
internal import Platform

/// The real `clearml-sync`, as the build has put it beside the tests.
public enum Binary {
    public struct Output: Sendable {
        /// 128 + the signal for one that a signal ended.
        public var exitCode: Int32
        public var stdout: String
        public var stderr: String

        public init(exitCode: Int32, stdout: String, stderr: String) {
            (self.exitCode, self.stdout, self.stderr) = (exitCode, stdout, stderr)
        }
    }

    /// Where the executable lies.
    public static func path() throws -> String {
        // The runner is the test bundle itself, or is told where the bundle lies.
        let candidates = [FileSystem.canonicalPath("/proc/self/exe") ?? ""] + CommandLine.arguments
        for candidate in candidates {
            var folder = candidate
            while let slash = folder.lastIndex(of: "/") {
                folder = String(folder[..<slash])
                let binary = folder + "/clearml-sync"
                if access(binary, X_OK) == 0, (try? FileSystem.status(binary)?.kind) == .file { return binary }
                if folder.hasSuffix("/.build") { break }
            }
        }
        throw TestSupportError("no clearml-sync beside the tests: \(candidates)")
    }

    /// What every run gets unless the caller says otherwise: nothing of the user's own, no proxies, no cloud.
    /// - Parameter home: HOME; the cache lies in it, at `cache`.
    public static func environment(home: String) -> [String: String] {
        [
            "PATH": getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8",
            "CLEARML_CACHE_DIR": home + "/cache", "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    /// Runs it to its end.
    /// - Parameters:
    ///   - environment: added to `environment(home:)`, over what stands there.
    ///   - home: nil: an empty folder that is gone afterwards.
    ///   - limit: past it the process is killed and that is an error.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], home: TemporaryFolder? = nil,
        workingFolder: String? = nil, stdin: [UInt8] = [], limit: Duration = .seconds(60)
    ) throws -> Output {
        let home = try home ?? TemporaryFolder()
        let process = try start(
            arguments, environment: environment, home: home, workingFolder: workingFolder, stdin: stdin)
        let exitCode = try process.wait(limit)
        return withExtendedLifetime(home) {
            Output(exitCode: exitCode, stdout: process.stdout, stderr: process.stderr)
        }
    }

    /// Starts it and returns at once; `signal(_:)` and `wait(_:)` are the caller's. `home` must outlive it.
    public static func start(
        _ arguments: [String], environment: [String: String] = [:], home: TemporaryFolder, workingFolder: String? = nil,
        stdin: [UInt8] = []
    ) throws -> ChildProcess {
        let whole = Self.environment(home: home.path).merging(environment) { _, given in given }
        return try ChildProcess(
            path(), arguments, environment: whole, workingFolder: workingFolder ?? home.path, stdin: stdin)
    }
}
