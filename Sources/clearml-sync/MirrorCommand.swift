internal import ArgumentParser
internal import Execution
internal import Planning
internal import Platform

struct MirrorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Copy every object of a manifest to another store or folder.",
        discussion: """
            Objects go to stable paths below the URL, <kind>/<name>/<path>, and a manifest is written that reads from \
            there and keeps the original as a mirror. What is there already is not copied again.
            """)

    @Argument(help: "The manifest, YAML or JSON.", completion: .file())
    var manifest: String

    @Argument(help: "The store's URL or the folder that becomes the mirror.")
    var url: String

    @Option(
        name: .shortAndLong,
        help: .init("Where the mirror's manifest goes; its lock stands beside it.", valueName: "file"),
        completion: .file())
    var output = "mirrored.yaml"

    @Flag(help: "Remove from the mirror what the manifest does not mean any more.")
    var prune = false

    @Flag(help: "Print a summary as JSON.")
    var json = false

    @Option(name: [.customShort("j"), .long], help: .init("Objects under way at once.", valueName: "count"))
    var jobs: Int?

    @Option(help: "Seconds without a byte after which a transfer is broken off and tried again.")
    var stallTimeout: Double = 60

    @OptionGroup var cache: CacheOptions
    @OptionGroup(title: "Output options") var console: ConsoleOptions

    func run() throws {
        console.apply()
        let manifestOptions = try ManifestOptions.parse([manifest])
        var options = try RunOptions.parse([])
        options.jobs = jobs
        options.stallTimeout = stallTimeout
        let runner = try Runner(manifestOptions, options, cache, readsOnly: true)
        let session = runner.session
        let mirror = try Mirror(session, to: url, base: FileSystem.currentFolder, prunes: prune)
        do {
            let (outcome, written) = try console.during(session.progress, session.interruption) { try mirror.run() }
            let output = PathArgument.absolute(output)
            try written?.write(to: output)
            MirrorText.tell(outcome, prunes: prune)
            if json { Console.result(MirrorText.json(outcome, manifest: written == nil ? nil : output).text) }
            if let failure = outcome.failure { throw failure }
            if !json { Console.result(output) }
        } catch let failure as Failure where failure.kind == .interrupted {
            throw ExitCode(128 + (session.interruption.received ?? 2))
        }
    }
}

/// What `mirror` prints.
private enum MirrorText {
    static func tell(_ outcome: Mirror.Outcome, prunes: Bool) {
        let removed = Set(outcome.removed)
        for path in outcome.vanished {
            Console.note(removed.contains(path) ? "removed \(path)" : "not in the manifest any more: \(path)")
        }
        if outcome.vanished.count > removed.count, !prunes { Console.note("(--prune removes what is not)") }
        var text = SummaryText.count(outcome.copied, "object", "objects") + " copied, "
        text += "\(SummaryText.bytes(outcome.bytes)), \(outcome.unchanged) there already"
        Console.note("done in \(SummaryText.seconds(outcome.seconds)): \(text)")
    }

    static func json(_ outcome: Mirror.Outcome, manifest: String?) -> JSON {
        .object([
            "schema": 1, "copied": .integer(Int64(outcome.copied)), "unchanged": .integer(Int64(outcome.unchanged)),
            "bytes": .integer(outcome.bytes), "vanished": .array(outcome.vanished.map { .string($0) }),
            "removed": .array(outcome.removed.map { .string($0) }), "seconds": .number(outcome.seconds),
            "manifest": manifest.map { .string($0) }, "failure": outcome.failure.map(EventJSON.failure),
        ])
    }
}
