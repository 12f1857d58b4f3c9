internal import Caching
internal import Planning
internal import Platform
internal import Remotes

/// Copies every object of a manifest below one URL, under stable paths, and notes what lies there.
///
/// What the mirror holds already is neither fetched nor sent: a second run copies nothing.
public final class Mirror {
    public struct Outcome: Sendable {
        public var copied = 0
        public var unchanged = 0
        /// Bytes of the objects that were copied.
        public var bytes: Int64 = 0
        /// Paths of a former run that the manifest does not mean any more, and which of them were removed.
        public var vanished: [String] = []
        public var removed: [String] = []
        public var seconds: Double = 0
        /// The first failure that was not optional.
        public var failure: Failure?
    }

    /// The text of a manifest that reads from the mirror, and what its lock holds.
    public struct Manifest: Sendable {
        public var text: String
        var objects: [Entry.ID: [Lock.Object]]
    }

    private let session: Session
    private let place: MirrorPlace
    private let uploader: Uploader
    private let prunes: Bool
    private let isCancelled: Flag

    /// - Parameters:
    ///   - url: the mirror's folder, as the user wrote it.
    ///   - base: absolute folder that a relative path is relative to.
    ///   - prunes: remove what vanished.
    public init(_ session: Session, to url: String, base: String, prunes: Bool) throws(Failure) {
        self.session = session
        self.prunes = prunes
        let isCancelled = Flag()
        self.isCancelled = isCancelled
        let caller = StoreCaller(
            session.sources.network, stallTimeout: .seconds(session.options.stallTimeout),
            isCancelled: { isCancelled.isSet })
        place = try MirrorPlace(url, sources: session.sources, base: base, caller: caller)
        uploader = Uploader(
            caller: caller, journal: UploadJournal(cacheRoot: session.cacheRoot),
            memory: Allowance(Uploader.memoryLimit), isCancelled: { isCancelled.isSet })
    }

    /// An object, where it goes, and what it was found to hold.
    private struct Object {
        var item: Int
        var number: Int
        var path: String
        var digest: Digest?
        var size: Int64?
        var isThere = false
    }

    /// - Returns: no manifest when something failed.
    /// - Throws: what stopped it as a whole.
    public func run() throws -> (outcome: Outcome, manifest: Manifest?) {
        let began = MonotonicTime.now()
        var outcome = Outcome()
        let (entries, failed) = try resolve()
        let before = try place.read(MirrorState.name).flatMap { MirrorState($0) } ?? MirrorState()
        let there = try place.list()
        var objects = wanted(entries, before, there)
        try fetch(entries, &objects, &outcome)
        var state = before
        try copy(&objects, to: &state, &outcome)
        try removeVanished(objects, failed, from: &state, &outcome)
        try save(&state, before)
        if isCancelled.isSet { throw Failure(.interrupted, "interrupted") }
        outcome.seconds = MonotonicTime.now().seconds(since: began)
        guard outcome.failure == nil else { return (outcome, nil) }
        let items = items(entries, objects, failed)
        let text = try MirrorManifest(name: session.manifest.name, items: items, folder: place.folder).text()
        let mirrored = items.filter(\.isMirrored).map { ($0.entry.id, $0.objects) }
        return (outcome, Manifest(text: text, objects: Dictionary(mirrored) { first, _ in first }))
    }

    // MARK: What is wanted

    /// The entries with the names of their objects, raw as they are remotely: no archive is unpacked for a mirror.
    private func resolve() throws -> (entries: [ResolvedEntry], failed: [Entry]) {
        var failed: [Entry] = []
        let entries = try session.selection.compactMap { entry -> ResolvedEntry? in
            var whole = entry
            whole.access = .cache
            // Of a folder that is used where it lies the lock knows no files.
            let isOpaque = session.lock.entries[entry.id]?.objects.contains { $0.path.isEmpty } == true
            let resolver = Resolver(
                lock: session.lock, access: session.access, sources: session.sources, caller: uploader.caller,
                leavesOpen: false, renewing: isOpaque || session.options.upgrades)
            do throws(Failure) {
                var resolved = try resolver.resolve(whole)
                resolved.objects = resolved.objects.map { object in
                    var object = object
                    object.recipe = nil
                    return object
                }
                return resolved
            } catch {
                guard entry.optional else { throw error }
                session.report(.failed(entry.id, error, isOptional: true))
                failed.append(entry)
                return nil
            }
        }
        return (entries, failed)
    }

    private func wanted(
        _ entries: [ResolvedEntry], _ state: MirrorState, _ there: [ExactText: ObjectFacts]?
    ) -> [Object] {
        var objects: [Object] = []
        for (index, entry) in entries.enumerated() {
            for (number, object) in entry.objects.enumerated() {
                let path = MirrorManifest.path(entry.entry.id, object.path)
                let stated = entry.objects.count == 1 ? entry.entry.checksum?.digest : nil
                var wanted = Object(item: index, number: number, path: path)
                if let digest = object.locked?.digest ?? stated, state.holds(digest, at: path, there: there) {
                    wanted.digest = digest
                    wanted.size = state.lines[ExactText(path)]?.size
                    wanted.isThere = true
                }
                objects.append(wanted)
            }
        }
        return objects
    }

    // MARK: Into the cache

    /// Brings what the mirror lacks into the cache, checked against the lock as by `pull`.
    private func fetch(_ entries: [ResolvedEntry], _ objects: inout [Object], _ outcome: inout Outcome) throws {
        let missing = Dictionary(grouping: objects.indices.filter { !objects[$0].isThere }) { objects[$0].item }
        let order = missing.keys.sorted()
        guard !order.isEmpty else { return }
        let lacking = order.map { item in
            var entry = entries[item]
            entry.objects = (missing[item] ?? []).map { entries[item].objects[objects[$0].number] }
            return entry
        }
        let outcomeOfRun = try session.bring(lacking)
        if outcomeOfRun.interruption != nil { isCancelled.set() }
        outcome.failure = outcomeOfRun.failures.first { !$0.isOptional }?.failure
        for (item, acquired) in zip(order, outcomeOfRun.acquired) {
            for (index, acquired) in zip(missing[item] ?? [], acquired) where !acquired.isAwaited {
                objects[index].digest = acquired.digest
                objects[index].size = acquired.size
            }
        }
    }

    // MARK: To the mirror

    private struct Board {
        var copied: [Int: Uploader.Uploaded] = [:]
        var failure: Failure?
    }

    private func copy(_ objects: inout [Object], to state: inout MirrorState, _ outcome: inout Outcome) throws {
        outcome.unchanged = objects.count { $0.isThere }
        let board = Monitor(Board())
        let pool = WorkerPool(threads: max(1, min(session.options.jobs, 64)))
        session.interruption.reach { [isCancelled] _ in isCancelled.set() }
        for (index, object) in objects.enumerated() where !object.isThere {
            guard let digest = object.digest else { continue }
            let (path, blob) = (object.path, session.cache.layout.blob(digest))
            pool.submit { [place, uploader, isCancelled] in
                guard !isCancelled.isSet, board.read({ $0.failure == nil }) else { return }
                do throws(Failure) {
                    let url = try place.folder.member(path)
                    let uploaded = try uploader.put(
                        UploadSource(blob), at: place.source(path), url: url, expecting: digest)
                    board.withLock { $0.copied[index] = uploaded }
                } catch {
                    let failure = error.about(path)
                    board.withLock { board in board.failure = board.failure ?? failure }
                }
            }
        }
        pool.shutdown()
        for (index, uploaded) in board.read({ $0.copied }) {
            guard let digest = objects[index].digest else { continue }
            objects[index].isThere = true
            outcome.copied += 1
            outcome.bytes += uploaded.size
            state.lines[ExactText(objects[index].path)] = MirrorState.Line(digest: digest, size: uploaded.size)
        }
        outcome.failure = outcome.failure ?? board.read { $0.failure }
    }

    private func removeVanished(
        _ objects: [Object], _ failed: [Entry], from state: inout MirrorState, _ outcome: inout Outcome
    ) throws {
        let wanted = Set(objects.map { ExactText($0.path) })
        outcome.vanished = state.lines.keys.filter { path in
            !wanted.contains(path) && !failed.contains { path.text.utf8.starts(with: "\($0.id)/".utf8) }
        }.map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        guard prunes, outcome.failure == nil, !isCancelled.isSet else { return }
        for path in outcome.vanished {
            try place.remove(path)
            state.lines[ExactText(path)] = nil
            outcome.removed.append(path)
        }
    }

    /// Notes what lies there, with what its store says of it now.
    private func save(_ state: inout MirrorState, _ before: MirrorState) throws {
        guard state != before else { return }
        // Also of an interrupted run: what has come is not to be sent again.
        if let there = try place.uninterrupted.list() {
            for (path, facts) in there where state.lines[path] != nil { state.lines[path]?.validator = facts.validator }
        }
        let temporary = try session.cache.blobs.newTemporaryPath()
        defer { try? FileSystem.remove(temporary) }
        try AtomicFile.write(state.text, to: temporary)
        let url = try place.folder.member(MirrorState.name)
        var uploader = uploader
        uploader.isCancelled = { false }
        uploader.caller = uploader.caller.uninterrupted
        _ = try uploader.put(UploadSource(temporary), at: place.source(MirrorState.name), url: url)
    }

    // MARK: The manifest

    private func items(
        _ entries: [ResolvedEntry], _ objects: [Object], _ failed: [Entry]
    ) -> [MirrorManifest.Item] {
        let declared = Dictionary(
            session.manifest.entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var items = entries.map { MirrorManifest.Item(entry: declared[$0.entry.id] ?? $0.entry.value, objects: []) }
        for object in objects {
            let resolved = entries[object.item].objects[object.number]
            var line = Lock.Object(url: (try? place.folder.member(object.path).identity) ?? "", path: resolved.path)
            line.digest = object.digest
            line.size = object.size
            line.tree = resolved.locked?.tree
            items[object.item].objects.append(line)
        }
        return items + failed.map { MirrorManifest.Item(entry: $0, objects: [], isMirrored: false) }
    }
}

extension Mirror.Manifest {
    /// Writes the manifest and its lock, whole or not at all.
    /// - Parameter path: absolute.
    public func write(to path: String) throws {
        let bytes = Array(text.utf8)
        let written: Planning.Manifest
        do {
            written = try ManifestDecoder.decode(path: path, currentDirectory: "/") { _ in bytes }
        } catch {
            throw Failure(.other, "the mirror's manifest cannot be read back", cause: "\(error)")
        }
        var lock = Lock()
        for entry in written.entries {
            guard let objects = objects[entry.id] else { continue }
            lock.entries[entry.id] = Lock.Entry(key: entry.lockKey, objects: objects)
        }
        do { try AtomicFile.write(bytes, to: path) } catch { throw Failure(system: error) }
        try LockFile(manifest: path).save(lock)
    }
}
