internal import ArgumentParser
internal import Execution
internal import Planning

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell what in the workspace is not as it was placed (stat only).",
        discussion: "Ends with 2 when something is missing, changed, or not declared any more.")

    @OptionGroup var manifest: ManifestOptions
    @OptionGroup var cache: CacheOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let runner = try Runner(manifest, RunOptions.parse([]), cache, readsOnly: true)
        try ReportText.show(runner.session.report(.status), json: json)
    }
}

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Re-hash what is in the workspace and compare it with what was placed.",
        discussion: "Ends with 2 when something is missing or differs.")

    @OptionGroup var manifest: ManifestOptions
    @OptionGroup var cache: CacheOptions

    @Flag(help: "Compare fingerprints (XXH3-128), which takes a fraction of the time of SHA-256.")
    var fast = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let runner = try Runner(manifest, RunOptions.parse([]), cache, readsOnly: true)
        try ReportText.show(runner.session.report(fast ? .fingerprint : .digest), json: json)
    }
}

struct PathCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "path",
        abstract: "Print where entries lie in the workspace, one absolute path per line.",
        discussion: "Ends with 3 when a selected entry is not placed.")

    @OptionGroup var manifest: ManifestOptions
    @OptionGroup var cache: CacheOptions

    func run() throws {
        let session = try Runner(manifest, RunOptions.parse([]), cache, readsOnly: true).session
        for entry in session.selection {
            guard let path = session.path(of: entry.id) else {
                throw Failure(
                    .notFound, "it is not in the workspace", subject: "\(entry.id)",
                    advice: "run 'clearml-sync pull' first")
            }
            Console.result(path)
        }
    }
}

/// What `status` and `verify` print.
enum ReportText {
    static func show(_ report: WorkspaceReport, json: Bool) throws {
        if json {
            let lines = report.lines.map { line in
                JSON.object([
                    "entry": .string("\(line.id)"), "state": .string(line.state.rawValue),
                    "paths": .array(line.paths.map { .string($0) }),
                ])
            }
            Console.result(
                JSON.object(["schema": 1, "clean": .bool(report.isClean), "entries": .array(lines)]).prettyText)
        } else {
            for line in report.lines where line.state != .clean {
                Console.result(
                    line.state.rawValue.padding(to: 14) + "\(line.id)" + (line.paths.first.map { "  " + $0 } ?? ""))
                for path in line.paths.dropFirst() {
                    Console.result(String(repeating: " ", count: 14) + "\(line.id)  " + path)
                }
            }
            let hashed = report.bytes > 0 ? ", \(SummaryText.bytes(report.bytes)) read" : ""
            Console.say(
                "\(report.lines.count) entries, \(report.files) files\(hashed): \(report.isClean ? "all as placed" : "not as placed")"
            )
        }
        if !report.isClean { throw ExitCode(ExitCodes.changes) }
    }
}
