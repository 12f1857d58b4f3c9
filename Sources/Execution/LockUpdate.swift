internal import Caching
public import Planning
internal import Platform
internal import Remotes

/// How one entry's lock lines differ.
public struct LockChange: Sendable {
    public enum Kind: String, Sendable { case added, changed, removed }

    public var id: Entry.ID
    public var kind: Kind
    public var old: Lock.Entry?
    public var new: Lock.Entry?
}

extension Session {
    /// What `lock` would change, as far as the manifest alone tells: no network, nothing written.
    public func staleLockEntries() -> [LockChange] {
        var changes: [LockChange] = []
        for entry in manifest.entries {
            let old = lock.entries[entry.id]
            if old == nil {
                changes.append(LockChange(id: entry.id, kind: .added))
            } else if old?.key != entry.lockKey {
                changes.append(LockChange(id: entry.id, kind: .changed, old: old))
            }
        }
        let declared = Set(manifest.entries.map(\.id))
        for id in lock.entries.keys.sorted() where !declared.contains(id) {
            changes.append(LockChange(id: id, kind: .removed, old: lock.entries[id]))
        }
        return changes
    }

    /// Resolves what is not locked, or is to be resolved anew, bringing its content into the cache.
    /// - Parameter writes: false only tells what would change.
    /// - Returns: the changes, and the failure that stopped it, if any.
    public func updateLock(writes: Bool) throws -> (changes: [LockChange], failure: Failure?) {
        let entries = try resolve(leavesOpen: true).filter { entry in
            entry.isOpen
                || entry.objects.contains { object in
                    guard let locked = object.locked else { return true }
                    if entry.access != .cache { return options.hashesDirect && locked.digest == nil }
                    return locked.digest == nil || object.recipe != nil && locked.tree == nil
                }
        }
        let outcome = try bring(entries)
        var updated = lock
        let failed = Set(outcome.failures.map(\.id))
        for (item, acquired) in zip(outcome.items, outcome.acquired) where !failed.contains(item.entry.entry.id) {
            guard var lines = Session.lockEntry(item, acquired) else { continue }
            if options.hashesDirect { try hashDirect(item, &lines) }
            updated.entries[item.entry.entry.id] = lines
        }
        let declared = Set(manifest.entries.map(\.id))
        updated.entries = updated.entries.filter { declared.contains($0.key) }
        let changes = Session.changes(from: lock, to: updated)
        if writes, !changes.isEmpty || !FileSystem.exists(lockFile.path) { try lockFile.save(updated) }
        let failure =
            outcome.interruption == nil
            ? outcome.failures.first { !$0.isOptional }?.failure : Failure(.interrupted, "interrupted")
        return (changes, failure)
    }

    /// Brings the content of all objects into the cache and leaves the workspace alone.
    func bring(_ entries: [ResolvedEntry]) throws -> Executor.Outcome {
        var inventory = try Survey(
            cache: cache, workspace: workspace, state: Workspace.State(placed: [:], intended: [:])
        )
        .inventory(entries, declared: [])
        for entry in entries { inventory.observed[entry.entry.id] = .absent }
        let plan = Planning.plan(entries, inventory: inventory)
        try cache.durability.synchronizeEarlierRuns()
        let outcome = run(plan, fetchesOnly: true)
        cache.index.record(outcome.rows)
        return outcome
    }

    private func hashDirect(_ item: Plan.Item, _ lines: inout Lock.Entry) throws {
        guard item.entry.access != .cache else { return }
        for (number, object) in item.objects.enumerated() where lines.objects[number].digest == nil {
            let decided = access.transport(object.resolved.url, base: item.entry.entry.base).transport
            guard let path = decided.localPath(base: item.entry.entry.base),
                let status = try FileSystem.status(path, followSymlinks: true), status.kind == .file
            else { continue }
            lines.objects[number].size = status.size
            if let known = cache.index.digest(ofLocal: path, status) {
                lines.objects[number].digest = known
                continue
            }
            guard let digest = Digest(bytes: try File(path).hash([.sha256]).values[0]) else { continue }
            lines.objects[number].digest = digest
            cache.index.record([.local(path: path, status, digest)])
        }
    }

    private static func changes(from old: Lock, to new: Lock) -> [LockChange] {
        Set(old.entries.keys).union(new.entries.keys).sorted().compactMap { id in
            switch (old.entries[id], new.entries[id]) {
            case (nil, let entry?): LockChange(id: id, kind: .added, new: entry)
            case (let entry?, nil): LockChange(id: id, kind: .removed, old: entry)
            case (let before, let after) where before != after:
                LockChange(id: id, kind: .changed, old: before, new: after)
            default: nil
            }
        }
    }
}
