/// The choices of one run that planning depends on.
public struct PlanOptions: Hashable, Sendable {
    /// Replace what a user changed.
    public var force = false
    /// Remove what this manifest placed for entries that it does not declare any more.
    public var prune = true

    public init() {}
}

/// Decides what a run does, from values alone.
///
/// | placed here before | now at the path | wanted = placed | decision |
/// |---|---|---|---|
/// | no  | nothing                    | –   | link |
/// | no  | the wanted bytes           | –   | adopt, relink |
/// | no  | anything else              | –   | blocked |
/// | any | another manifest's path    | –   | blocked |
/// | yes | as placed                  | yes | keep |
/// | yes | as placed, or gone         | no  | relink |
/// | yes | some of it gone            | yes | relink |
/// | yes | changed by a user          | any | drift; relink with `force` |
public func plan(_ batch: [ResolvedEntry], inventory: Inventory, options: PlanOptions = PlanOptions()) -> Plan {
    var items: [Plan.Item] = []
    items.reserveCapacity(batch.count)
    var space = Space(oneFileSystem: inventory.isOneFileSystem)
    for entry in batch {
        let action = decide(entry, inventory: inventory, options: options)
        let objects = entry.objects.map { object in
            Plan.Object(resolved: object, acquisition: acquire(object, of: entry, action: action, inventory: inventory))
        }
        let item = Plan.Item(entry: entry, action: action, objects: objects)
        space.add(item)
        items.append(item)
    }
    var removals: [Plan.Removal] = []
    if options.prune {
        for (id, orphan) in inventory.orphans.sorted(by: { $0.key < $1.key }) {
            var drifted: [String] = []
            if case .changed(_, let paths) = orphan.observed, !options.force { drifted = paths }
            removals.append(Plan.Removal(id: id, placed: orphan.placed, drifted: drifted))
        }
    }
    return Plan(
        items: items, removals: removals, cacheFree: inventory.cacheFree, workspaceFree: inventory.workspaceFree,
        isOneFileSystem: inventory.isOneFileSystem,
        cacheNeeded: space.cache, workspaceNeeded: space.workspace)
}

private func decide(_ entry: ResolvedEntry, inventory: Inventory, options: PlanOptions) -> Plan.Action {
    let id = entry.entry.id
    let observed = inventory.observed[id] ?? .absent
    let placed = inventory.placed[id]
    switch observed {
    case .otherManifest(let name):
        return .blocked("'\(entry.path)' belongs to the manifest '\(name)' in this workspace")
    case .foreign:
        if inventory.adoptable.contains(id) { return .relink }
        return .blocked("something that clearml-sync did not put there stands at '\(entry.path)'")
    case .absent:
        return .link
    case .clean:
        return placed?.satisfies(entry) == true ? .keep : .relink
    case .changed(_, let drifted):
        return drifted.isEmpty || options.force ? .relink : .drift(drifted)
    }
}

private func acquire(
    _ object: ResolvedObject, of entry: ResolvedEntry, action: Plan.Action, inventory: Inventory
) -> Plan.Acquisition {
    switch action {
    case .keep, .drift, .blocked: return entry.access == .cache ? .cached : .direct
    case .link, .relink: break
    }
    if case .direct = entry.access {
        guard object.recipe != nil else { return .direct }
        if let tree = object.locked?.tree, inventory.trees.contains(tree) { return .cached }
        return .fetch(bytes: 0)
    }
    let identity = ExactText(object.identity(version: entry.entry.version))
    let size = object.knownSize ?? inventory.localSizes[identity] ?? entry.entry.size
    let missing = size.map { max(0, $0 - (inventory.partials[identity] ?? 0)) }
    if let locked = object.locked, let digest = locked.digest {
        if object.recipe != nil {
            if let tree = locked.tree, inventory.trees.contains(tree) { return .cached }
            return inventory.blobs.contains(digest) ? .unpack : .fetch(bytes: missing)
        }
        if inventory.blobs.contains(digest) { return .cached }
        return inventory.adoptable.contains(entry.entry.id) ? .adopt : .fetch(bytes: missing)
    }
    if let digest = entry.entry.checksum?.digest, entry.objects.count == 1, object.recipe == nil {
        if inventory.blobs.contains(digest) { return .cached }
        if inventory.adoptable.contains(entry.entry.id) { return .adopt }
    }
    if let seen = inventory.seen[identity] {
        return .revalidate(cached: seen.digest, bytes: object.validator == seen.validator ? 0 : nil)
    }
    return .fetch(bytes: missing)
}

/// Adds up what will be written where.
private struct Space {
    let oneFileSystem: Bool
    var cache: Int64 = 0
    var workspace: Int64 = 0
    private var counted: Set<Digest> = []

    init(oneFileSystem: Bool) { self.oneFileSystem = oneFileSystem }

    mutating func add(_ item: Plan.Item) {
        guard item.action == .link || item.action == .relink else { return }
        for object in item.objects {
            let size = object.resolved.knownSize ?? item.entry.entry.size ?? 0
            let isFirst = object.resolved.locked?.digest.map { counted.insert($0).inserted } ?? true
            if case .fetch(let bytes) = object.acquisition, isFirst { cache = Bytes.sum([cache, bytes ?? size]) }
            if item.entry.entry.link == .copy || !oneFileSystem, object.acquisition != .direct {
                workspace = Bytes.sum([workspace, size])
            }
        }
    }
}
