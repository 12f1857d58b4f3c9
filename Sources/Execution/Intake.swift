internal import Caching
internal import Planning
internal import Platform
internal import Synchronization

/// Takes one object's bytes into the cache: hash, verify, unpack, commit. Nothing is published before it is verified.
///
/// A large object is hashed and unpacked by two followers while it arrives; what they found is judged when all is there.
final class Intake: Sendable {
    /// What to make of the bytes.
    struct Order: Sendable {
        var identity: String
        var expectation: Expectation
        /// How to unpack; `nil` keeps the object as it is.
        var recipe: Recipe?
        /// The archive itself is kept beside its tree.
        var keepsArchive: Bool
        var limits: ExtractionLimits
    }

    /// What became of one body.
    private struct Findings {
        var expectation = Expectation()
        var body: ObjectIdentifier?
        var blob: Result<Blob, Failure>?
        var tree: Result<TreeListing, Failure>?
        var isArrived = false
    }

    let order: Order
    private let cache: Cache
    private let pool: WorkerPool
    private let findings = Mutex(Findings())
    private let judged: @Sendable (GrowingBody, Result<Taken, Failure>) -> Void

    /// A content that is in the cache now.
    struct Taken: Sendable {
        var blob: Blob
        var tree: Digest?
    }

    /// - Parameter judged: told once per large body that arrived whole.
    init(
        _ order: Order, cache: Cache, pool: WorkerPool,
        judged: @escaping @Sendable (GrowingBody, Result<Taken, Failure>) -> Void
    ) {
        self.order = order
        self.cache = cache
        self.pool = pool
        self.judged = judged
    }

    // MARK: Small objects

    /// Takes a body that is here as a whole.
    /// - Parameter stated: what the store says of it.
    func take(_ bytes: [UInt8], stated: Checksum?) throws -> Taken {
        let expectation = order.expectation.stated(stated)
        guard let recipe = order.recipe else {
            return Taken(
                blob: try bytes.withUnsafeBytes { bytes in
                    try cache.blobs.put(bytes, checksums: expectation.functions) { try expectation.check($0) }
                })
        }
        let blob = bytes.withUnsafeBytes { Blob(of: $0, checksums: expectation.functions) }
        try expectation.check(blob)
        var taken = Taken(blob: blob)
        let source = ArchiveSource(
            read: { buffer, offset in
                let rest = bytes.dropFirst(Int(offset)).prefix(buffer.count)
                buffer.copyBytes(from: rest)
                return rest.count
            }, waitUntilComplete: { Int64(bytes.count) })
        taken.tree = try record(unpack(source, recipe), of: blob.digest, recipe)
        if order.keepsArchive {
            _ = try bytes.withUnsafeBytes { try cache.blobs.put($0) { _ in } }
        }
        return taken
    }

    // MARK: Local files

    /// Takes a file that lies on this machine; an archive that is not kept is read where it is.
    func take(localFile path: String, read: (Int) -> Void) throws -> Taken {
        let file = try File(path)
        guard let recipe = order.recipe, !order.keepsArchive else {
            var writer = try cache.blobs.newBlob(checksums: order.expectation.functions)
            try writer.copy(from: file)
            read(Int(writer.size))
            let blob = try writer.commit { try order.expectation.check($0) }
            guard let recipe = order.recipe else { return Taken(blob: blob) }
            return Taken(
                blob: blob, tree: try record(unpack(ArchiveSource(File(path)), recipe), of: blob.digest, recipe))
        }
        let (values, size) = try file.hash([.sha256, .xxh3] + order.expectation.functions)
        read(Int(size))
        let blob = Blob(values: values, size: size)
        try order.expectation.check(blob)
        if let tree = try cache.trees.tree(ofArchive: blob.digest, recipe: recipe) {
            return Taken(blob: blob, tree: tree)
        }
        return Taken(blob: blob, tree: try record(unpack(ArchiveSource(file), recipe), of: blob.digest, recipe))
    }

    /// Unpacks an archive that is in the cache already.
    func unpack(cached digest: Digest, recipe: Recipe) throws -> Digest {
        try record(unpack(ArchiveSource(cache.blobs.open(digest)), recipe), of: digest, recipe)
    }

    private func unpack(_ source: ArchiveSource, _ recipe: Recipe) throws -> TreeListing {
        do {
            return try Extract.tree(of: source, recipe: recipe, limits: order.limits, into: cache.blobs)
        } catch {
            throw Intake.explain(error)
        }
    }

    private func record(_ listing: TreeListing, of archive: Digest, _ recipe: Recipe) throws -> Digest {
        let tree = try cache.trees.store(listing)
        try cache.trees.record(tree, ofArchive: archive, recipe: recipe)
        return tree
    }

    private static func explain(_ error: any Error) -> Failure {
        if error is Failure || error is SystemError { return Failure(error) }
        return Failure(
            .integrity, "the archive cannot be unpacked", cause: "\(error)",
            advice: "say 'extract: false' to have it as one file, or replace the archive")
    }

    // MARK: Large objects

    /// Starts to hash and unpack a body that has begun to arrive.
    /// - Parameter stated: what the store says of it.
    func follow(_ body: GrowingBody, stated: Checksum?) {
        let expectation = order.expectation.stated(stated)
        findings.withLock { $0 = Findings(expectation: expectation, body: ObjectIdentifier(body)) }
        let functions = expectation.functions
        pool.submit { [self] in
            let result = Result { try body.hash(functions) }.mapError { Failure($0) }
            note(body) { $0.blob = result }
        }
        guard let recipe = order.recipe else { return }
        pool.submit { [self] in
            let result = Result { try unpack(body.archiveSource, recipe) }.mapError { Failure($0) }
            note(body) { $0.tree = result }
        }
    }

    /// The transport has brought everything.
    func arrived(_ body: GrowingBody) { note(body) { $0.isArrived = true } }

    private func note(_ body: GrowingBody, _ change: (inout Findings) -> Void) {
        let complete = findings.withLock { findings -> Findings? in
            // Followers of a body that was given up have nothing to say.
            guard findings.body == ObjectIdentifier(body) else { return nil }
            change(&findings)
            guard findings.isArrived, findings.blob != nil, order.recipe == nil || findings.tree != nil else {
                return nil
            }
            return findings
        }
        guard let complete, let blob = complete.blob else { return }
        judged(body, Result { try judge(body, blob.get(), complete) }.mapError { Failure($0) })
    }

    private func judge(_ body: GrowingBody, _ blob: Blob, _ findings: Findings) throws -> Taken {
        var taken = Taken(blob: blob)
        do {
            // Wrong bytes explain an archive that cannot be unpacked, so they are told first.
            try findings.expectation.check(blob)
            if let recipe = order.recipe, let tree = findings.tree {
                taken.tree = try record(tree.get(), of: blob.digest, recipe)
            }
        } catch {
            // Otherwise the next run would resume the same bytes, whole and wrong, and never ask the server again.
            if Failure(error).kind == .integrity { try? body.partial.discard() }
            throw error
        }
        if order.recipe == nil || order.keepsArchive {
            try body.partial.publish(to: cache.blobs, as: blob.digest)
        } else {
            try body.partial.discard()
        }
        return taken
    }
}
