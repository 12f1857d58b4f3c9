internal import Glibc
internal import Platform

/// The real binary with a pseudo-terminal (pty(7)) as its stdin, stdout and stderr, and what it has written there.
///
/// util-linux's script(1) makes the terminal; its own output file is what a test reads.
public final class PseudoTerminal: Sendable {
    public let process: ChildProcess
    private let folder: TemporaryFolder

    /// - Parameters:
    ///   - columns: of the terminal.
    ///   - environment: added to `Binary.environment(home:)`.
    public init(
        _ arguments: [String], columns: Int = 80, environment: [String: String] = [:], home: TemporaryFolder,
        workingFolder: String? = nil
    ) throws {
        folder = try TemporaryFolder()
        var whole = Binary.environment(home: home.path).merging(environment) { _, given in given }
        whole["TERM"] = whole["TERM"] ?? "xterm"
        let words = ([try Binary.path()] + arguments).map { "'" + $0 + "'" }.joined(separator: " ")
        process = try ChildProcess(
            "script",
            [
                "--quiet", "--flush", "--return", "--command", "stty cols \(columns) rows 24; exec \(words)",
                folder["typescript"],
            ],
            environment: whole, workingFolder: workingFolder ?? home.path, keepsInputOpen: true)
    }

    /// All that the terminal was sent so far, control characters included.
    public var output: String { (try? folder.text("typescript")) ?? "" }
}
