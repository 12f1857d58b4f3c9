internal import Caching
public import Planning
internal import Platform
public import Remotes

/// What is not behind a locked URL any more as the lock has it.
public struct OutdatedObject: Sendable {
    public enum Kind: String, Sendable {
        case changed, gone, new
        /// The lock has no lines for the entry, or they are for another URL, version or selection.
        case unlocked
        /// What the server tells can not be compared with what the lock has.
        case unknown
    }

    public var id: Entry.ID
    public var kind: Kind
    /// The lock's name for the object; empty for a whole entry.
    public var path: String
    public var url: String
    public var old: Lock.Object?
    public var new: ObjectFacts?

    /// Whether a new resolution would give something else.
    public var isChange: Bool { kind != .unknown }
}

extension Session {
    /// Asks what the locked URLs hold now, downloading nothing. Everything of the selected entries that differs, in order.
    public func outdated() throws -> [OutdatedObject] {
        let caller = StoreCaller(sources.network, stallTimeout: .seconds(options.stallTimeout))
        var found: [OutdatedObject] = []
        for entry in selection {
            guard let locked = lock.entries[entry.id], locked.key == entry.lockKey else {
                found.append(OutdatedObject(id: entry.id, kind: .unlocked, path: "", url: entry.url.identity))
                continue
            }
            do {
                found += try OutdatedEntry(
                    entry: entry, objects: locked.objects, sources: sources, caller: caller, index: cache.index,
                    jobs: options.jobs
                ).compare()
            } catch { throw Failure(error).about(entry.id) }
        }
        return found
    }
}

/// One entry's lines and what is behind its URL now.
private struct OutdatedEntry {
    let entry: Entry
    let objects: [Lock.Object]
    let sources: SourceRules
    let caller: StoreCaller
    let index: Index
    let jobs: Int

    func compare() throws -> [OutdatedObject] {
        switch (try place(entry.url), entry.url.shape) {
        case (.local(let path), .prefix), (.local(let path), .glob):
            return try compareNames(with: LocalFiles.below(path).filter(selects), at: path)
        case (.local(let path), .single): return try compareLocal(path)
        case (.remote(let object), .prefix), (.remote(let object), .glob): return try compareListing(object)
        case (_, .single): return try ask(objects.map { ($0, entry.url) })
        case (_, .range(let range)):
            let lines = Dictionary(objects.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
            return try ask(
                range.compactMap { name in
                    try lines[entry.url.relativePath(ofMember: name)].map { ($0, try entry.url.member(name)) }
                })
        }
    }

    private func note(
        _ kind: OutdatedObject.Kind, _ old: Lock.Object?, _ new: ObjectFacts? = nil, path: String? = nil
    )
        -> OutdatedObject
    {
        OutdatedObject(
            id: entry.id, kind: kind, path: old?.path ?? path ?? "", url: old?.url ?? entry.url.identity, old: old,
            new: new)
    }

    private func note(_ old: Lock.Object, _ facts: ObjectFacts) -> OutdatedObject? {
        switch old.compare(with: facts) {
        case .same: nil
        case .different: note(.changed, old, facts)
        case .unknown: note(.unknown, old, facts)
        }
    }

    // MARK: Stores

    private func selects(_ name: String) -> Bool {
        if case .glob(let glob) = entry.url.shape, !glob.matches(name) { return false }
        return (entry.include.isEmpty || entry.include.contains { $0.matches(name) })
            && !entry.exclude.contains { $0.matches(name) }
    }

    /// A listing tells most of it; what it leaves open is asked for one by one.
    private func compareListing(_ folder: RemoteObject) throws -> [OutdatedObject] {
        guard let store = folder.store as? any ListingStore else { return [] }
        var lines = Dictionary(objects.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var literal = ""
        if case .glob(let glob) = entry.url.shape { literal = glob.literalPrefix }
        var listing = Listing(store, prefix: folder.id.key + literal, caller: caller)
        var found: [OutdatedObject] = []
        var open: [(Lock.Object, LogicalURL)] = []
        while let page = try listing.next() {
            for object in page.objects {
                let name = String(object.key.dropFirst(folder.id.key.count))
                guard !name.isEmpty, !name.hasSuffix("/"), selects(name) else { continue }
                guard let old = lines.removeValue(forKey: name) else {
                    found.append(note(.new, nil, object.facts, path: name))
                    continue
                }
                switch old.compare(with: object.facts) {
                case .same: break
                case .different: found.append(note(.changed, old, object.facts))
                case .unknown: open.append((old, try entry.url.member(name)))
                }
            }
        }
        found += try ask(open)
        found += lines.values.map { note(.gone, $0) }
        return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// Asks for each object's facts, several at once.
    private func ask(_ questions: [(old: Lock.Object, url: LogicalURL)]) throws -> [OutdatedObject] {
        var found: [OutdatedObject?] = Array(repeating: nil, count: questions.count)
        var remote: [(number: Int, object: RemoteObject)] = []
        for (number, question) in questions.enumerated() {
            switch try place(question.url) {
            case .local(let path): found[number] = try compareLocal(question.old, path)
            case .remote(let object): remote.append((number, object))
            }
        }
        let answers = FactFinder(caller: caller, jobs: jobs).find(remote.map(\.object))
        for (question, answer) in zip(remote, answers) {
            let old = questions[question.number].old
            switch answer {
            case .success(let facts): found[question.number] = note(old, facts)
            case .failure(let failure) where failure.kind == .notFound: found[question.number] = note(.gone, old)
            case .failure(let failure): throw failure
            }
        }
        return found.compactMap { $0 }
    }

    private func place(_ url: LogicalURL) throws(Failure) -> SourceRules.Source {
        do throws(Refusal) { return try sources.source(url, version: entry.version, base: entry.base) } catch {
            throw Failure(refusal: error)
        }
    }

    // MARK: Local paths

    /// One file, or a whole folder that is used where it lies, of which the lock knows no more than that.
    private func compareLocal(_ path: String) throws -> [OutdatedObject] {
        try objects.compactMap { try compareLocal($0, path) }
    }

    private func compareNames(with names: [String], at root: String) throws -> [OutdatedObject] {
        if objects.count == 1, objects[0].path.isEmpty { return [] }
        var found = try objects.compactMap { try compareLocal($0, root + "/" + $0.path) }
        let known = Set(objects.map { ExactText($0.path) })
        found += names.filter { !known.contains(ExactText($0)) }.map { note(.new, nil, path: $0) }
        return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// Reading a local file is no download: its bytes decide.
    private func compareLocal(_ old: Lock.Object, _ path: String) throws(Failure) -> OutdatedObject? {
        do {
            guard let status = try FileSystem.status(path, followSymlinks: true) else { return note(.gone, old) }
            guard status.kind == .file else { return nil }
            let facts = ObjectFacts(
                size: status.size,
                validator: .weak(eTag: nil, size: status.size, modified: Int64(status.modified.seconds)),
                modified: Int64(status.modified.seconds))
            if let size = old.size, size != status.size { return note(.changed, old, facts) }
            guard let digest = old.digest else { return note(old, facts) }
            if index.digest(ofLocal: path, status) == digest { return nil }
            let value = try File(path).hash([.sha256]).values[0]
            return value == digest.bytes ? nil : note(.changed, old, facts)
        } catch { throw Failure(error) }
    }
}

/// Whether two descriptions are of one version.
enum VersionComparison: Hashable {
    case same, different
    /// Each has something to say, but not about the same.
    case unknown
}

extension Lock.Object {
    /// | known of both | decides |
    /// |---|---|
    /// | size | another size is another version |
    /// | the content's SHA-256 | alone |
    /// | what the validator is: version, checksum, ETag | equal or not |
    /// | a weak ETag, otherwise the time | equal or not |
    func compare(with facts: ObjectFacts) -> VersionComparison {
        if let size, let now = facts.size, size != now { return .different }
        var checksums = [facts.checksum].compactMap { $0 }
        if case .checksum(let checksum) = facts.validator { checksums.append(checksum) }
        if let digest, let now = checksums.lazy.compactMap(\.digest).first {
            return now == digest ? .same : .different
        }
        func decide<Value: Equatable>(_ old: Value?, _ new: Value?) -> VersionComparison {
            guard let old, let new else { return .unknown }
            return old == new ? .same : .different
        }
        switch (validator, facts.validator) {
        case (.version(let old), .version(let new)): return decide(old, new)
        case (.version(let old), _): return decide(old, facts.version)
        case (.checksum(let old), _): return decide(old, checksums.first { $0.algorithm == old.algorithm })
        case (.strongETag(let old), .strongETag(let new)): return decide(old, new)
        case (.weak(let oldTag, _, let oldTime), .weak(let newTag, _, let newTime)):
            return oldTag != nil && newTag != nil ? decide(oldTag, newTag) : decide(oldTime, newTime)
        default: return version == nil ? .unknown : decide(version, facts.version)
        }
    }
}
