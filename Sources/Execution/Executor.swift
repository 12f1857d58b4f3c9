internal import Caching
internal import Glibc
internal import Planning
internal import Platform
internal import Remotes

/// Carries out a plan: fetch → verify → extract → commit → link, many objects at once, one loop that decides.
///
/// The loop runs on the caller's thread and owns everything that is decided: what is under way, what waits, what failed.
/// Bytes move on the HTTP client's thread and on the pool's; they report back through the inbox.
final class Executor {
    struct Options: Sendable {
        /// Objects under way at once.
        var jobs = 64
        /// Go on after failures.
        var keepGoing = false
        var force = false
        /// Bring objects into the cache and leave the workspace alone.
        var fetchesOnly = false
        /// Touch no network; what an unlocked URL held the last time is believed.
        var offline = false
        var keepsArchives = false
        /// Where ClearML's SDK keeps its downloads.
        var sdkCache: SDKCache?
        var limits = ExtractionLimits()
        /// Seconds after which an object that another process seems to fetch is fetched here too.
        var patience: Double = 120
        /// Seconds without a byte after which a transfer is broken off and tried again.
        var stallTimeout: Double = 60
    }

    /// What a run came to.
    struct Outcome: Sendable {
        var placed: [Entry.ID: Placed]
        var acquired: [Entry.ID: [Acquired]] = [:]
        /// Of those, the ones that were to be brought here and did not come.
        var absent: [Entry.ID: Set<Int>] = [:]
        var failures: [(id: Entry.ID, failure: Failure, isOptional: Bool)] = []
        var removed: [String] = []
        var kept: [String] = []
        var interruption: Int32?
    }

    private final class Job {
        let item: Int
        let object: Int
        let transfer: Progress.Transfer
        var download: Download?
        var holdsLock = false
        /// Another process held the object's lock.
        var hasWaited = false
        /// A copy in the SDK's cache was looked at.
        var hasTriedAdopting = false
        let waitingSince = MonotonicTime.now()

        init(item: Int, object: Int, transfer: Progress.Transfer) {
            self.item = item
            self.object = object
            self.transfer = transfer
        }
    }

    private let cache: Cache
    private let placement: Placement
    private let sources: SourceRules
    private let options: Options
    private let progress: Progress
    private let report: @Sendable (Event) -> Void
    private let inbox = Inbox()
    private let pool: WorkerPool
    private let client: HTTPClient
    private let locks: FetchLocks?
    private var transport: Transport!

    private var plan: Plan
    private var outcome: Outcome
    private var queue: [(item: Int, object: Int)] = []
    private var next = 0
    private var jobs: [Int: Job] = [:]
    /// Jobs by what they bring: others that want the same wait for them.
    private var bringing: [String: Int] = [:]
    private var followers: [Int: [(item: Int, object: Int)]] = [:]
    private var missing: [Int: Int] = [:]
    private var failed: Set<Int> = []
    private var placing = 0
    private var rows: [Index.Row] = []
    /// Bytes of the blobs that `rows` tell of.
    private var unrecorded: Int64 = 0
    private var stop: Failure?

    init(
        _ plan: Plan, cache: Cache, placement: Placement, placed: [Entry.ID: Placed], sources: SourceRules,
        options: Options, progress: Progress, report: @escaping @Sendable (Event) -> Void
    ) {
        self.plan = plan
        self.cache = cache
        self.placement = placement
        self.sources = sources
        self.options = options
        self.progress = progress
        self.report = report
        outcome = Outcome(placed: placed)
        // Two followers per large object, and a few for linking and small objects.
        pool = WorkerPool(threads: 2 * Executor.largeAtOnce + 4)
        client = HTTPClient(sources.clientConfiguration)
        locks = FetchLocks(layout: cache.layout)
        let inbox = inbox
        transport = Transport(
            client: client, cache: cache, progress: progress, stallTimeout: .seconds(options.stallTimeout),
            schedule: { seconds, work in inbox.schedule(after: seconds, work) },
            retried: { url, failure, seconds in report(.retrying(url: url, failure, seconds: seconds)) })
    }

    /// Large objects under way at once: each has two followers.
    static let largeAtOnce = 8

    /// An interruption by a signal, from any thread: the run ends soon and keeps what it has.
    var interrupt: @Sendable (Int32) -> Void {
        let inbox = inbox
        return { signal in inbox.post(.interrupted(signal)) }
    }

    func run() -> Outcome {
        defer {
            client.shutdown()
            pool.shutdown()
            cache.index.record(rows)
        }
        prepare()
        while stop == nil || !jobs.isEmpty || placing > 0 {
            if stop == nil { startJobs() }
            if jobs.isEmpty, placing == 0, next >= queue.count { break }
            for message in inbox.next() { handle(message) }
        }
        if stop == nil, !options.fetchesOnly { removeOrphans() }
        return outcome
    }

    // MARK: Deciding

    private func prepare() {
        var (bytes, unsized) = (Int64(0), 0)
        for (index, item) in plan.items.enumerated() {
            let id = item.entry.entry.id
            outcome.acquired[id] = item.objects.map { known($0, of: item.entry) }
            switch item.action {
            case .keep, .drift: continue
            case .blocked(let reason):
                fail(index, Failure(.other, reason, advice: "move it away, or give the entry another 'path'"))
                continue
            case .link, .relink: break
            }
            var wanted = 0
            for (number, object) in item.objects.enumerated() where object.acquisition != .cached && object.acquisition != .direct {
                queue.append((index, number))
                outcome.absent[id, default: []].insert(number)
                wanted += 1
                switch object.acquisition {
                // An archive that is read where it lies costs no download, but it is read.
                case .fetch(let size?) where item.entry.access == .cache: bytes += size
                case .fetch, .revalidate: unsized += 1
                case .adopt: bytes += object.resolved.knownSize ?? 0
                case .unpack, .cached, .direct: break
                }
            }
            missing[index] = wanted
            if wanted == 0, !options.fetchesOnly { place(index) }
        }
        progress.expect(objects: queue.count, bytes: bytes, unsized: unsized)
    }

    private func known(_ object: Plan.Object, of resolved: ResolvedEntry) -> Acquired {
        var acquired = Acquired(
            resolved.access == .cache ? .cache : .direct, digest: object.resolved.locked?.digest, size: object.resolved.knownSize)
        // Not locked yet, but cached: the manifest's own checksum says what it is, the blob how large.
        if object.acquisition == .cached, acquired.digest == nil, let digest = resolved.entry.checksum?.digest,
            case .present(let status) = try? cache.blobs.presence(digest)
        {
            (acquired.digest, acquired.size) = (digest, status.size)
        }
        acquired.tree = object.resolved.locked?.tree
        acquired.validator = object.resolved.locked?.validator
        acquired.version = object.resolved.locked?.version
        return acquired
    }

    private func startJobs() {
        while jobs.count < options.jobs, next < queue.count, stop == nil {
            let (item, object) = queue[next]
            next += 1
            guard !failed.contains(item) else { continue }
            start(item, object)
        }
    }

    private func key(_ item: Int, _ object: Int) -> String {
        let planned = plan.items[item].objects[object]
        let recipe = planned.resolved.recipe.map { "\n" + $0.description } ?? ""
        if let digest = planned.resolved.locked?.digest { return digest.hex + recipe }
        return planned.resolved.identity(version: plan.items[item].entry.entry.version) + recipe
    }

    private func start(_ item: Int, _ object: Int) {
        let key = key(item, object)
        if let other = bringing[key] {
            followers[other, default: []].append((item, object))
            return
        }
        let planned = plan.items[item].objects[object]
        // What is asked for anew may have another size by now, or none to bring at all.
        var size = planned.resolved.knownSize
        switch planned.acquisition {
        case .fetch(let bytes): size = plan.items[item].entry.access == .cache ? bytes.map { size ?? $0 } : nil
        case .revalidate: size = nil
        case .unpack, .adopt, .cached, .direct: break
        }
        let transfer = progress.begin(planned.resolved.url.identity, size: size)
        let job = Job(item: item, object: object, transfer: transfer)
        let number = item << 24 | object
        jobs[number] = job
        bringing[key] = number
        acquire(number)
    }
}

extension Executor {
    // MARK: Acquiring

    private func lockKey(_ identity: String) -> UInt64 { LockFile.hash(Array(identity.utf8)).prefix }

    private func acquire(_ number: Int) {
        guard let job = jobs[number] else { return }
        let item = plan.items[job.item]
        let planned = item.objects[job.object]
        let resolved = planned.resolved
        let entry = item.entry.entry
        let identity = resolved.identity(version: entry.version)
        if !job.holdsLock, locks != nil {
            guard locks!.tryAcquire(lockKey(identity)) || job.waitingSince.adding(seconds: options.patience) < .now() else {
                if !job.hasWaited { report(.waiting(entry.id, url: resolved.url.identity)) }
                job.hasWaited = true
                return inbox.schedule(after: 0.1) { [inbox] in inbox.post(.retry(number)) }
            }
            job.holdsLock = true
            // Another process may have brought it while we waited.
            if let there = try? alreadyThere(planned, identity, entry) { return finish(number, .success(there)) }
        }
        report(.fetching(entry.id, url: resolved.url.identity, bytes: resolved.knownSize))
        let order = intakeOrder(entry, resolved, identity)
        switch planned.acquisition {
        case .unpack: unpackCached(number, order)
        case .adopt: takeLocal(number, order, path: placement.workspace.root + "/" + item.entry.path, origin: .adopted)
        case .fetch, .revalidate: fetch(number, order, entry: item.entry, planned: planned)
        case .cached, .direct: break
        }
    }

    private func alreadyThere(_ planned: Plan.Object, _ identity: String, _ entry: Entry) throws -> Acquired? {
        if case .revalidate = planned.acquisition, !options.offline { return nil }
        let seen = cache.index.seen(identity)
        let known = planned.resolved.locked?.digest ?? entry.checksum?.digest
        guard let digest = known ?? (options.offline ? seen?.digest : nil) else { return nil }
        var found = Acquired(.cache, digest: digest, size: planned.resolved.knownSize ?? seen?.size)
        found.validator = planned.resolved.locked?.validator ?? seen?.validator
        if let recipe = planned.resolved.recipe {
            guard let tree = try cache.trees.tree(ofArchive: digest, recipe: recipe),
                tree == planned.resolved.locked?.tree ?? tree || options.offline
            else { return nil }
            found.tree = tree
            return found
        }
        guard let status = try cache.blobs.verified(digest) else { return nil }
        found.size = status.size
        return found
    }

    private func intakeOrder(_ entry: Entry, _ resolved: ResolvedObject, _ identity: String) -> Intake.Order {
        var expectation = Expectation()
        expectation.digest = resolved.locked?.digest ?? entry.checksum?.digest
        expectation.isLocked = resolved.locked?.digest != nil
        expectation.checksum = entry.checksum?.digest == nil ? entry.checksum : nil
        expectation.size = resolved.locked?.size ?? entry.size
        return Intake.Order(
            identity: identity, expectation: expectation, recipe: resolved.recipe,
            keepsArchive: entry.keepArchive ?? options.keepsArchives, limits: options.limits)
    }

    private func unpackCached(_ number: Int, _ order: Intake.Order) {
        guard let job = jobs[number], let recipe = order.recipe,
            let digest = plan.items[job.item].objects[job.object].resolved.locked?.digest
        else { return }
        let intake = Intake(order, cache: cache, pool: pool) { _, _ in }
        pool.submit { [inbox] in
            let result = Result { () -> Acquired in
                var acquired = Acquired(.cache, digest: digest, size: order.expectation.size)
                acquired.tree = try intake.unpack(cached: digest, recipe: recipe)
                return acquired
            }
            inbox.post(.finished(number, result.mapError { Failure($0) }, nil))
        }
    }

    private func takeLocal(_ number: Int, _ order: Intake.Order, path: String, origin: Acquired.Origin) {
        guard let transfer = jobs[number]?.transfer else { return }
        let intake = Intake(order, cache: cache, pool: pool) { _, _ in }
        pool.submit { [inbox, progress] in
            let result = Result { () -> (Acquired, Blob) in
                guard let status = try FileSystem.status(path, followSymlinks: true) else {
                    throw Failure(.notFound, "nothing is there", cause: path, advice: "correct the 'url', or make the entry 'optional'")
                }
                progress.learn(status.size, for: transfer)
                let taken = try intake.take(localFile: path) { progress.add($0, to: transfer) }
                var acquired = Acquired(origin, digest: taken.blob.digest, size: taken.blob.size)
                acquired.tree = taken.tree
                acquired.transferred = taken.blob.size
                acquired.validator = .weak(eTag: nil, size: status.size, modified: nil)
                return (acquired, taken.blob)
            }
            inbox.post(.finished(number, result.map(\.0).mapError { Failure($0) }, try? result.get().1))
        }
    }

    private func fetch(_ number: Int, _ intakeOrder: Intake.Order, entry: ResolvedEntry, planned: Plan.Object) {
        guard let job = jobs[number] else { return }
        do {
            let reached = try sources.sources(planned.resolved.url, mirrors: entry.entry.mirrors, base: entry.entry.base)
            if case .local(let path) = reached.first {
                return takeLocal(number, intakeOrder, path: path, origin: .local)
            }
            guard !options.offline else {
                throw Failure(.network, "not in the cache, and --offline forbids to fetch it", cause: planned.resolved.url.identity, advice: "run once without --offline")
            }
            if let copy = adoptable(planned.resolved.url, intakeOrder.expectation), !job.hasTriedAdopting {
                job.hasTriedAdopting = true
                return takeLocal(number, intakeOrder, path: copy, origin: .adopted)
            }
            let http = reached.compactMap { if case .http(let source) = $0 { source } else { nil } }
            var order = Download.Order(
                identity: intakeOrder.identity, sources: http, expectation: intakeOrder.expectation,
                knownSize: planned.resolved.knownSize ?? entry.entry.size)
            if planned.resolved.locked == nil { order.pinned = planned.resolved.validator }
            var cached: Digest?
            if case .revalidate(let digest, _) = planned.acquisition, let seen = cache.index.seen(intakeOrder.identity) {
                order.cached = seen.validator
                cached = digest
            } else if job.hasWaited, let seen = cache.index.seen(intakeOrder.identity),
                (try? holds(seen.digest, intakeOrder.recipe)) == true
            {
                // Whom we waited for has just brought it: the server need only say that it is still the same.
                order.cached = seen.validator
                cached = seen.digest
            }
            bring(number, order, intakeOrder, job.transfer, cached: cached)
        } catch {
            finish(number, .failure(Failure(error)))
        }
    }

    private func holds(_ digest: Digest, _ recipe: Recipe?) throws -> Bool {
        if let recipe, try cache.trees.tree(ofArchive: digest, recipe: recipe) != nil { return true }
        return try cache.blobs.verified(digest) != nil
    }

    /// A file in the cache of ClearML's SDK that may hold the very bytes; only worth a look when we can tell.
    private func adoptable(_ url: LogicalURL, _ expectation: Expectation) -> String? {
        guard expectation.isDecisive, let sdkCache = options.sdkCache else { return nil }
        return sdkCache.copies(of: url.raw).first { path in
            guard let status = try? FileSystem.status(path, followSymlinks: true), status.kind == .file else { return false }
            return expectation.size == nil || expectation.size == status.size
        }
    }

    /// Wires transport and intake: bytes from the one to the other, the verdict back to the loop.
    private func bring(
        _ number: Int, _ order: Download.Order, _ intakeOrder: Intake.Order, _ transfer: Progress.Transfer, cached: Digest?
    ) {
        let flow = Flow(order, intakeOrder, transport: transport, pool: pool, transfer: transfer, cached: cached) { [inbox] result, blob in
            inbox.post(.finished(number, result, blob))
        }
        jobs[number]?.download = flow.download
        flow.start()
    }

    // MARK: Hearing

    private func handle(_ message: Inbox.Message) {
        switch message {
        case .retry(let number): if stop == nil { acquire(number) } else { finish(number, .failure(Executor.interrupted)) }
        case .finished(let number, .failure(let failure), _)
        where failure.kind == .integrity && jobs[number]?.hasTriedAdopting == true && jobs[number]?.download == nil:
            // What lay there was of another version: now the network.
            if stop == nil { acquire(number) } else { finish(number, .failure(Executor.interrupted)) }
        case .finished(let number, let result, let blob):
            if let blob, case .success(let acquired) = result { remember(number, acquired, blob) }
            finish(number, result)
        case .placed(let item, let result): didPlace(item, result)
        case .interrupted(let signal):
            outcome.interruption = signal
            halt(Executor.interrupted)
        case .timer(let work): work()
        }
    }

    private static var interrupted: Failure { Failure(.interrupted, "interrupted") }

    private func remember(_ number: Int, _ acquired: Acquired, _ blob: Blob) {
        guard let job = jobs[number] else { return }
        rows.append(.blob(blob))
        if let validator = acquired.validator {
            let item = plan.items[job.item]
            let identity = item.objects[job.object].resolved.identity(version: item.entry.entry.version)
            rows.append(.seen(url: identity, Index.Seen(validator: validator, digest: blob.digest, size: blob.size)))
        }
        // A process that waits for this object, or that comes after we are killed, is not to fetch much of it again.
        unrecorded += blob.size
        if rows.count >= 2000 || unrecorded >= 1 << 20 {
            cache.index.record(rows)
            rows.removeAll(keepingCapacity: true)
            unrecorded = 0
        }
    }

    private func finish(_ number: Int, _ result: Result<Acquired, Failure>) {
        guard let job = jobs.removeValue(forKey: number) else { return }
        progress.end(job.transfer)
        let item = plan.items[job.item]
        if job.holdsLock {
            locks?.release(lockKey(item.objects[job.object].resolved.identity(version: item.entry.entry.version)))
        }
        bringing[key(job.item, job.object)] = nil
        let waiters = followers.removeValue(forKey: number) ?? []
        switch result {
        case .success(let acquired):
            accept(acquired, job.item, job.object)
            for (item, object) in waiters {
                var same = acquired
                same.origin = .cache
                same.transferred = 0
                if case .fetch(let bytes) = plan.items[item].objects[object].acquisition { progress.spare(bytes) }
                accept(same, item, object)
            }
        case .failure(var failure):
            if failure.kind == .integrity, failure.advice == nil, item.objects[job.object].resolved.locked != nil {
                failure.advice =
                    "if the new content is right, run 'clearml-sync lock --upgrade' for \(item.entry.entry.id.name)"
            }
            fail(job.item, failure)
            // Another entry may have other mirrors or credentials for the same content.
            for waiter in waiters { queue.append(waiter) }
        }
    }

    private func accept(_ acquired: Acquired, _ item: Int, _ object: Int) {
        let resolved = plan.items[item].objects[object].resolved
        let entry = plan.items[item].entry.entry
        outcome.acquired[entry.id]?[object] = acquired
        outcome.absent[entry.id]?.remove(object)
        report(.acquired(entry.id, url: resolved.url.identity, acquired))
        missing[item, default: 0] -= 1
        if missing[item] == 0, !failed.contains(item), stop == nil, !options.fetchesOnly { place(item) }
    }

    private func fail(_ item: Int, _ failure: Failure) {
        guard failed.insert(item).inserted else { return }
        let entry = plan.items[item].entry.entry
        let failure = failure.about(entry.id)
        guard failure.kind != .interrupted else { return halt(failure) }
        outcome.failures.append((entry.id, failure, entry.optional))
        report(.failed(entry.id, failure, isOptional: entry.optional))
        if !entry.optional, !options.keepGoing { halt(failure) }
    }

    private func halt(_ failure: Failure) {
        guard stop == nil else { return }
        stop = failure
        for job in jobs.values { job.download?.cancel(Executor.interrupted) }
    }

    // MARK: Placing

    private func place(_ index: Int) {
        let item = plan.items[index]
        let entry = item.entry.entry
        let acquired = outcome.acquired[entry.id] ?? []
        var content = Placement.Content(
            path: item.entry.path, mode: entry.link, executable: entry.executable, isFolder: item.entry.isFolder,
            objects: zip(item.objects, acquired).map { object, acquired in
                Placed.Object(path: object.resolved.place, digest: acquired.digest, tree: object.resolved.recipe == nil ? nil : acquired.tree)
            })
        if case .direct(let path) = item.entry.access {
            let whole = item.objects.count == 1 && item.objects[0].resolved.place.isEmpty && item.objects[0].resolved.recipe == nil
            if whole { content.directFolder = path } else {
                for object in item.objects where object.resolved.recipe == nil {
                    content.direct[object.resolved.place] = object.resolved.url.localPath(base: entry.base)
                }
            }
        }
        placing += 1
        let previous = outcome.placed[entry.id]
        let force = options.force
        pool.submit { [placement, inbox, content] in
            let result = Result { try placement.place(content, id: entry.id, previous: previous, force: force) }
            inbox.post(.placed(index, result.mapError { Failure($0) }))
        }
    }

    private func didPlace(_ index: Int, _ result: Result<Placed, Failure>) {
        placing -= 1
        let id = plan.items[index].entry.entry.id
        switch result {
        case .success(let placed):
            if let old = outcome.placed[id], old.path != placed.path, let kept = try? placement.remove(old, force: options.force) {
                outcome.kept += kept
            }
            outcome.placed[id] = placed
            report(.placed(id, path: placed.path, mode: placed.mode))
        case .failure(let failure): fail(index, failure)
        }
    }

    private func removeOrphans() {
        for removal in plan.removals {
            do {
                outcome.kept += try placement.remove(removal.placed, force: options.force)
                outcome.placed[removal.id] = nil
                outcome.removed.append(removal.placed.path)
                report(.removed(removal.id, path: removal.placed.path))
            } catch {
                let failure = Failure(error).about(removal.id)
                outcome.failures.append((removal.id, failure, false))
                report(.failed(removal.id, failure, isOptional: false))
            }
        }
    }
}
