internal import Planning
internal import Platform
internal import Remotes

/// Gives an entry's objects their names: from the lock where it holds, otherwise from the URL itself or a listing.
struct Resolver: Sendable {
    let lock: Lock
    let access: AccessRules
    let sources: SourceRules
    /// Lists what is below prefixes and globs; `nil` touches no network.
    let caller: StoreCaller?
    /// Listings are left to the executor, which fetches while they run.
    let leavesOpen: Bool
    /// The lock's lines are not to be used (`lock --upgrade`, `--refresh`).
    let renewing: Bool

    func resolve(_ entry: Entry) throws(Failure) -> ResolvedEntry { try resolve(entry, access.decide(entry)) }

    /// - Parameter decision: what `access` says of the entry.
    func resolve(_ entry: Entry, _ decision: AccessDecision) throws(Failure) -> ResolvedEntry {
        do {
            var resolved: ResolvedEntry
            if let folder = try localFolder(entry, decision) {
                resolved = try self.folder(entry, at: folder, isDirect: decision.isDirect)
            } else if entry.url.isFolder, !decision.transport.scheme.isLocal {
                resolved = try remoteFolder(entry, decision)
            } else if case .range(let range) = entry.url.shape {
                resolved = try members(entry, names: Array(range), decision: decision)
            } else {
                resolved = try single(entry, decision)
            }
            noteLock(&resolved)
            return resolved
        } catch {
            throw Failure(error).about(entry.id)
        }
    }

    private func locked(_ entry: Entry) -> Lock.Entry? {
        guard !renewing, let locked = lock.entries[entry.id], locked.key == entry.lockKey, locked.absent == nil
        else { return nil }
        return locked
    }

    private func noteLock(_ resolved: inout ResolvedEntry) {
        guard let lines = lock.entries[resolved.entry.id] else { return }
        if renewing {
            resolved.unlockedReason = "asked for"
        } else if lines.key == resolved.entry.lockKey, let absent = lines.absent {
            resolved.lockedListing = absent.digest
        } else if lines.key != resolved.entry.lockKey {
            resolved.unlockedReason = "its url, version, checksum, selection or extraction has changed"
        }
    }

    // MARK: One object

    private func single(_ entry: Entry, _ decision: AccessDecision) throws -> ResolvedEntry {
        guard
            let fileName = entry.url.fileName ?? entry.path.flatMap({ $0.split(separator: "/").last.map(String.init) })
        else {
            throw Failure(
                .manifest, "the URL names no file", cause: entry.url.identity, advice: "give the entry a 'path'")
        }
        let recipe = entry.recipe(for: fileName)
        let object = ResolvedObject(
            url: entry.url, path: fileName, place: "", recipe: recipe, locked: locked(entry)?.objects.first)
        var source: ResolvedEntry.Access = .cache
        if decision.isDirect, let path = decision.transport.localPath(base: entry.base) {
            guard try FileSystem.status(path, followSymlinks: true) != nil else { throw Resolver.missing(path) }
            source = .direct(path)
        }
        return ResolvedEntry(
            entry: entry, path: entry.workspacePath(isFolder: recipe != nil), access: source, isFolder: recipe != nil,
            objects: [object])
    }

    private static func missing(_ path: String) -> Failure {
        Failure(.notFound, "nothing is there", cause: path, advice: "correct the 'url', or make the entry 'optional'")
    }

    // MARK: Many objects

    private func members(_ entry: Entry, names: [String], decision: AccessDecision) throws -> ResolvedEntry {
        var resolved = ResolvedEntry(
            entry: entry, path: entry.workspacePath(isFolder: true), access: .cache, isFolder: true, objects: [])
        let lines = Dictionary(
            (locked(entry)?.objects ?? []).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let members = Members(entry)
        resolved.objects = try names.map { name in
            try members.object(name, locked: lines[entry.url.relativePath(ofMember: name)])
        }
        if decision.isDirect, let folder = decision.transport.localPath(base: entry.base) {
            resolved.access = .direct(folder)
        }
        return resolved
    }

    // MARK: Stores

    /// What is below a prefix or matches a glob in a store: by the lock, otherwise by a listing.
    private func remoteFolder(_ entry: Entry, _ decision: AccessDecision) throws -> ResolvedEntry {
        if let locked = locked(entry) {
            return try members(entry, names: locked.objects.map(\.path), decision: decision)
        }
        var resolved = ResolvedEntry(
            entry: entry, path: entry.workspacePath(isFolder: true), access: .cache, isFolder: true, objects: [])
        guard let caller else {
            throw Failure(
                .network, "what is below the URL is not locked, and --offline forbids to list it",
                cause: entry.url.identity, advice: "run once without --offline")
        }
        let folder = try RemoteFolder(entry, decision.transport, sources: sources)
        resolved.isOpen = true
        guard !leavesOpen else { return resolved }
        try folder.list(caller: caller) { objects in
            resolved.objects += objects
            return true
        }
        resolved.isOpen = false
        resolved.sortObjects()
        return resolved
    }

    // MARK: Local folders

    /// The folder that a local URL names, if it names one.
    private func localFolder(_ entry: Entry, _ decision: AccessDecision) throws -> String? {
        guard let path = decision.transport.localPath(base: entry.base) else { return nil }
        switch entry.url.shape {
        case .prefix, .glob:
            guard let status = try FileSystem.status(path, followSymlinks: true) else { throw Resolver.missing(path) }
            guard status.kind == .folder else {
                throw Failure(
                    .notFound, "this is not a folder", cause: path, advice: "remove the last '/' of the 'url'")
            }
            return path
        case .range: return nil
        case .single:
            guard let status = try FileSystem.status(path, followSymlinks: true) else { throw Resolver.missing(path) }
            return status.kind == .folder ? path : nil
        }
    }

    private func folder(_ entry: Entry, at folder: String, isDirect: Bool) throws -> ResolvedEntry {
        var selects = !entry.include.isEmpty || !entry.exclude.isEmpty
        if case .glob = entry.url.shape { selects = true }
        if isDirect, !selects, case .always = entry.extract {
        } else if isDirect, !selects {
            let object = ResolvedObject(url: entry.url, path: "", place: "", locked: locked(entry)?.objects.first)
            return ResolvedEntry(
                entry: entry, path: entry.workspacePath(isFolder: true), access: .direct(folder), isFolder: true,
                objects: [object])
        }
        if entry.url.shape == .single {
            throw Failure(.manifest, "the URL names a folder", cause: folder, advice: "end the 'url' with '/'")
        }
        let names: [String]
        if !isDirect, let locked = locked(entry) {
            names = locked.objects.map(\.path)
        } else {
            names = try LocalFiles.below(folder).filter { entry.selects($0) }
        }
        guard !names.isEmpty else { throw RemoteFolder.nothingSelected(folder) }
        let decision = AccessDecision(transport: entry.url, isDirect: false, reason: "")
        var resolved = try members(entry, names: names, decision: decision)
        if isDirect { resolved.access = .direct(folder) }
        return resolved
    }
}
