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
    let cache: Cache
    let placement: Placement
    let sources: SourceRules
    let access: AccessRules
    let survey: Survey
    let options: Options
    let progress: Progress
    let report: @Sendable (Event) -> Void
    let inbox = Inbox()
    /// For work that waits for a server or takes long: each piece has a thread of its own.
    let pool: WorkerPool
    /// For work that is short and comes by the thousand: as many threads as can run at once.
    let workers: WorkerPool
    let locks: FetchLocks?
    var transport: Transport!

    var plan: Plan
    var outcome: Outcome
    var queue: [(item: Int, object: Int)] = []
    var next = 0
    /// Archives under way, and those that wait for one of them to end.
    var archives = 0
    var waitingArchives: [(item: Int, object: Int)] = []
    var jobs: [Int: Job] = [:]
    /// Jobs by the content that they bring: others that want the same wait for them.
    var bringing: [ExactText: Int] = [:]
    var followers: [Int: [(item: Int, object: Int)]] = [:]
    /// How many objects of each item have not come yet.
    var missing: [Int]
    var failed: Set<Int> = []
    var placing = 0
    /// Entries whose listing has not ended.
    var listings: Set<Int> = []
    var waitingListings: [Int] = []
    /// Items whose objects are in the listing's order.
    var wasListed: Set<Int> = []
    let halted = HaltFlag()
    /// Bytes that are still free for what listings bring.
    var room: Int64
    var rows: [Index.Row] = []
    /// When rows last went to the index.
    var recorded = MonotonicTime.now()
    var sourceFolders = SourceFolders()
    var stop: Failure?
    /// Objects under way at once, as servers bear it.
    var window: JobWindow

    init(
        _ plan: Plan, cache: Cache, placement: Placement, placed: [Entry.ID: Placed], sources: SourceRules,
        access: AccessRules, survey: Survey, options: Options, progress: Progress,
        report: @escaping @Sendable (Event) -> Void
    ) {
        self.plan = plan
        self.cache = cache
        self.placement = placement
        self.sources = sources
        self.access = access
        self.survey = survey
        missing = Array(repeating: 0, count: plan.items.count)
        room = plan.cacheFree - plan.cacheNeeded
        self.options = options
        self.progress = progress
        self.report = report
        outcome = Outcome(placed: placed)
        window = JobWindow(most: options.jobs)
        // An object has two followers at most. Threads are made when work waits, so few exist unless servers are slow.
        pool = WorkerPool(threads: 2 * options.jobs + 4)
        // On a network file system each commit waits for a server.
        workers = WorkerPool(threads: cache.isNetwork ? 16 : max(2, Processors.count), patience: 8)
        locks = FetchLocks(layout: cache.layout)
        let inbox = inbox
        transport = Transport(
            network: sources.network, cache: cache, progress: progress,
            pace: Pace(limit: options.limitRate, connections: sources.network.configuration.connectionsPerHost),
            stallTimeout: .seconds(options.stallTimeout),
            schedule: { seconds, work in inbox.schedule(after: seconds, work) },
            retried: { url, failure, seconds in report(.retrying(url: url, failure, seconds: seconds)) },
            wasBusy: { inbox.post(.busy) })
    }

    /// Seconds for which a few free places in the window wait for more.
    private static let gathering = 0.001
    /// A moment has passed in which nothing came.
    private var hasGathered = false

    /// Archives under way at once: unpacking takes memory for its batches.
    static let archivesAtOnce = 8

    /// An interruption by a signal, from any thread: the run ends soon and keeps what it has.
    var interrupt: @Sendable (Int32) -> Void {
        let inbox = inbox
        return { signal in inbox.post(.interrupted(signal)) }
    }

    /// - Returns: also the rows that the index is still to be told, which the caller does.
    func run() -> Outcome {
        defer {
            // Nothing may still be written when the pool ends.
            sources.network.shutdown()
            pool.shutdown()
            workers.shutdown()
        }
        prepare()
        while stop == nil || !jobs.isEmpty || placing > 0 || !listings.isEmpty {
            let isGathering = stop == nil && !startJobs()
            if jobs.isEmpty, placing == 0, listings.isEmpty, next >= queue.count { break }
            let deadline = isGathering ? MonotonicTime.now().adding(seconds: Executor.gathering) : nil
            let messages = inbox.next(until: deadline)
            hasGathered = messages.isEmpty
            for message in messages { handle(message) }
        }
        if stop == nil, !options.fetchesOnly { removeOrphans() }
        outcome.items = plan.items
        outcome.rows = rows
        return outcome
    }

    // MARK: Deciding

    func prepare() {
        var (bytes, unsized) = (Int64(0), 0)
        queue.reserveCapacity(plan.items.count)
        outcome.acquired.reserveCapacity(plan.items.count)
        for index in plan.items.indices {
            let entry = plan.items[index].entry
            outcome.acquired.append(plan.items[index].objects.map { known($0, of: entry) })
            switch plan.items[index].action {
            case .keep, .drift: continue
            case .blocked(let reason):
                fail(index, Failure(.other, reason, advice: "move it away, or give the entry another 'path'"))
                continue
            case .link, .relink: break
            }
            let wanted = enqueue(index, from: 0)
            bytes += wanted.bytes
            unsized += wanted.unsized
            if entry.isOpen {
                // Nobody knows what it will come to.
                unsized += 1
                open(index)
            } else {
                placeIfComplete(index)
            }
        }
        progress.expect(objects: queue.count, bytes: bytes, unsized: unsized)
    }

    /// Queues the objects of an item that have to be brought here.
    /// - Parameter first: the ones before it are queued already.
    func enqueue(_ index: Int, from first: Int) -> (bytes: Int64, unsized: Int) {
        var (bytes, unsized) = (Int64(0), 0)
        for number in first..<plan.items[index].objects.count {
            let acquisition = plan.items[index].objects[number].acquisition
            guard acquisition != .cached, acquisition != .direct else { continue }
            queue.append((index, number))
            outcome.acquired[index][number].isAwaited = true
            missing[index] += 1
            switch acquisition {
            // An archive that is read where it lies costs no download, but it is read.
            case .fetch(let size?) where plan.items[index].entry.access == .cache: bytes += size
            case .fetch, .revalidate: unsized += 1
            case .adopt: bytes += plan.items[index].objects[number].resolved.knownSize ?? 0
            case .unpack, .cached, .direct: break
            }
        }
        return (bytes, unsized)
    }

    func placeIfComplete(_ index: Int) {
        guard missing[index] == 0, !listings.contains(index), !failed.contains(index), stop == nil else {
            return
        }
        sortObjects(index)
        if let failure = listingFailure(index) { return fail(index, failure) }
        if !options.fetchesOnly { place(index) }
    }

    func known(_ object: Plan.Object, of resolved: ResolvedEntry) -> Acquired {
        var acquired = Acquired(
            resolved.access == .cache ? .cache : .direct, digest: object.resolved.locked?.digest,
            size: object.resolved.knownSize)
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

    /// Starts as many jobs as the window allows, their requests together: one that is sent alone wakes a thread for itself.
    /// - Returns: false when so few could start that it is worth while to see whether more can in a moment.
    func startJobs() -> Bool {
        guard next < queue.count, jobs.count < window.now else { return true }
        guard hasGathered || jobs.isEmpty || 8 * (window.now - jobs.count) >= window.now else { return false }
        sources.network.gather {
            while jobs.count < window.now, next < queue.count, stop == nil {
                let (item, object) = queue[next]
                next += 1
                guard !failed.contains(item) else { continue }
                start(item, object)
            }
        }
        return true
    }

    private func content(of object: ResolvedObject, _ identity: String) -> ExactText {
        let name = object.locked?.digest?.hex ?? identity
        return ExactText(object.recipe.map { name + "\n" + $0.description } ?? name)
    }

    func start(_ item: Int, _ object: Int) {
        let planned = plan.items[item].objects[object]
        let url = planned.resolved.url
        let identity = planned.resolved.identity(url, version: plan.items[item].entry.entry.version)
        let content = content(of: planned.resolved, identity)
        if let other = bringing[content] {
            followers[other, default: []].append((item, object))
            return
        }
        if planned.resolved.recipe != nil {
            guard archives < Executor.archivesAtOnce else { return waitingArchives.append((item, object)) }
            archives += 1
        }
        // What is asked for anew may have another size by now, or none to bring at all.
        var size = planned.resolved.knownSize
        switch planned.acquisition {
        case .fetch(let bytes): size = plan.items[item].entry.access == .cache ? bytes.map { size ?? $0 } : nil
        case .revalidate: size = nil
        case .unpack, .adopt, .cached, .direct: break
        }
        let transfer = progress.begin(url.identity, size: size)
        let job = Job(item: item, object: object, url: url, content: content, identity: identity, transfer: transfer)
        let number = item << 24 | object
        jobs[number] = job
        bringing[content] = number
        acquire(number)
    }

    // MARK: Hearing

    func handle(_ message: Inbox.Message) {
        switch message {
        case .retry(let number):
            if stop == nil { acquire(number) } else { finish(number, .failure(Executor.interrupted)) }
        case .finished(let number, .failure(let failure), _, _)
        where failure.kind == .integrity && jobs[number]?.hasTriedAdopting == true && jobs[number]?.download == nil:
            // What lay there was of another version: now the network.
            if stop == nil { acquire(number) } else { finish(number, .failure(Executor.interrupted)) }
        case .finished(let number, let result, let blob, let placed):
            if let blob, case .success(let acquired) = result { remember(number, acquired, blob) }
            finish(number, result, placed)
        case .placed(let item, let result):
            placing -= 1
            didPlace(item, result)
        case .listed(let item, let objects): listed(item, objects)
        case .listingEnded(let item, let failure): listingEnded(item, failure)
        case .busy:
            if window.reduce() { transport.pace.slowDown() }
        case .interrupted(let signal):
            outcome.interruption = signal
            halt(Executor.interrupted)
        case .timer(let work): work()
        }
    }

    static var interrupted: Failure { Failure(.interrupted, "interrupted") }

    /// Bytes from which on an object's rows are in the index before its lock is free: who waits for it is not to fetch it again.
    static let largeObject: Int64 = 1 << 20

    static func rows(_ identity: String, _ acquired: Acquired, _ blob: Blob) -> [Index.Row] {
        guard let validator = acquired.validator else { return [.blob(blob)] }
        let seen = Index.Seen(validator: validator, digest: blob.digest, size: blob.size)
        return [.blob(blob), .seen(url: identity, seen)]
    }

    func remember(_ number: Int, _ acquired: Acquired, _ blob: Blob) {
        guard let job = jobs[number], blob.size < Executor.largeObject else { return }
        rows += Executor.rows(job.identity, acquired, blob)
        // A process that comes after we are killed is not to fetch much of it again.
        if rows.count >= 8000 || recorded.adding(seconds: 1) < .now() {
            workers.submit { [cache, rows] in cache.index.record(rows) }
            rows = []
            recorded = .now()
        }
    }

    /// - Parameter placed: what came of the entry, where it was placed as soon as its one object was here.
    func finish(_ number: Int, _ result: Result<Acquired, Failure>, _ placed: Result<Placed, Failure>? = nil) {
        guard let job = jobs.removeValue(forKey: number) else { return }
        progress.end(job.transfer)
        if job.holdsLock { locks?.release(job.lockKey) }
        if plan.items[job.item].objects[job.object].resolved.recipe != nil {
            archives -= 1
            queue += waitingArchives
            waitingArchives = []
        }
        bringing[job.content] = nil
        let waiters = followers.removeValue(forKey: number) ?? []
        switch result {
        case .success(let acquired):
            window.grow()
            accept(acquired, job.item, job.object, url: job.url, placed)
            for (item, object) in waiters {
                var same = acquired
                same.origin = .cache
                same.transferred = 0
                if case .fetch(let bytes) = plan.items[item].objects[object].acquisition { progress.spare(bytes) }
                accept(same, item, object, url: plan.items[item].objects[object].resolved.url)
            }
        case .failure(var failure):
            let wasLocked = plan.items[job.item].objects[job.object].resolved.locked != nil
            if failure.kind == .integrity, failure.advice == nil, wasLocked {
                let name = plan.items[job.item].entry.entry.id.name
                failure.advice = "if the new content is right, run 'clearml-sync lock --upgrade' for \(name)"
            }
            fail(job.item, failure)
            // Another entry may have other mirrors or credentials for the same content.
            for waiter in waiters { queue.append(waiter) }
        }
    }

    func accept(
        _ acquired: Acquired, _ item: Int, _ object: Int, url: LogicalURL, _ placed: Result<Placed, Failure>? = nil
    ) {
        outcome.acquired[item][object] = acquired
        report(.acquired(plan.items[item].entry.entry.id, url: url.identity, acquired))
        missing[item] -= 1
        if let placed { didPlace(item, placed) } else { placeIfComplete(item) }
    }

    func fail(_ item: Int, _ failure: Failure) {
        guard failed.insert(item).inserted else { return }
        let entry = plan.items[item].entry.entry
        let failure = failure.about(entry.id)
        guard failure.kind != .interrupted else { return halt(failure) }
        outcome.failures.append((entry.id, failure, entry.optional))
        report(.failed(entry.id, failure, isOptional: entry.optional))
        if !entry.optional, !options.keepGoing { halt(failure) }
    }

    func halt(_ failure: Failure) {
        guard stop == nil else { return }
        stop = failure
        halted.set()
        listings.subtract(waitingListings)
        waitingListings = []
        for job in jobs.values { job.download?.cancel(Executor.interrupted) }
    }
}
