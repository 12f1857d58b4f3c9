internal import ArgumentParser
internal import Execution
internal import Glibc
internal import Platform

/// How a command talks to the person in front of it.
struct ConsoleOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Only errors and warnings on stderr.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Log decisions, retries and waits; -vv also every object and every request.")
    var verbose: Int

    @Option(
        help: .init("When to show progress: live on a terminal, a line every few seconds elsewhere.", valueName: "when")
    )
    var progress = ProgressChoice.auto

    @Option(help: .init("When to use colors; NO_COLOR and CLICOLOR_FORCE are followed.", valueName: "when"))
    var color = ColorChoice.auto

    /// From here on stderr is used as asked for.
    func apply() { Console.configure(color: color, quiet: quiet) }

    /// Work that brings objects, with its progress on the screen and with signals going to it.
    func during<Result>(
        _ progress: Progress, _ interruption: Interruption, _ work: () throws -> Result
    ) rethrows -> Result {
        try Signals.reaching(interruption) { try ProgressDisplay.during(progress, self, work) }
    }
}

/// How a command that carries out a plan tells and records what it does.
struct OutputOptions: ParsableArguments {
    @OptionGroup(title: "Output options") var console: ConsoleOptions

    @Flag(help: "Print what happens as events on stdout, one JSON object a line, the last one a summary.")
    var json = false

    @Option(
        help: .init("Write a record of the run to this file: JSON, also when the run fails.", valueName: "file"),
        completion: .file())
    var receipt: String?

    /// Runs a command's work and closes its events and its receipt, however it ends.
    func run(_ command: String, _ work: (RunReport) throws -> Void) throws {
        console.apply()
        let report = RunReport(command, self)
        do {
            try work(report)
        } catch {
            report.close(failing: error)
            throw error
        }
        try report.close()
    }
}

enum ProgressChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}

enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never

    /// The flag, then NO_COLOR (no-color.org), then CLICOLOR_FORCE (bixense.com/clicolors), then whether somebody looks.
    func usesColor(on descriptor: Int32) -> Bool {
        switch self {
        case .always: return true
        case .never: return false
        case .auto: break
        }
        if let text = getenv("NO_COLOR"), text.pointee != 0 { return false }
        if let text = getenv("CLICOLOR_FORCE"), text.pointee != 0, String(cString: text) != "0" { return true }
        return Terminal.isTerminal(descriptor) && !isDumbTerminal
    }
}

/// A terminal that knows no control sequences.
var isDumbTerminal: Bool { getenv("TERM").map { String(cString: $0) } == "dumb" }
