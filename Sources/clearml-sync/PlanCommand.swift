internal import ArgumentParser
internal import Execution
internal import Planning
internal import Platform

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Print what 'pull' would do, and change nothing.",
        discussion: "Servers are asked for the size and version of objects that the lock does not know (HEAD).")

    @OptionGroup var manifest: ManifestOptions
    @OptionGroup var options: RunOptions
    @OptionGroup var cache: CacheOptions

    @Flag(help: "Print JSON.")
    var json = false

    @Option(
        name: [.short, .customLong("output")], help: "Save the plan for 'clearml-sync apply'.", completion: .file())
    var output: String?

    @Flag(help: "End with 2 when the plan has changes.")
    var detailedExitcode = false

    func run() throws {
        let runner = try Runner(manifest, options, cache, readsOnly: true)
        let plan = try runner.session.plan(probes: true)
        if let output {
            let saved = try runner.session.save(plan, settings: runner.settingsText)
            try AtomicFile.write(Array((saved.json.prettyText + "\n").utf8), to: output)
        }
        if json { Console.result(PlanJSON.json(plan).prettyText) } else { PlanTable.print(plan) }
        if detailedExitcode, plan.hasChanges { throw ExitCode(ExitCodes.changes) }
    }
}

struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Carry out a plan that 'plan -o' saved, exactly.",
        discussion: """
            Refused when the manifest, the lock, the configuration or a planned path in the workspace has changed since. \
            Objects that no lock knows must still be of the version that was planned.
            """)

    @Argument(help: "The saved plan.", completion: .file())
    var plan: String

    @OptionGroup var options: RunOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup(title: "Output options") var output: OutputOptions

    func run() throws {
        try output.run("apply") { report in
            let saved = try savedPlan()
            var options = options
            options.force = saved.force
            options.prune = saved.prune
            let runner = try Runner(manifest(of: saved), options, cache, readsOnly: false, report: report)
            try runner.execute(runner.session.plan(following: saved, settings: runner.settingsText))
        }
    }

    private func savedPlan() throws -> SavedPlan {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try File(plan).readAll(limit: 1 << 30) } catch {
            throw Failure(.usage, "the plan cannot be read", cause: error.description)
        }
        return try SavedPlan(parsing: String(decoding: bytes, as: UTF8.self), name: plan)
    }

    private func manifest(of saved: SavedPlan) throws -> ManifestOptions {
        var manifest = try ManifestOptions.parse([saved.manifest, "--workspace", saved.workspace])
        manifest.names = saved.selection.names
        manifest.only = saved.selection.kinds.map(\.plural)
        manifest.tag = saved.selection.tags
        manifest.exclude = saved.selection.exclude
        return manifest
    }
}
