internal import CLinux
internal import Glibc

/// A program that is run to its end, for what it writes: bounded in bytes and in time.
public struct ProcessRun: Sendable {
    /// The exit status; 128 + the signal for one that a signal ended.
    public var status: Int32
    public var output: [UInt8]
    /// What it wrote to its standard error.
    public var errors: [UInt8]

    public enum Failure: Error, Sendable, CustomStringConvertible {
        /// errno of pipe2(2) or posix_spawn(3).
        case start(Int32)
        /// It was killed, and what it had started in its process group.
        case timeout(seconds: Double)
        case tooMuchOutput(limit: Int)

        public var description: String {
            switch self {
            case .start(let code): "cannot be started: \(String(cString: strerror(code)))"
            case .timeout(let seconds): "still ran after \(Int(seconds)) s"
            case .tooMuchOutput(let limit): "wrote more than \(limit) bytes"
            }
        }
    }

    /// Runs `/bin/sh -c command` in a process group of its own, with an empty standard input.
    /// - Parameters:
    ///   - environment: the whole of it; nothing is inherited.
    ///   - limit: bytes of each of the two outputs.
    public init(
        shell command: String, environment: [String: String], seconds: Double = 60, limit: Int = 1 << 20
    ) throws(Failure) {
        let output = try Pipe()
        let errors = try Pipe()
        let child = try Self.start(["/bin/sh", "-c", command], environment, output.writeEnd, errors.writeEnd)
        output.closeWriteEnd()
        errors.closeWriteEnd()
        let deadline = MonotonicTime.now().adding(seconds: seconds)
        do throws(Failure) {
            try Self.gather(output, errors, deadline: deadline, seconds: seconds, limit: limit)
            status = try Self.wait(child, deadline: deadline, seconds: seconds)
        } catch {
            kill(-child, SIGKILL)
            _ = retryingInterrupts { waitpid(child, nil, 0) }
            throw error
        }
        (self.output, self.errors) = (output.bytes, errors.bytes)
    }

    private static func start(
        _ line: [String], _ environment: [String: String], _ output: Int32, _ errors: Int32
    ) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
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
        var arguments = line.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for string in arguments + variables { free(string) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, line[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw .start(code) }
        return child
    }

    /// Reads both pipes to their ends.
    private static func gather(
        _ output: Pipe, _ errors: Pipe, deadline: MonotonicTime, seconds: Double, limit: Int
    ) throws(Failure) {
        while output.isOpen || errors.isOpen {
            let left = deadline.seconds(since: .now())
            guard left > 0 else { throw .timeout(seconds: seconds) }
            var polled = [output, errors].filter(\.isOpen).map {
                pollfd(fd: $0.readEnd, events: Int16(POLLIN), revents: 0)
            }
            poll(&polled, nfds_t(polled.count), Int32(min(left * 1000, 1000)) + 1)
            for pipe in [output, errors] where polled.contains(where: { $0.fd == pipe.readEnd && $0.revents != 0 }) {
                pipe.readSome()
                guard pipe.bytes.count <= limit else { throw .tooMuchOutput(limit: limit) }
            }
        }
    }

    /// It has closed its outputs and is all but gone.
    private static func wait(_ child: pid_t, deadline: MonotonicTime, seconds: Double) throws(Failure) -> Int32 {
        var raw: Int32 = 0
        while retryingInterrupts({ waitpid(child, &raw, WNOHANG) }) == 0 {
            guard MonotonicTime.now() < deadline else { throw .timeout(seconds: seconds) }
            usleep(1000)
        }
        return raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
    }
}

/// What one of a child's outputs is read from.
private final class Pipe {
    let readEnd: Int32
    private(set) var writeEnd: Int32
    private(set) var isOpen = true
    private(set) var bytes: [UInt8] = []

    init() throws(ProcessRun.Failure) {
        var ends: [Int32] = [-1, -1]
        guard linux_pipe(&ends) == 0 else { throw .start(errno) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeWriteEnd()
        close(readEnd)
    }

    func closeWriteEnd() {
        if writeEnd >= 0 { close(writeEnd) }
        writeEnd = -1
    }

    /// read(2), once; at the end the pipe is not open any more.
    func readSome() {
        let more = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
            count = max(0, retryingInterrupts { read(readEnd, buffer.baseAddress, buffer.count) })
        }
        if more.isEmpty { isOpen = false } else { bytes += more }
    }
}
