internal import Caching
internal import Planning
internal import Platform
internal import Remotes

/// Listing what is below prefixes and globs while objects of earlier pages are fetched already.
extension Executor {
    static let listingsAtOnce = 8

    /// Starts an entry's listing, or queues it behind others.
    func open(_ index: Int) {
        listings.insert(index)
        waitingListings.append(index)
        startListings()
    }

    private func startListings() {
        while listings.count - waitingListings.count < Executor.listingsAtOnce, !waitingListings.isEmpty, stop == nil {
            startListing(waitingListings.removeFirst())
        }
    }

    private func startListing(_ index: Int) {
        let entry = plan.items[index].entry
        let caller = StoreCaller(
            transport.network, stallTimeout: transport.stallTimeout,
            isCancelled: { [halted] in halted.isSet }, retried: transport.retried)
        pool.submit { [inbox, survey, sources, access, halted] in
            do {
                let decision = access.decide(entry.entry.value)
                let folder = try RemoteFolder(entry.entry.value, decision.transport, sources: sources)
                try folder.list(caller: caller) { page in
                    inbox.post(.listed(index, try survey.plan(page, of: entry)))
                    return !halted.isSet
                }
                inbox.post(.listingEnded(index, nil))
            } catch {
                inbox.post(.listingEnded(index, Failure(error)))
            }
        }
    }

    func listed(_ index: Int, _ objects: [Plan.Object]) {
        guard stop == nil, !failed.contains(index) else { return }
        let first = plan.items[index].objects.count
        plan.items[index].objects += objects
        let entry = plan.items[index].entry
        outcome.acquired[index] += objects.map { known($0, of: entry) }
        let before = queue.count
        let wanted = enqueue(index, from: first)
        progress.expect(objects: queue.count - before, bytes: wanted.bytes, unsized: wanted.unsized)
        room -= wanted.bytes
        if room < 0 {
            fail(
                index,
                Failure(
                    .noSpace, "there is not enough space for what the listing tells of", cause: cache.layout.root,
                    advice: "free some space, or choose another cache folder"))
        }
    }

    func listingEnded(_ index: Int, _ failure: Failure?) {
        listings.remove(index)
        progress.expect(objects: 0, bytes: 0, unsized: -1)
        startListings()
        if let failure { return fail(index, stop == nil ? failure : Executor.interrupted) }
        plan.items[index].entry.isOpen = false
        wasListed.insert(index)
        placeIfComplete(index)
    }

    /// Whether the objects are others than the lock lists, whose listing is not at hand.
    func listingFailure(_ index: Int) -> Failure? {
        let item = plan.items[index]
        let id = item.entry.entry.id
        guard let expected = item.entry.lockedListing, let lines = Session.lockEntry(item, outcome.acquired[index])
        else { return nil }
        var lock = Lock()
        lock.entries[id] = lines
        guard LockText.encode(lock, hash: LockFile.hash).listings[expected] == nil else { return nil }
        return Failure(
            .integrity, "what is below the URL is not what the lock lists",
            cause: "the lock's listing \(expected) is not at hand, and what was found has another digest",
            advice: "restore the lock's folder of listings, or run 'clearml-sync lock --upgrade \(id.name)'")
    }

    /// Puts an item's objects into the lock's order once all of them are here: listings may have another.
    func sortObjects(_ index: Int) {
        guard wasListed.remove(index) != nil else { return }
        let paths = plan.items[index].objects.map(\.resolved.path)
        let acquired = outcome.acquired[index]
        guard acquired.count == paths.count else { return }
        let order = paths.indices.sorted { paths[$0].utf8.lexicographicallyPrecedes(paths[$1].utf8) }
        guard !order.elementsEqual(paths.indices) else { return }
        plan.items[index].objects = order.map { plan.items[index].objects[$0] }
        outcome.acquired[index] = order.map { acquired[$0] }
    }
}
