internal import Glibc
internal import Platform

/// A child process in a process group of its own. What it writes goes to files, so that it never waits for a reader.
/// One that is still running when the value goes away is killed.
public final class ChildProcess: @unchecked Sendable {
    public let pid: Int32
    private let folder: TemporaryFolder
    /// The write end of the child's standard input, where it was asked for.
    private var input: Int32
    private var status: Int32?

    /// posix_spawn(3).
    /// - Parameters:
    ///   - environment: the whole of it; nothing is inherited.
    ///   - stdin: given whole, then the end of the file.
    ///   - keepsInputOpen: standard input is instead a pipe that ends with `closeInput()` or with this process.
    public init(
        _ executable: String, _ arguments: [String], environment: [String: String], workingFolder: String? = nil,
        stdin: [UInt8] = [], keepsInputOpen: Bool = false
    ) throws {
        folder = try TemporaryFolder()
        try folder.write("in", stdin)
        var ends: [Int32] = [-1, -1]
        if keepsInputOpen { guard pipe(&ends) == 0 else { throw TestSupportError("pipe: errno \(errno)") } }
        input = ends[1]
        defer { if ends[0] >= 0 { close(ends[0]) } }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if keepsInputOpen {
            posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, folder["in"], O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, folder["out"], O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder["err"], O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // Sockets and pipes of tests that run beside this one. Closing what is not open is no error here (glibc).
        for descriptor in Int32(3)..<256 { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var started: pid_t = 0
        // Swift's Glibc has no posix_spawn_file_actions_addchdir_np.
        let line = (workingFolder.map { ["env", "-C", $0] } ?? []) + [executable] + arguments
        let code = withCStrings(line) { arguments in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawnp(&started, line[0], &actions, &attributes, arguments, environment)
            }
        }
        pid = started
        guard code == 0 else {
            if input >= 0 { close(input) }
            status = 0
            throw TestSupportError("cannot start \(executable): \(String(cString: strerror(code)))")
        }
    }

    deinit {
        if status == nil {
            kill(-pid, SIGKILL)
            _ = waitpid(pid, nil, 0)
        }
        closeInput()
    }

    public var stdout: String { (try? folder.text("out")) ?? "" }
    public var stderr: String { (try? folder.text("err")) ?? "" }

    public func closeInput() {
        if input >= 0 { close(input) }
        input = -1
    }

    public func signal(_ number: Int32) { if status == nil { kill(pid, number) } }

    public var isRunning: Bool {
        guard status == nil else { return false }
        var raw: Int32 = 0
        if waitpid(pid, &raw, WNOHANG) == pid { status = raw }
        return status == nil
    }

    /// Waits for its end; past the limit it is killed and that is an error.
    /// - Returns: the exit code, or 128 + the signal that ended it.
    @discardableResult
    public func wait(_ limit: Duration = .seconds(60)) throws -> Int32 {
        if !waitUntil(limit, { !isRunning }) {
            kill(-pid, SIGKILL)
            var raw: Int32 = 0
            _ = waitpid(pid, &raw, 0)
            status = raw
            throw TestSupportError("still running after \(limit); stdout: \(stdout) stderr: \(stderr)")
        }
        let raw = status ?? 0
        return raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
    }
}

/// Calls `body` with a NULL-terminated array of C strings, as execve(2) takes it.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = strings.map { strdup($0) }
    pointers.append(nil)
    defer { pointers.forEach { free($0) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with a NULL in it is not empty") }
        return body(base)
    }
}
