internal import Caching
internal import Planning
internal import Platform

/// Gathers the facts that `plan()` decides on: stat(2) calls and index look-ups, no network, nothing changed.
struct Survey {
    let cache: Cache
    let workspace: Workspace
    let state: Workspace.State

    /// - Parameters:
    ///   - entries: what is planned now.
    ///   - declared: every entry of the manifest, selected or not: what is placed for others is an orphan.
    func inventory(_ entries: [ResolvedEntry], declared: Set<Entry.ID>) throws -> Inventory {
        var inventory = Inventory()
        let others = try workspace.pathsOfOthers()
        let known = known
        var folders = FirstFolders(root: workspace.root)
        for entry in entries {
            let id = entry.entry.id
            let placed = state.placed[id]
            let intended = state.intended[id]
            let observed: Observed =
                if placed == nil, intended == nil, others.isEmpty, try folders.lack(entry.path) {
                    .absent
                } else {
                    try workspace.observe(
                        placed: placed, intended: intended, path: entry.path, others: others, cache: cache)
                }
            inventory.observed[id] = observed
            if let placed { inventory.placed[id] = placed }
            // What is right already needs nothing from the cache.
            if observed == .clean, placed?.satisfies(entry) == true { continue }
            try add(entry, observed: observed, known, to: &inventory)
        }
        for (id, placed) in state.placed where !declared.contains(id) {
            let changes = try workspace.changes(of: placed, cache: cache)
            let observed: Observed =
                changes.drifted.isEmpty ? .clean : .changed(missing: changes.missing, drifted: changes.drifted)
            inventory.orphans[id] = (placed, observed)
        }
        inventory.cacheFree = try FileSystem.freeSpace(cache.layout.root)
        let nearest = Survey.nearestExisting(workspace.root)
        inventory.workspaceFree = try FileSystem.freeSpace(nearest)
        inventory.isOneFileSystem =
            try FileSystem.status(nearest, followSymlinks: true)?.device
            == FileSystem.status(cache.layout.root, followSymlinks: true)?.device
        return inventory
    }

    /// The first folders of paths, and whether they are there: below one that is not, nothing need be looked for.
    private struct FirstFolders {
        let root: String
        private var isThere: [Substring: Bool] = [:]

        init(root: String) { self.root = root }

        mutating func lack(_ path: String) throws(SystemError) -> Bool {
            let first = path.utf8.firstIndex(of: UInt8(ascii: "/")).map { path[..<$0] } ?? path[...]
            if let known = isThere[first] { return !known }
            let found = try FileSystem.status(root + "/" + first) != nil
            isThere[first] = found
            return !found
        }
    }

    /// Decides on one page of an entry's listing: nothing of it is in the workspace yet.
    func plan(_ page: [ResolvedObject], of entry: ResolvedEntry) throws -> [Plan.Object] {
        var entry = entry
        entry.objects = page
        var inventory = Inventory()
        inventory.observed[entry.entry.id] = .absent
        try add(entry, observed: .absent, known, to: &inventory)
        return Planning.plan([entry], inventory: inventory).items[0].objects
    }

    /// What need not be asked for each object.
    private struct Known {
        var isIndexed: Bool
        var hasPartials: Bool
    }

    private var known: Known { Known(isIndexed: cache.index.isThere, hasPartials: !cache.partials.isEmpty) }

    private func add(
        _ entry: ResolvedEntry, observed: Observed, _ known: Known, to inventory: inout Inventory
    ) throws {
        for object in entry.objects {
            let url = object.url
            let identity = object.identity(url, version: entry.entry.version)
            if let tree = object.locked?.tree, object.recipe != nil, try isComplete(tree) {
                inventory.trees.insert(tree)
            }
            if let digest = object.locked?.digest ?? (entry.objects.count == 1 ? entry.entry.checksum?.digest : nil) {
                if try cache.blobs.verified(digest, size: object.locked?.size) != nil { inventory.blobs.insert(digest) }
                // Looked at before it is opened: a pipe would be waited for.
                let target = workspace.root + "/" + entry.path
                if observed == .foreign, object.recipe == nil, entry.objects.count == 1,
                    try FileSystem.status(target, followSymlinks: true)?.kind == .file, let file = try? File(target),
                    try file.hash([.sha256]).values[0] == digest.bytes
                {
                    inventory.adoptable.insert(entry.entry.id)
                }
            } else if entry.access == .cache, known.isIndexed, let seen = cache.index.seen(identity) {
                try addSeen(seen, object, identity, to: &inventory)
            }
            if known.hasPartials, let claimed = cache.partials.claimed(identity: identity) {
                inventory.partials[ExactText(identity)] = claimed.bytes
            }
            if let path = url.localPath(base: entry.entry.base),
                let status = try FileSystem.status(path, followSymlinks: true)
            {
                inventory.localSizes[ExactText(identity)] = status.size
            }
        }
    }

    private func addSeen(
        _ seen: Index.Seen, _ object: ResolvedObject, _ identity: String, to inventory: inout Inventory
    ) throws {
        var isThere = try cache.blobs.verified(seen.digest, size: seen.size) != nil
        if let recipe = object.recipe, let tree = try cache.trees.tree(ofArchive: seen.digest, recipe: recipe) {
            isThere = try isComplete(tree)
        }
        guard isThere else { return }
        inventory.seen[ExactText(identity)] = seen
    }

    /// Whether a tree's listing and all its blobs are there.
    private func isComplete(_ tree: Digest) throws -> Bool {
        guard let listing = try cache.trees.listing(tree) else { return false }
        let blobs = cache.blobs
        return try Shares.map(listing.items.count, least: 1000) { part in
            for index in part {
                guard case .file(let digest, let size, let executable) = listing.items.kind(at: index) else { continue }
                if try blobs.verified(digest, executable: executable, size: size) != nil { continue }
                if try blobs.verified(digest, executable: !executable, size: size) == nil { return false }
            }
            return true
        }.allSatisfy { $0 }
    }

    private static func nearestExisting(_ path: String) -> String {
        var path = path[...]
        while !FileSystem.exists(String(path)), let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")),
            slash > path.startIndex
        {
            path = path[..<slash]
        }
        return path.isEmpty ? "/" : String(path)
    }
}
