internal import Caching
internal import Planning
internal import Platform

/// Unpacks a plain zip, whose members can be read in any order, on several threads. The table of contents is read once: each
/// thread takes the next few members from it and brings them into the store.
///
/// What is wrong with several members is told of the first.
final class ExtractZip: Sendable {
    /// Bytes of an archive for which threads are worth their start.
    private static let smallestToShare: Int64 = 1 << 20
    /// Members that a thread takes at once: neighbours lie side by side in the archive.
    private static let run = 32

    private struct State {
        var directory: ZipDirectory
        var tree = ExtractTree()
        /// Members of any kind that were taken.
        var members = 0
        /// Of the files among them, in that order; `nil` until they are in the store.
        var contents: [TreeListing.Item.Kind?] = []
        var unpacked: Int64 = 0
        /// The lowest number of a member that failed, and why.
        var failure: (member: Int, error: any Error)?
    }

    /// A file that a thread has taken: the numbers are its place among all members, and among the files.
    private struct File {
        var item: ZipDirectory.Item
        var member: Int
        var blob: Int
    }

    private let source: ArchiveSource
    private let size: Int64
    private let recipe: Recipe
    private let limits: ExtractionLimits
    private let store: BlobStore
    private let state: Monitor<State>

    init(
        _ directory: ZipDirectory, _ source: ArchiveSource, _ recipe: Recipe, _ limits: ExtractionLimits,
        _ store: BlobStore
    ) {
        self.source = source
        self.recipe = recipe
        self.limits = limits
        self.store = store
        size = directory.size
        state = Monitor(State(directory: directory))
    }

    /// - Throws: `ZipDirectory.NotPlain` when it is to be tried in another way; otherwise as `Extract.tree`.
    func tree(progress: (Int64) throws -> Void) throws -> TreeListing {
        let threads = (1..<(size < Self.smallestToShare ? 1 : Processors.count)).map { _ in
            OwnedThread { [self] in work { _ in } }
        }
        var told: Int64 = 0
        work { unpacked in
            try progress(unpacked - told)
            told = unpacked
        }
        for thread in threads { thread.join() }
        let state = state.read { $0 }
        if let failure = state.failure { throw failure.error }
        if state.unpacked > told { try progress(state.unpacked - told) }
        return try state.tree.listing { blob in
            guard let content = state.contents[blob] else {
                preconditionFailure("no failure, and a file without content")
            }
            return content
        }
    }

    /// Unpacks members until none are left, or something is wrong before the next.
    /// - Parameter unpacked: is told the bytes that all threads have unpacked so far.
    private func work(_ unpacked: (Int64) throws -> Void) {
        do {
            let reader = try ZipMemberReader(source)
            var hasher = ContentHasher(.sha256)
            var contents: [(blob: Int, content: TreeListing.Item.Kind)] = []
            while let files = take(reader, contents) {
                contents.removeAll(keepingCapacity: true)
                for file in files {
                    do { contents.append((file.blob, try bring(file.item, reader, &hasher, unpacked))) } catch {
                        fail(at: file.member, error)
                        break
                    }
                }
            }
        } catch { fail(at: 0, error) }
    }

    private func fail(at member: Int, _ error: any Error) {
        state.withLock { state in
            if let known = state.failure, known.member <= member { return }
            state.failure = (member, error)
        }
    }

    /// Hands in what became of the files before, and takes the next ones; the tree gets whatever is passed on the way.
    private func take(
        _ reader: ZipMemberReader, _ contents: [(blob: Int, content: TreeListing.Item.Kind)]
    ) -> [File]? {
        state.withLock { state in
            for (blob, content) in contents { state.contents[blob] = content }
            // Nobody unpacks what stands behind a failure.
            guard state.failure == nil else { return nil }
            var files: [File] = []
            do {
                while files.count < Self.run, let item = try state.directory.next() {
                    state.members += 1
                    guard state.members <= limits.maximumMembers else {
                        throw ExtractionError.tooManyMembers(limit: limits.maximumMembers)
                    }
                    guard let path = try ExtractPath(member: item.member.path, stripping: recipe.stripComponents),
                        recipe.selects(path)
                    else { continue }
                    guard case .file = item.member.kind else {
                        var member = item.member
                        if case .symlink = member.kind { member.kind = .symlink(target: try reader.text(of: item)) }
                        try state.tree.add(member, at: path, recipe)
                        continue
                    }
                    try state.tree.addFile(path, state.contents.count)
                    files.append(File(item: item, member: state.members, blob: state.contents.count))
                    state.contents.append(nil)
                }
            } catch {
                // What was taken before it may be wrong as well.
                state.failure = (state.members, error)
            }
            return files.isEmpty ? nil : files
        }
    }

    private func bring(
        _ item: ZipDirectory.Item, _ reader: ZipMemberReader, _ hasher: inout ContentHasher,
        _ unpacked: (Int64) throws -> Void
    ) throws -> TreeListing.Item.Kind {
        if let limit = limits.maximumBytes, item.size > limit - state.read({ $0.unpacked }) {
            throw ExtractionError.tooManyBytes(limit: limit)
        }
        let executable = item.member.isExecutable
        try reader.open(item)
        var writer: BlobWriter?
        while let block = try reader.next() {
            let total = state.withLock { state -> Int64 in
                state.unpacked += Int64(block.count)
                return state.unpacked
            }
            try limits.check(unpacked: total, packed: size)
            try unpacked(total)
            if block.count == item.size {
                let digest = try store.add(block, executable: executable, hasher: &hasher)
                return .file(digest: digest, size: item.size, executable: executable)
            }
            var current = try writer.take() ?? store.newBlob(executable: executable)
            try current.write(block)
            writer = consume current
        }
        let digest = try (writer.take() ?? store.newBlob(executable: executable)).commit().digest
        return .file(digest: digest, size: item.size, executable: executable)
    }
}
