internal import ArgumentParser
internal import Caching
internal import Configuration
internal import Execution
internal import Planning
internal import Platform
internal import Remotes

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look whether the configured stores, hosts and folders can be used.",
        discussion: """
            Each store gets one read-only request. Ends with the code of the worst finding, 0 when there are only warnings.
            """)

    @Argument(help: "Further URLs to ask.")
    var urls: [String] = []

    @Option(help: .init("The workspace's folder.", valueName: "folder"), completion: .directory)
    var workspace = "workspace"

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var cache: CacheOptions

    func run() throws {
        let settings = try cache.settings()
        var findings: [Doctor.Finding] = []
        let opened: Cache?
        do { opened = try cache.openCache(settings) } catch {
            opened = nil
            findings.append(Doctor.Finding(unusableCache: settings.cache.directory, Failure(error)))
        }
        let sources = SourceRules(settings, environment: ProcessEnvironment.current)
        findings += Doctor(settings, sources: sources, base: FileSystem.currentFolder)
            .examine(urls, cache: opened, workspace: PathArgument.absolute(workspace))
        if json {
            Console.result(DoctorText.json(findings, settings).prettyText)
        } else {
            Console.result("configuration  " + (settings.file.value ?? "none"))
            for line in findings.flatMap(DoctorText.lines) { Console.result(line) }
        }
        if let kind = Doctor.worst(findings) { throw ExitCode(ExitCodes.code(for: kind)) }
    }
}

/// What `doctor` prints.
private enum DoctorText {
    static func lines(_ finding: Doctor.Finding) -> [String] {
        var text = finding.text
        if let access = finding.access { text += "; \(access)" }
        if let seconds = finding.seconds { text += "; \(SummaryText.seconds(seconds))" }
        let label = finding.state.rawValue.padding(to: 9) + finding.area.rawValue.padding(to: 11)
        var lines = [label + DisplayText.harmless(finding.subject)]
        lines.append("           " + DisplayText.harmless(text))
        if let cause = finding.cause { lines.append("           cause: " + DisplayText.harmless(cause)) }
        if let advice = finding.advice { lines.append("           help: " + DisplayText.harmless(advice)) }
        return lines
    }

    static func json(_ findings: [Doctor.Finding], _ settings: Settings) -> JSON {
        let list = findings.map { finding in
            JSON.object([
                "area": .string(finding.area.rawValue), "subject": .string(finding.subject),
                "state": .string(finding.state.rawValue), "text": .string(finding.text),
                "access": finding.access.map { .string($0) }, "cause": finding.cause.map { .string($0) },
                "advice": finding.advice.map { .string($0) },
                "exit_code": finding.kind.map { .integer(Int64(ExitCodes.code(for: $0))) },
                "seconds": finding.seconds.map { .number($0) },
            ])
        }
        return .object([
            "schema": 1, "healthy": .bool(Doctor.worst(findings) == nil),
            "configuration": settings.file.value.map { .string($0) } ?? .null, "findings": .array(list),
        ])
    }
}
