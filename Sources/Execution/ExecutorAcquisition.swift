internal import Caching
internal import Glibc
internal import Planning
internal import Platform
internal import Remotes

/// Bringing objects into the cache: who waits for whom, and which way each one takes.
extension Executor {
    func acquire(_ number: Int) {
        guard let job = jobs[number] else { return }
        let entry = plan.items[job.item].entry
        let planned = plan.items[job.item].objects[job.object]
        let resolved = planned.resolved
        if !job.holdsLock, locks != nil {
            guard locks!.tryAcquire(job.lockKey) || job.waitingSince.adding(seconds: options.patience) < .now()
            else {
                if !job.hasWaited { report(.waiting(entry.entry.id, url: job.url.identity)) }
                job.hasWaited = true
                return inbox.schedule(after: 0.1) { [inbox] in inbox.post(.retry(number)) }
            }
            job.holdsLock = true
            // Another process may have brought it while we waited.
            if let there = try? alreadyThere(planned, job.identity, entry.entry) {
                return finish(number, .success(there))
            }
        }
        report(.fetching(entry.entry.id, url: job.url.identity, bytes: resolved.knownSize))
        let order = intakeOrder(entry.entry, resolved, job.identity)
        switch planned.acquisition {
        case .unpack: unpackCached(number, order)
        case .adopt: takeLocal(number, order, path: placement.workspace.root + "/" + entry.path, origin: .adopted)
        case .fetch, .revalidate: fetch(number, order, entry: entry, planned: planned)
        case .cached, .direct: break
        }
    }

    func alreadyThere(_ planned: Plan.Object, _ identity: String, _ entry: Shared<Entry>) throws -> Acquired? {
        if case .revalidate = planned.acquisition, !options.offline { return nil }
        let known = planned.resolved.locked?.digest ?? entry.checksum?.digest
        let seen = known == nil && !options.offline ? nil : cache.index.seen(identity)
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

    func intakeOrder(_ entry: Shared<Entry>, _ resolved: ResolvedObject, _ identity: String) -> Intake.Order {
        var expectation = Expectation()
        expectation.digest = resolved.locked?.digest ?? entry.checksum?.digest
        expectation.isLocked = resolved.locked?.digest != nil
        expectation.checksum = entry.checksum?.digest == nil ? entry.checksum : nil
        // Only a saved plan gives an object that no lock knows a version and a size.
        expectation.size = resolved.locked?.size ?? entry.size ?? (resolved.isPinned ? resolved.size : nil)
        return Intake.Order(
            identity: identity, expectation: expectation, recipe: resolved.recipe,
            keepsArchive: entry.keepArchive ?? options.keepsArchives, limits: options.limits)
    }

    func unpackCached(_ number: Int, _ order: Intake.Order) {
        guard let job = jobs[number], let recipe = order.recipe,
            let digest = plan.items[job.item].objects[job.object].resolved.locked?.digest
        else { return }
        let intake = Intake(order, cache: cache, pool: pool) { _, _ in }
        let ended = ending(of: number)
        pool.submit {
            let result = Result { () -> Acquired in
                var acquired = Acquired(.cache, digest: digest, size: order.expectation.size)
                acquired.tree = try intake.unpack(cached: digest, recipe: recipe)
                return acquired
            }
            ended(result.mapError { Failure($0) }, nil)
        }
    }

    func takeLocal(_ number: Int, _ order: Intake.Order, path: String, origin: Acquired.Origin) {
        guard let transfer = jobs[number]?.transfer else { return }
        let intake = Intake(order, cache: cache, pool: pool) { _, _ in }
        let ended = ending(of: number)
        // A small file of this machine keeps one of the few threads for a moment only; a server is waited for by many.
        let isShort = order.recipe == nil && transfer.size.map { $0 < Executor.largeObject } ?? false
        let crew = isShort && !sourceFolders.isNetwork(path) ? workers : pool
        crew.submit { [progress] in
            let result = Result { () -> (Acquired, Blob) in
                // A pipe would be waited for without end.
                let found = try FileSystem.status(path, followSymlinks: true)
                guard let status = found, status.kind == .file else {
                    throw Failure(
                        .notFound, found == nil ? "nothing is there" : "this is not a file", cause: path,
                        advice: "correct the 'url', or make the entry 'optional'")
                }
                progress.learn(status.size, for: transfer)
                let taken = try intake.take(localFile: path) { progress.add($0, to: transfer) }
                var acquired = Acquired(origin, digest: taken.blob.digest, size: taken.blob.size)
                acquired.tree = taken.tree
                acquired.transferred = taken.blob.size
                acquired.validator = .weak(eTag: nil, size: status.size, modified: nil)
                return (acquired, taken.blob)
            }
            ended(result.map(\.0).mapError { Failure($0) }, try? result.get().1)
        }
    }

    func fetch(_ number: Int, _ intakeOrder: Intake.Order, entry: ResolvedEntry, planned: Plan.Object) {
        guard let job = jobs[number] else { return }
        do {
            let reached = try sources(planned, of: entry.entry)
            if case .local(let path) = reached.first {
                return takeLocal(number, intakeOrder, path: path, origin: .local)
            }
            guard !options.offline else {
                throw Failure(
                    .network, "not in the cache, and --offline forbids to fetch it",
                    cause: job.url.identity, advice: "run once without --offline")
            }
            if let copy = adoptable(job.url, intakeOrder.expectation), !job.hasTriedAdopting {
                job.hasTriedAdopting = true
                return takeLocal(number, intakeOrder, path: copy, origin: .adopted)
            }
            let remote = reached.compactMap { if case .remote(let object) = $0 { object } else { nil } }
            var order = Download.Order(
                identity: intakeOrder.identity, sources: remote, expectation: intakeOrder.expectation,
                knownSize: planned.resolved.knownSize ?? entry.entry.size)
            if planned.resolved.isPinned { order.pinned = planned.resolved.validator }
            var cached: Digest?
            if case .revalidate(let digest, _) = planned.acquisition, let seen = cache.index.seen(intakeOrder.identity)
            {
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

    /// Where an object can be had, in order. A locked version is asked for first; should it be gone, the same bytes may still
    /// stand under the key itself, and their digest is known.
    private func sources(_ planned: Plan.Object, of entry: Shared<Entry>) throws(Failure) -> [SourceRules.Source] {
        let object = planned.resolved
        let version = entry.version ?? object.locked?.version
        do throws(Refusal) {
            var found = try sources.sources(object, of: entry, version: version)
            if entry.version == nil, version != nil, object.locked?.digest != nil, case .remote(let first) = found[0] {
                found.insert(.remote(RemoteObject(first.store, ObjectID(first.id.key))), at: 1)
            }
            return found
        } catch { throw Failure(refusal: error) }
    }

    func holds(_ digest: Digest, _ recipe: Recipe?) throws -> Bool {
        if let recipe, try cache.trees.tree(ofArchive: digest, recipe: recipe) != nil { return true }
        return try cache.blobs.verified(digest) != nil
    }

    /// A file in the cache of ClearML's SDK that may hold the very bytes; only worth a look when we can tell.
    func adoptable(_ url: LogicalURL, _ expectation: Expectation) -> String? {
        guard expectation.isDecisive, let sdkCache = options.sdkCache else { return nil }
        return sdkCache.copies(of: url.raw).first { path in
            guard let status = try? FileSystem.status(path, followSymlinks: true), status.kind == .file else {
                return false
            }
            return expectation.size == nil || expectation.size == status.size
        }
    }

    /// Wires transport and intake: bytes from the one to the other, the verdict back to the loop.
    func bring(
        _ number: Int, _ order: Download.Order, _ intakeOrder: Intake.Order, _ transfer: Progress.Transfer,
        cached: Digest?
    ) {
        let flow = Flow(
            order, intakeOrder, transport: transport, pool: pool, workers: workers, transfer: transfer,
            cached: cached, report: ending(of: number))
        jobs[number]?.download = flow.download
        flow.start()
    }

    /// Tells the loop that a job has ended; called once, on the thread that brought the object. An entry of which this is all is
    /// placed by that thread: another hand-over costs more than a link.
    func ending(of number: Int) -> @Sendable (Result<Acquired, Failure>, Blob?) -> Void {
        let place = jobs[number].flatMap { placementOnArrival($0) }
        let identity = jobs[number]?.identity ?? ""
        return { [inbox, cache] result, blob in
            if let blob, blob.size >= Executor.largeObject, case .success(let acquired) = result {
                cache.index.record(Executor.rows(identity, acquired, blob))
            }
            var placed: Result<Placed, Failure>?
            if let place, case .success(let acquired) = result { placed = place(acquired) }
            inbox.post(.finished(number, result, blob, placed: placed))
        }
    }
}
