internal import ArgumentParser
internal import Caching
internal import Configuration
internal import Execution
internal import Planning
internal import Platform
internal import Remotes

/// From command line to session.
struct Runner {
    let session: Session
    /// What `config show` would say: decides whether a saved plan still holds.
    let settingsText: String
    private let report: RunReport?
    private let keepGoing: Bool
    /// What the run depends on, for `Settled`.
    private let files: [(path: String, digest: Digest)]

    /// - Parameters:
    ///   - upgrading: resolve the selected entries anew, whatever the lock says of them.
    ///   - settings: those of the same options, where they have been read already.
    ///   - report: hears what happens; without one only failures and warnings are shown.
    init(
        _ manifestOptions: ManifestOptions, _ run: RunOptions, _ cacheOptions: CacheOptions, readsOnly: Bool,
        upgrading: Bool = false, hashesDirect: Bool = false, settings known: Settings? = nil,
        report: RunReport? = nil
    ) throws {
        let (manifest, path, files) = try ManifestReading.read(manifestOptions.manifest)
        self.files = files
        let settings = try known ?? cacheOptions.settings(flags: run.flags)
        let cache = try cacheOptions.openCache(settings)
        settingsText = settings.text
        var options = Session.Options()
        options.selection = try manifestOptions.selection()
        options.workspace = manifestOptions.workspace.map { PathArgument.absolute($0) }
        options.locked = run.locked
        options.offline = run.offline
        options.force = run.force
        options.prune = run.prune
        options.keepGoing = run.keepGoing
        options.jobs = settings.sync.jobs.value
        options.limitRate = settings.sync.limitRate.value
        options.keepsArchives = settings.sync.keepArchives.value
        options.limits = ExtractionLimits(settings)
        options.link = settings.sync.link.value
        options.linkWins = settings.linkWins
        options.upgrades = upgrading
        options.hashesDirect = hashesDirect
        options.synchronizes = run.sync
        options.lockTimeout = run.lockTimeout
        options.stallTimeout = run.stallTimeout
        options.readsOnly = readsOnly
        keepGoing = run.keepGoing
        let sources = SourceRules(settings, environment: ProcessEnvironment.current, observe: report?.observe)
        self.report = report
        session = try Session(
            manifest: manifest, path: path, cache: cache, access: AccessRules(settings), sources: sources,
            options: options,
            report: report?.hear ?? Runner.show)
    }

    private static let show: @Sendable (Event) -> Void = { event in
        switch event {
        case .failed(let id, let failure, let isOptional):
            Console.show(failure.about(id), as: isOptional ? "warning" : "error")
        case .warning(let text): Console.warn(text)
        default: break
        }
    }

    /// - Parameter terms: leaves a snapshot, with which the next run may see at once that there is nothing to do.
    func execute(_ plan: Plan, settling terms: SettledTerms? = nil) throws {
        let basis = terms.map { Settled.Basis(terms: $0, files: files) }
        let summary =
            try report?.execute(plan, in: session, settling: basis) ?? session.execute(plan, settling: basis)
        if let signal = summary.interruption { throw ExitCode(128 + signal) }
        guard let failure = summary.decisive else { return }
        throw ExitCode(keepGoing ? ExitCodes.code(for: .incomplete) : ExitCodes.code(for: failure))
    }
}

extension Settings {
    /// What `config show` would say of each.
    var text: String { listing.map { "\($0.key)=\($0.value)" }.joined(separator: "\n") }

    /// Whether `link` replaces what entries say: a flag and its variable do.
    var linkWins: Bool {
        switch sync.link.origin {
        case .flag, .environment: true
        default: false
        }
    }
}
