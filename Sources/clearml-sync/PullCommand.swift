internal import ArgumentParser
internal import Configuration
internal import Execution
internal import Planning
internal import Platform

struct PullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Make the workspace hold exactly what the manifest declares.",
        discussion: "Follows the lock and writes what is missing in it. With everything in place it touches no network."
    )

    @OptionGroup var manifest: ManifestOptions
    @OptionGroup var options: RunOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    @Flag(help: "Ask again what the selected entries' URLs hold, whatever the lock says.")
    var refresh = false

    @Flag(name: [.customShort("n"), .long], help: "Print the plan and change nothing.")
    var dryRun = false

    func run() throws {
        try output.run("pull") { report in
            let began = MonotonicTime.now()
            let settings = try cache.settings(flags: options.flags)
            let terms = SettledTerms(manifest, settings)
            if mayBeSettled, let entries = Settled.entries(terms, environment: ProcessEnvironment.current) {
                return Console.note(
                    SummaryText.nothingToDo(entries: entries, seconds: MonotonicTime.now().seconds(since: began)))
            }
            let runner = try Runner(
                manifest, options, cache, readsOnly: dryRun, upgrading: refresh, settings: settings, report: report)
            let plan = try runner.session.plan(streams: !dryRun)
            guard dryRun else { return try runner.execute(plan, settling: terms) }
            report.planned(plan, in: runner.session)
            if !report.ownsStandardOutput { PlanTable.print(plan) }
        }
    }

    /// Whether a run that finds everything in place has no more to do than to say so.
    private var mayBeSettled: Bool {
        !refresh && !dryRun && !options.force && !options.sync && !manifest.selects && !output.json
            && output.receipt == nil && output.console.verbose == 0
    }
}

extension SettledTerms {
    /// Everything that a run depends on besides the files that it reads.
    init(_ manifest: ManifestOptions, _ settings: Settings) {
        let workspace = manifest.workspace.map { PathArgument.absolute($0) } ?? ""
        self.init(
            manifest: PathArgument.absolute(manifest.manifest),
            settings: "\(ClearMLSync.configuration.version)\n\(workspace)\n\(settings.linkWins)\n\(settings.text)",
            folder: settings.sync.indexDirectory.value ?? settings.cache.directory)
    }
}
