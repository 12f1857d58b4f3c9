public import Caching
public import Planning
internal import Platform
public import Remotes

/// One manifest, its lock, its workspace and the cache, brought together for one command.
///
/// The steps of the one-way flow are its methods: `plan()` resolves, surveys and plans; `execute(_:)` carries out and writes
/// down what was learnt: lock, state, root.
public final class Session {
    /// What a command says about the run as a whole.
    public struct Options: Sendable {
        public var selection = Selection()
        /// Replaces the manifest's own.
        public var workspace: String?
        /// Fail rather than change the lock.
        public var locked = false
        /// Touch no network.
        public var offline = false
        /// Resolve the selected entries anew, whatever the lock says of them.
        public var upgrades = false
        public var force = false
        /// What `link: auto` stands for, and whether it replaces what entries say (a flag does).
        public var link: Entry.LinkMode = .auto
        public var linkWins = false
        /// Hash direct references, so that the lock knows their digests.
        public var hashesDirect = false
        public var prune = true
        public var keepGoing = false
        public var jobs = 64
        /// Bytes a second that may come over the network.
        public var limitRate: Int64?
        public var keepsArchives = false
        public var limits = ExtractionLimits()
        /// Make everything durable before the run ends.
        public var synchronizes = false
        /// Seconds to wait for another process that changes the workspace.
        public var lockTimeout: Double = 600
        /// Seconds without a byte after which a transfer is broken off and tried again.
        public var stallTimeout: Double = 60
        /// Only look: take no lock, change nothing.
        public var readsOnly = false

        public init() {}
    }

    public let manifest: Manifest
    /// Absolute.
    public let manifestPath: String
    public let lockFile: LockFile
    public let workspaceRoot: String
    public let progress = Progress()
    /// What this manifest had in the workspace when the session began.
    public var placedBefore: [Entry.ID: Placed] { state.placed }
    /// The cache's folder.
    public var cacheRoot: String { cache.layout.root }
    let cache: Cache
    let options: Options
    let workspace: Workspace
    let access: AccessRules
    let sources: SourceRules
    let lock: Lock
    /// The SHA-256 of the text that said so.
    private let lockText: Digest?
    let state: Workspace.State
    let selected: [Entry]
    let report: @Sendable (Event) -> Void
    /// Something was said that the next run has to say again.
    private(set) var hasWarned = false
    public let interruption = Interruption()

    public init(
        manifest: Manifest, path: String, cache: Cache, access: AccessRules, sources: SourceRules, options: Options,
        report: @escaping @Sendable (Event) -> Void
    ) throws {
        self.manifest = manifest
        self.manifestPath = path
        self.cache = cache
        self.access = access
        self.sources = sources
        self.options = options
        self.report = report
        do throws(SelectionError) {
            selected = try options.selection.select(from: manifest.entries).map { Session.linking($0, options) }
        } catch {
            throw Failure(.usage, error.description)
        }
        lockFile = LockFile(manifest: path)
        workspaceRoot = options.workspace ?? manifest.workspace
        workspace = try Workspace(
            root: workspaceRoot, section: Session.section(manifest, path), manifest: path,
            lockingFor: options.readsOnly ? nil : options.lockTimeout)
        (lock, lockText) = try lockFile.loadText()
        state = try workspace.load()
    }

    private static func linking(_ entry: Entry, _ options: Options) -> Entry {
        guard entry.link == .auto || options.linkWins else { return entry }
        var entry = entry
        entry.link = options.link
        return entry
    }

    /// The manifest's name in a workspace: its own `name`, else its file's without the extension.
    private static func section(_ manifest: Manifest, _ path: String) -> String {
        if let name = manifest.name { return name }
        let file = path.split(separator: "/").last.map(String.init) ?? "manifest"
        guard let dot = file.utf8.lastIndex(of: UInt8(ascii: ".")), dot > file.startIndex else { return file }
        return String(file[..<dot])
    }

    // MARK: Planning

    /// Names every object, looks at what is there, and decides. Changes nothing.
    /// - Parameters:
    ///   - probes: asks servers for the size and version of unlocked objects (HEAD); otherwise no network is touched.
    ///   - pins: versions and sizes that unlocked objects must have, from a saved plan.
    ///   - streams: entries that have to be listed stay open; `execute(_:)` fetches while it lists.
    public func plan(
        probes: Bool = false, pins: [ExactText: SavedPlan.Pin] = [:], streams: Bool = false
    ) throws -> Plan {
        var resolved = try resolve(leavesOpen: streams)
        if options.locked { try refuseChanges(resolved) }
        if probes, !options.offline {
            Probe(sources: sources, facts: FactFinder(caller: caller, jobs: options.jobs)).ask(&resolved)
        }
        SavedPlan.apply(pins, to: &resolved)
        return try decide(resolved)
    }

    private var caller: StoreCaller { StoreCaller(sources.network, stallTimeout: .seconds(options.stallTimeout)) }

    func decide(_ resolved: [ResolvedEntry]) throws -> Plan {
        let survey = Survey(cache: cache, workspace: workspace, state: state)
        var inventory = try survey.inventory(resolved, declared: Set(manifest.entries.map(\.id)))
        if !options.selection.isEverything { inventory.orphans = [:] }
        var planOptions = PlanOptions()
        planOptions.force = options.force
        planOptions.prune = options.prune
        return Planning.plan(resolved, inventory: inventory, options: planOptions)
    }

    func resolve(leavesOpen: Bool = false) throws -> [ResolvedEntry] {
        let decisions = selected.map { access.decide($0) }
        for warning in Set(decisions.flatMap(\.warnings)).sorted() {
            report(.warning(warning))
            hasWarned = true
        }
        let resolver = Resolver(
            lock: lock, access: access, sources: sources, caller: options.offline ? nil : caller,
            leavesOpen: leavesOpen,
            renewing: options.upgrades)
        var resolved: [ResolvedEntry] = []
        resolved.reserveCapacity(selected.count)
        for (entry, decision) in zip(selected, decisions) {
            do throws(Failure) {
                let one = try resolver.resolve(entry, decision)
                if let reason = one.unlockedReason, !options.upgrades {
                    report(.warning("\(entry.id): resolved anew, since \(reason)"))
                }
                resolved.append(one)
            } catch {
                if !entry.optional, !options.keepGoing { throw error }
                report(.failed(entry.id, error, isOptional: entry.optional))
                unresolved.append((entry.id, error, entry.optional))
            }
        }
        return resolved
    }

    /// Entries whose objects could not even be named.
    private var unresolved: [(id: Entry.ID, failure: Failure, isOptional: Bool)] = []

    private func refuseChanges(_ resolved: [ResolvedEntry]) throws(Failure) {
        for entry in resolved {
            let isLocked =
                entry.lockedListing != nil
                || !entry.isOpen
                    && entry.objects.allSatisfy { object in
                        guard let locked = object.locked else { return false }
                        return entry.access != .cache
                            || locked.digest != nil && (object.recipe == nil || locked.tree != nil)
                    }
            guard !isLocked else { continue }
            throw Failure(
                .manifest, entry.unlockedReason ?? "it is not in the lock", subject: entry.entry.id.description,
                cause: "--locked forbids to change \(lockFile.path)", advice: "run 'clearml-sync lock' first")
        }
        let declared = Set(manifest.entries.map(\.id))
        if let stale = lock.entries.keys.sorted().first(where: { !declared.contains($0) }) {
            throw Failure(
                .manifest, "it is in the lock, but not in the manifest", subject: stale.description,
                cause: "--locked forbids to change \(lockFile.path)", advice: "run 'clearml-sync lock' first")
        }
    }

    // MARK: Executing

    /// Seconds for which an interrupted download is kept: 30 days.
    static let partialLifetime = 30 * 24 * 3600

    /// Carries out a plan and writes down what was learnt, also when some of it failed.
    /// - Parameter settling: leaves a snapshot for the next run, see `Settled`.
    public func execute(_ plan: Plan, settling: Settled.Basis? = nil) throws -> Summary {
        let began = MonotonicTime.now()
        try checkSpace(plan)
        if plan.items.contains(where: { $0.action == .link || $0.action == .relink }) || !plan.removals.isEmpty {
            try cache.durability.synchronizeEarlierRuns()
            try cache.partials.removeStale(olderThan: Session.partialLifetime)
        }
        let outcome = run(plan, fetchesOnly: false)
        var plan = plan
        plan.items = outcome.items
        let (lockText, _) = try concurrently(
            { try record(outcome, plan: plan) }, { [cache] in cache.index.record(outcome.rows) })
        if options.synchronizes { try cache.durability.synchronize() }
        if let settling { settle(plan, outcome, lockText, settling) }
        var summary = Summary(plan: plan, outcome: outcome, seconds: MonotonicTime.now().seconds(since: began))
        // Also what came of objects that are not whole yet.
        summary.bytesTransferred = max(summary.bytesTransferred, progress.bytes)
        return summary
    }

    /// - Parameter fetchesOnly: leaves the workspace alone.
    /// - Returns: also the rows that the index is still to be told, which the caller does.
    func run(_ plan: Plan, fetchesOnly: Bool) -> Executor.Outcome {
        let placement = Placement(workspace: workspace, cache: cache, linker: Linker(blobs: cache.blobs))
        var executorOptions = Executor.Options()
        executorOptions.jobs = options.jobs
        executorOptions.limitRate = options.limitRate
        executorOptions.keepGoing = options.keepGoing
        executorOptions.force = options.force
        executorOptions.offline = options.offline
        executorOptions.keepsArchives = options.keepsArchives
        executorOptions.limits = options.limits
        executorOptions.stallTimeout = options.stallTimeout
        executorOptions.fetchesOnly = fetchesOnly
        executorOptions.sdkCache = SDKCache(root: String(cache.layout.root.dropLast("/clearml-sync".count)))
        let executor = Executor(
            plan, cache: cache, placement: placement, placed: state.placed, sources: sources, access: access,
            survey: Survey(cache: cache, workspace: workspace, state: state), options: executorOptions,
            progress: progress, report: report)
        interruption.reach(executor.interrupt)
        var outcome = executor.run()
        outcome.failures += unresolved
        return outcome
    }

    private func checkSpace(_ plan: Plan) throws(Failure) {
        let together = plan.cacheNeeded + plan.workspaceNeeded
        if plan.cacheNeeded > plan.cacheFree {
            throw Session.tooLittleSpace(plan.cacheNeeded, plan.cacheFree, at: cache.layout.root)
        }
        if plan.workspaceNeeded > plan.workspaceFree || plan.isOneFileSystem && together > plan.workspaceFree {
            throw Session.tooLittleSpace(together, plan.workspaceFree, at: workspaceRoot)
        }
    }

    private static func tooLittleSpace(_ needed: Int64, _ free: Int64, at path: String) -> Failure {
        Failure(
            .noSpace, "there is not enough space: \(needed) bytes are needed, \(free) are free", cause: path,
            advice: "free some space, or choose another cache folder or workspace")
    }

    /// Writes lock, state and root. Each is complete or untouched; all of them hold only what really happened.
    /// - Returns: the SHA-256 of the lock's text as this run read or wrote it last.
    private func record(_ outcome: Executor.Outcome, plan: Plan) throws -> Digest? {
        var lock = self.lock
        let declared = Set(manifest.entries.map(\.id))
        if options.selection.isEverything { lock.entries = lock.entries.filter { declared.contains($0.key) } }
        let failed = Set(outcome.failures.map(\.id))
        for (item, acquired) in zip(outcome.items, outcome.acquired) where !failed.contains(item.entry.entry.id) {
            guard outcome.interruption == nil || outcome.placed[item.entry.entry.id] != nil else { continue }
            if let entry = Session.lockEntry(item, acquired) { lock.entries[item.entry.entry.id] = entry }
        }
        let isPlacedAnew = outcome.placed != state.placed
        let mustSave = isPlacedAnew || !state.intended.isEmpty
        let isLocked = lock == self.lock
        guard mustSave else { return isLocked ? lockText : try lockFile.save(lock) }
        let (lockText, _) = try concurrently(
            { isLocked ? self.lockText : try lockFile.save(lock) },
            { [workspace, cache, workspaceRoot, placed = outcome.placed, open = stillIntended(outcome, declared)] in
                // The root first: a run that finds its state as it left it has no reason to look at the root again.
                if isPlacedAnew { try Session.saveRoot(placed, workspaceRoot, workspace.section, in: cache) }
                try workspace.save(placed, stillIntended: open)
            })
        return lockText
    }

    /// What a killed run was about to place, and this one has neither placed nor found in place: it was interrupted too, or selects
    /// other entries. Forgotten, it would be somebody else's file to the next run.
    private func stillIntended(_ outcome: Executor.Outcome, _ declared: Set<Entry.ID>) -> [Entry.ID: Placed] {
        guard !state.intended.isEmpty else { return [:] }
        let kept = Set(outcome.items.filter { $0.action == .keep }.map(\.entry.entry.id))
        return state.intended.filter { id, _ in
            declared.contains(id) && !kept.contains(id) && outcome.placed[id] == state.placed[id]
        }
    }

    static func lockEntry(_ item: Plan.Item, _ acquired: [Acquired]) -> Lock.Entry? {
        guard acquired.count == item.objects.count else { return nil }
        var objects: [Lock.Object] = []
        for (object, acquired) in zip(item.objects, acquired) {
            var line = Lock.Object(url: object.resolved.url.identity, path: object.resolved.path)
            line.version = acquired.version ?? item.entry.entry.version
            line.validator = acquired.validator
            line.size = acquired.size
            line.digest = acquired.digest
            line.tree = object.resolved.recipe == nil ? nil : acquired.tree
            // An object of the cache that nobody brought is not known yet.
            guard line.digest != nil || item.entry.access != .cache else { return nil }
            objects.append(line)
        }
        return Lock.Entry(key: item.entry.entry.lockKey, objects: objects)
    }

    private static func saveRoot(
        _ placed: [Entry.ID: Placed], _ workspace: String, _ section: String, in cache: Cache
    ) throws {
        var digests: Set<Digest> = []
        digests.reserveCapacity(placed.values.reduce(0) { $0 + $1.objects.count + $1.files.count })
        for entry in placed.values {
            for object in entry.objects {
                if let tree = object.tree { digests.insert(tree) }
            }
            for file in entry.files {
                if case .file(_, _, _, _, let digest, _) = file.kind { digests.insert(digest) }
            }
        }
        let sorted = digests.sorted()
        let state = LockFile.hash(sorted.flatMap(\.bytes)).hex
        try Root(workspace: workspace, section: section, state: state).save(in: cache, digests: sorted)
    }
}
