internal import ArgumentParser
internal import Execution
internal import Planning

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
            let runner = try Runner(
                manifest, options, cache, readsOnly: dryRun, upgrading: refresh, report: report)
            let plan = try runner.session.plan(streams: !dryRun)
            guard dryRun else { return try runner.execute(plan) }
            report.planned(plan, in: runner.session)
            if !report.ownsStandardOutput { PlanTable.print(plan) }
        }
    }
}
