internal import Planning
internal import Platform
internal import Remotes

/// What is stored already where a push goes: by listings where there are many files, otherwise by asking for each.
struct StoredFacts: Sendable {
    private let caller: StoreCaller
    /// By key; a key that is not here was not listed, which says nothing.
    private var listed: [String: ObjectFacts] = [:]
    /// Whether the listing came to its end: what is not in it is not there.
    private var isComplete = false

    /// Fewer files than this are asked for one by one.
    static let worthListing = 20

    init(_ selection: PushSelection, _ sources: SourceRules, _ caller: StoreCaller, base: String) {
        self.caller = caller
        guard selection.items.count >= StoredFacts.worthListing, let url = selection.folder?.url,
            case .remote(let folder)? = try? sources.source(url, base: base),
            let store = folder.store as? any ListingStore
        else { return }
        // Whoever may write may not always list, and a folder of millions is not listed for the sake of a few files.
        var listing = Listing(store, prefix: folder.id.key, caller: caller)
        do throws(Failure) {
            for _ in 0..<(selection.items.count / 100 + 10) {
                guard let page = try listing.next() else {
                    isComplete = true
                    return
                }
                for object in page.objects { listed[object.key] = object.facts }
            }
        } catch {
            // Each file is asked for instead.
        }
    }

    /// - Returns: the checksum of what is there, when that is just what the file holds; `nil` also when nobody can tell.
    func match(_ source: UploadSource, at place: SourceRules.Source) throws(Failure) -> Checksum? {
        switch place {
        case .local(let path): return try match(source, path)
        case .remote(let object):
            if let facts = listed[object.id.key] {
                if facts.size != source.size { return nil }
                if let checksum = try match(source, facts) { return checksum }
            } else if isComplete {
                return nil
            }
            guard let facts = try ask(object), facts.size == source.size else { return nil }
            return try match(source, facts)
        }
    }

    private func ask(_ object: RemoteObject) throws(Failure) -> ObjectFacts? {
        do throws(Failure) { return try FactFinder(caller: caller, jobs: 1).find(object) } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    private func match(_ source: UploadSource, _ facts: ObjectFacts) throws(Failure) -> Checksum? {
        var stated = facts.checksum
        if stated == nil, case .checksum(let checksum) = facts.validator { stated = checksum }
        guard let stated, let function = HashFunction(rawValue: stated.algorithm.rawValue) else { return nil }
        return try source.hash([function])[0] == stated.bytes ? stated : nil
    }

    private func match(_ source: UploadSource, _ path: String) throws(Failure) -> Checksum? {
        do {
            guard let status = try FileSystem.status(path, followSymlinks: true), status.kind == .file,
                status.size == source.size
            else { return nil }
            let value = try File(path).hash([.sha256]).values[0]
            return try source.hash([.sha256])[0] == value ? Checksum(algorithm: .sha256, bytes: value) : nil
        } catch { throw Failure(error) }
    }
}
