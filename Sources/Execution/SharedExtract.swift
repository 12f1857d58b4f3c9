internal import Caching
internal import Planning
internal import Platform

/// Unpacks a zip on several threads. Each has a reader of its own that passes over the others' members: a zip's members are
/// found by its table of contents and inflated one by one, and libarchive reads none that it is not asked for.
///
/// The first thread, the caller's, also makes the tree. What is wrong with several members is told of the first.
final class SharedExtract: Sendable {
    /// Bytes of an archive for which threads are worth their start.
    static let smallest: Int64 = 1 << 20
    /// Members in a row that go to one thread: neighbours lie side by side in the archive.
    private static let run = 32

    private struct State {
        var contents: [Int: TreeListing.Item.Kind] = [:]
        var unpacked: Int64 = 0
        /// The lowest number of a member that failed, and why.
        var failure: (member: Int, error: any Error)?
    }

    private let recipe: Recipe
    private let limits: ExtractionLimits
    private let store: BlobStore
    private let shares = max(1, min(Processors.count, 8))
    private let state = Monitor(State())

    init(_ recipe: Recipe, _ limits: ExtractionLimits, _ store: BlobStore) {
        self.recipe = recipe
        self.limits = limits
        self.store = store
    }

    func tree(
        of archive: consuming ArchiveReader, again: @escaping @Sendable () throws -> ArchiveReader,
        progress: (Int64) throws -> Void
    ) throws -> TreeListing {
        let threads = (1..<shares).map { share in
            OwnedThread { [self] in
                do {
                    var unused: ExtractTree?
                    var reader = try again()
                    take(share, of: &reader, &unused, progress: { _ in })
                } catch { fail(at: 0, error) }
            }
        }
        var tree: ExtractTree? = ExtractTree()
        take(0, of: &archive, &tree, progress: progress)
        for thread in threads { thread.join() }
        let state = state.read { $0 }
        if let failure = state.failure { throw failure.error }
        return try (tree ?? ExtractTree()).listing { blob in
            // Without a failure every file has its content.
            state.contents[blob] ?? .folder
        }
    }

    private func fail(at member: Int, _ error: any Error) {
        state.withLock { state in
            if let known = state.failure, known.member <= member { return }
            state.failure = (member, error)
        }
    }

    /// Goes over all members, and unpacks those of one share.
    /// - Parameter tree: gets all of them; only one share has it.
    private func take(
        _ share: Int, of archive: inout ArchiveReader, _ tree: inout ExtractTree?, progress: (Int64) throws -> Void
    ) {
        var members = 0
        var files = 0
        while true {
            let number = members
            members += 1
            // Nobody unpacks what stands behind a failure.
            if state.read({ $0.failure.map { $0.member < number } ?? false }) { return }
            do {
                guard let member = try archive.next() else { return }
                guard members <= limits.maximumMembers else {
                    throw ExtractionError.tooManyMembers(limit: limits.maximumMembers)
                }
                guard let path = try ExtractPath(member: member.path, stripping: recipe.stripComponents),
                    recipe.selects(path)
                else { continue }
                guard case .file = member.kind else {
                    try tree?.add(member, at: path, recipe)
                    continue
                }
                let blob = files
                files += 1
                try tree?.addFile(path, blob)
                guard blob / Self.run % shares == share else { continue }
                let content = try write(member, of: &archive, progress)
                state.withLock { $0.contents[blob] = content }
            } catch {
                return fail(at: number, error)
            }
        }
    }

    private func write(
        _ member: ArchiveMember, of archive: inout ArchiveReader, _ progress: (Int64) throws -> Void
    ) throws -> TreeListing.Item.Kind {
        if let size = member.size, let limit = limits.maximumBytes, size > limit - state.read({ $0.unpacked }) {
            throw ExtractionError.tooManyBytes(limit: limit)
        }
        var writer = try store.newBlob(executable: member.isExecutable)
        while let block = try archive.readBlock() {
            let unpacked = state.withLock { state -> Int64 in
                state.unpacked += Int64(block.count)
                return state.unpacked
            }
            try limits.check(unpacked: unpacked, packed: archive.sourcePosition)
            try writer.write(block)
            try progress(Int64(block.count))
        }
        let blob = try writer.commit()
        return .file(digest: blob.digest, size: blob.size, executable: member.isExecutable)
    }
}
