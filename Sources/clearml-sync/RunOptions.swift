internal import ArgumentParser
internal import Caching
internal import Configuration
internal import Execution
internal import Planning
internal import Remotes

/// Options of commands that carry out a plan.
struct RunOptions: ParsableArguments {
    @Flag(help: "Fail (65) rather than change the lock.")
    var locked = false

    @Flag(help: "Touch no network; fail when something is not in the cache.")
    var offline = false

    @Flag(help: "Replace files that somebody changed.")
    var force = false

    @Flag(help: "Go on after failures; end with 9 when there were any.")
    var keepGoing = false

    @Flag(
        inversion: .prefixedNo, help: "Remove what this manifest placed for entries that it does not declare any more.")
    var prune = true

    @Flag(help: "Make everything durable before the run ends (syncfs).")
    var sync = false

    @Option(name: [.customShort("j"), .long], help: .init("Objects under way at once.", valueName: "count"))
    var jobs: Int?

    @Option(
        help: .init(
            "How files come into the workspace, whatever the manifest says: auto, reflink, hardlink, symlink, copy.",
            valueName: "mode"))
    var link: String?

    @Flag(inversion: .prefixedNo, help: "Keep archives in the cache beside what they hold.")
    var keepArchives: Bool?

    @Option(help: .init("Seconds to wait for another process that changes the workspace.", valueName: "seconds"))
    var lockTimeout: Double = 600

    @Option(help: "Seconds without a byte after which a transfer is broken off and tried again.")
    var stallTimeout: Double = 60

    var flags: [String: String] {
        var flags: [String: String] = [:]
        flags["jobs"] = jobs.map(String.init)
        flags["link"] = link
        flags["keep-archives"] = keepArchives.map(String.init)
        return flags
    }
}

/// From command line to session.
struct Runner {
    let session: Session
    /// What `config show` would say: decides whether a saved plan still holds.
    let settingsText: String
    private let keepGoing: Bool

    /// - Parameter upgrading: resolve the selected entries anew, whatever the lock says of them.
    init(
        _ manifestOptions: ManifestOptions, _ run: RunOptions, _ cacheOptions: CacheOptions, readsOnly: Bool,
        upgrading: [String]? = nil, hashesDirect: Bool = false
    ) throws {
        let (manifest, path) = try ManifestReading.read(manifestOptions.manifest)
        let settings = try cacheOptions.settings(flags: run.flags)
        let cache = try cacheOptions.openCache(settings)
        settingsText = settings.listing.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
        var options = Session.Options()
        options.selection = try manifestOptions.selection()
        options.workspace = manifestOptions.workspace.map { PathArgument.absolute($0) }
        options.locked = run.locked
        options.offline = run.offline
        options.force = run.force
        options.prune = run.prune
        options.keepGoing = run.keepGoing
        options.jobs = settings.sync.jobs.value
        options.keepsArchives = settings.sync.keepArchives.value
        options.limits = ExtractionLimits(settings)
        options.link = settings.sync.link.value
        if case .flag = settings.sync.link.origin { options.linkWins = true }
        if case .environment = settings.sync.link.origin { options.linkWins = true }
        options.upgrade = upgrading
        options.hashesDirect = hashesDirect
        options.synchronizes = run.sync
        options.lockTimeout = run.lockTimeout
        options.stallTimeout = run.stallTimeout
        options.readsOnly = readsOnly
        keepGoing = run.keepGoing
        session = try Session(
            manifest: manifest, path: path, cache: cache, access: AccessRules(settings),
            sources: SourceRules(settings, environment: ProcessEnvironment.current), options: options,
            report: Runner.show)
    }

    private static let show: @Sendable (Event) -> Void = { event in
        switch event {
        case .failed(let id, let failure, let isOptional):
            Console.show(failure.about(id), as: isOptional ? "warning" : "error")
        case .warning(let text): Console.say("warning: \(text)")
        default: break
        }
    }

    func execute(_ plan: Plan) throws {
        let summary = try session.execute(plan)
        Console.say(SummaryText.line(summary))
        for path in summary.drift { Console.say("warning: \(path): changed by somebody; kept as it is (--force replaces it)") }
        if let signal = summary.interruption { throw ExitCode(128 + signal) }
        guard let failure = summary.decisive else { return }
        throw ExitCode(keepGoing ? ExitCodes.code(for: .incomplete) : ExitCodes.code(for: failure))
    }
}
