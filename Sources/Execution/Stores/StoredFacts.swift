internal import Planning
internal import Platform
internal import Remotes

/// What is stored already where a push goes: by listings where there are many files, otherwise by asking for each.
struct StoredFacts: Sendable {
    private let caller: StoreCaller
    /// By key; a key that is not here was not listed, which says nothing.
    private var listed: [ExactText: ObjectFacts] = [:]
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
                for object in page.objects { listed[ExactText(object.key)] = object.facts }
            }
        } catch {
            // Each file is asked for instead.
        }
    }

    /// A file that is there already.
    struct Match {
        /// What both have.
        var checksum: Checksum?
        var eTag: String?
    }

    /// - Returns: `nil` when what is there is not just what the file holds, and also when nobody can tell.
    func match(_ source: UploadSource, at place: SourceRules.Source) throws(Failure) -> Match? {
        switch place {
        case .local(let path): return try match(source, path)
        case .remote(let object):
            if let facts = listed[ExactText(object.id.key)] {
                if facts.size != source.size { return nil }
                if let match = try match(source, facts, object.store) { return match }
            } else if isComplete {
                return nil
            }
            guard let facts = try ask(object), facts.size == source.size else { return nil }
            return try match(source, facts, object.store)
        }
    }

    private func ask(_ object: RemoteObject) throws(Failure) -> ObjectFacts? {
        do throws(Failure) { return try FactFinder(caller: caller, jobs: 1).find(object) } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    private func match(
        _ source: UploadSource, _ facts: ObjectFacts, _ store: any Store
    ) throws(Failure) -> Match? {
        var stated = facts.checksum
        if stated == nil, case .checksum(let checksum) = facts.validator { stated = checksum }
        if let stated, let function = HashFunction(rawValue: stated.algorithm.rawValue) {
            return try source.hash([function])[0] == stated.bytes ? Match(checksum: stated, eTag: facts.eTag) : nil
        }
        var tag = facts.eTag
        if tag == nil, case .strongETag(let strong) = facts.validator { tag = strong }
        guard let tag, let count = MultipartETag.parts(ofETag: tag) else { return nil }
        return try match(source, tag, parts: count, (store as? any WritableStore)?.uploadLimits)
    }

    /// Sizes of parts that tools are known to use, in MiB: boto3 and the AWS CLI 8, rclone 5, s5cmd 50, others.
    private static let usualPartSizes: [Int64] = [8, 5, 16, 50, 10, 15, 32, 64, 100, 128, 256, 512]

    /// An ETag of parts is made again from the file, where the size of the parts can be guessed.
    private func match(
        _ source: UploadSource, _ tag: String, parts count: Int, _ limits: UploadLimits?
    ) throws(Failure) -> Match? {
        var candidates = StoredFacts.usualPartSizes.map { $0 << 20 }
        if let limits, case .parts(let size, _) = UploadPlan(size: source.size, limits: limits) {
            candidates.insert(size, at: 0)
        }
        guard let size = MultipartETag.partSize(of: source.size, parts: count, among: candidates) else { return nil }
        var md5s: [[UInt8]] = []
        for number in 1...count {
            md5s += try source.hash([.md5], range: UploadPlan.range(ofPart: number, size: size, total: source.size))
        }
        return MultipartETag(partMD5s: md5s).text == tag ? Match(eTag: tag) : nil
    }

    private func match(_ source: UploadSource, _ path: String) throws(Failure) -> Match? {
        do {
            guard let status = try FileSystem.status(path, followSymlinks: true), status.kind == .file,
                status.size == source.size
            else { return nil }
            let value = try File(path).hash([.sha256]).values[0]
            return try source.hash([.sha256])[0] == value
                ? Match(checksum: Checksum(algorithm: .sha256, bytes: value)) : nil
        } catch { throw Failure(error) }
    }
}
