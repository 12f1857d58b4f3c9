internal import Caching
internal import Glibc
internal import Planning
internal import Platform
internal import Remotes

/// Putting complete entries into the workspace, and taking out what is not declared any more.
extension Executor {
    func place(_ index: Int) {
        let id = plan.items[index].entry.entry.id
        let content = content(of: plan.items[index], outcome.acquired[index])
        placing += 1
        let previous = outcome.placed[id]
        let force = options.force
        workers.submit { [placement, inbox] in
            let result = Result { try placement.place(content, id: id, previous: previous, force: force) }
            inbox.post(.placed(index, result.mapError { Failure($0) }))
        }
    }

    /// Places an entry as soon as its one object is here, for the thread that brings it.
    /// - Returns: `nil` where the loop has to decide. What is given gives `nil` when the run is to end.
    func placementOnArrival(_ job: Job) -> (@Sendable (Acquired) -> Result<Placed, Failure>?)? {
        let item = plan.items[job.item]
        guard !options.fetchesOnly, item.objects.count == 1, !listings.contains(job.item),
            !wasListed.contains(job.item), item.entry.lockedListing == nil
        else { return nil }
        let id = item.entry.entry.id
        let content = content(of: item, [Acquired(.cache, digest: nil, size: nil)])
        let isUnpacked = item.objects[0].resolved.recipe != nil
        let previous = outcome.placed[id]
        let force = options.force
        return { [placement, halted] acquired in
            guard !halted.isSet else { return nil }
            var content = content
            content.objects[0].digest = acquired.digest
            if isUnpacked { content.objects[0].tree = acquired.tree }
            return Result { try placement.place(content, id: id, previous: previous, force: force) }
                .mapError { Failure($0) }
        }
    }

    /// What an entry is placed as.
    private func content(of item: Plan.Item, _ acquired: [Acquired]) -> Placement.Content {
        var content = Placement.Content(
            path: item.entry.path, mode: item.entry.entry.link, executable: item.entry.entry.executable,
            isFolder: item.entry.isFolder,
            objects: zip(item.objects, acquired).map { object, acquired in
                Placed.Object(
                    path: object.resolved.place, digest: acquired.digest,
                    tree: object.resolved.recipe == nil ? nil : acquired.tree)
            })
        if case .direct(let path) = item.entry.access {
            let whole =
                item.objects.count == 1 && item.objects[0].resolved.place.isEmpty
                && item.objects[0].resolved.recipe == nil
            if whole {
                content.directFolder = path
            } else {
                for object in item.objects where object.resolved.recipe == nil {
                    content.direct[ExactText(object.resolved.place)] = object.resolved.url.localPath(
                        base: item.entry.entry.base)
                }
            }
        }
        return content
    }

    func didPlace(_ index: Int, _ result: Result<Placed, Failure>) {
        let id = plan.items[index].entry.entry.id
        switch result {
        case .success(let placed):
            if let old = outcome.placed.updateValue(placed, forKey: id), ExactText(old.path) != ExactText(placed.path),
                let kept = try? placement.remove(old, force: options.force)
            {
                outcome.kept += kept
            }
            report(.placed(id, path: placed.path, mode: placed.mode))
        case .failure(let failure): fail(index, failure)
        }
    }

    func removeOrphans() {
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
