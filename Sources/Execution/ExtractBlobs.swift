internal import Caching
internal import Planning
internal import Platform

/// Writes files into the blob store on threads of its own, while the caller decompresses the next ones.
///
/// Bytes are handed over in batches: many small files, or a piece of a large one. A large file's batches go to one thread, in
/// order; memory is bounded by the batches that there are.
final class ExtractBlobs {
    private static let batchSize = 1 << 20
    private static let filesPerBatch = 256

    /// One file, or one piece of it, within a batch.
    struct Piece {
        var blob: Int
        var start: Int
        var count = 0
        var isFirst: Bool
        var isLast = false
        var executable: Bool
    }

    /// Owned by one thread at a time: filled by the caller, emptied by a worker.
    final class Batch: @unchecked Sendable {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: batchSize, alignment: 4096)
        var used = 0
        var pieces: [Piece] = []

        deinit { buffer.deallocate() }
    }

    private struct State {
        var free: [Batch]
        var queues: [[Batch]]
        var isEnding = false
        var failure: (any Error)?
        var results: [(blob: Int, content: TreeListing.Item.Kind)] = []
    }

    private let state: Monitor<State>
    private var threads: [OwnedThread] = []
    private var batch: Batch?
    /// Where the batch before went.
    private var lastWorker = 0
    private var count = 0

    init(store: BlobStore, workers: Int) {
        let state = Monitor(
            State(free: (0..<workers * 2 + 1).map { _ in Batch() }, queues: Array(repeating: [], count: workers)))
        self.state = state
        threads = (0..<workers).map { index in
            OwnedThread { Self.work(index, state, store) }
        }
    }

    /// Starts a file; its bytes follow by `append`, and `endFile`.
    /// - Returns: the number under which `finish` tells its content.
    func beginFile(executable: Bool) throws -> Int {
        let blob = count
        count += 1
        if let batch, batch.pieces.count == Self.filesPerBatch { submit(batch) }
        let batch = try currentBatch()
        batch.pieces.append(Piece(blob: blob, start: batch.used, isFirst: true, executable: executable))
        return blob
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            var batch = try currentBatch()
            if batch.used == batch.buffer.count {
                guard var piece = batch.pieces.last else { return }
                submit(batch)
                batch = try currentBatch()
                (piece.start, piece.count, piece.isFirst) = (0, 0, false)
                batch.pieces.append(piece)
            }
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(batch.buffer.count - batch.used))
            UnsafeMutableRawBufferPointer(rebasing: batch.buffer[batch.used...]).copyMemory(from: part)
            batch.used += part.count
            batch.pieces[batch.pieces.count - 1].count += part.count
            rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
        }
    }

    func endFile() {
        guard let batch, !batch.pieces.isEmpty else { return }
        batch.pieces[batch.pieces.count - 1].isLast = true
    }

    /// Waits until everything is in the store.
    /// - Returns: each file's content, in the order of `beginFile`.
    func finish() throws -> [TreeListing.Item.Kind] {
        if let batch { submit(batch) }
        stop()
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.results.sort { $0.blob < $1.blob }
            return state.results.map(\.content)
        }
    }

    /// Ends the threads; what they have not written is dropped unless `finish` was called. May be called twice.
    func stop() {
        state.withLock { $0.isEnding = true }
        for thread in threads { thread.join() }
        threads = []
    }

    /// Drops what is queued, and ends the threads.
    func cancel() {
        state.withLock { $0.queues = $0.queues.map { _ in [] } }
        stop()
    }

    /// The batch to fill; blocks until one is free.
    private func currentBatch() throws -> Batch {
        if let batch { return batch }
        let result: Result<Batch, any Error>? = state.wait { state in
            if let failure = state.failure { return .failure(failure) }
            return state.free.popLast().map { .success($0) }
        }
        let fresh = try result?.get()
        batch = fresh
        return fresh ?? Batch()
    }

    private func submit(_ batch: Batch) {
        let continues = batch.pieces.first.map { !$0.isFirst } ?? false
        lastWorker = state.withLock { state in
            let shortest = state.queues.indices.min { state.queues[$0].count < state.queues[$1].count } ?? 0
            let worker = continues ? lastWorker : shortest
            state.queues[worker].append(batch)
            return worker
        }
        self.batch = nil
    }

    // MARK: The workers

    private static func work(_ index: Int, _ state: Monitor<State>, _ store: BlobStore) {
        var writer: BlobWriter?
        var hasher = ContentHasher(.sha256)
        while true {
            let next: Batch?? = state.wait { state in
                if !state.queues[index].isEmpty { return .some(state.queues[index].removeFirst()) }
                return state.isEnding ? .some(nil) : nil
            }
            guard let batch = next ?? nil else { return }
            var results: [(blob: Int, content: TreeListing.Item.Kind)] = []
            var failure: (any Error)?
            do {
                if state.read({ $0.failure == nil }) {
                    for piece in batch.pieces {
                        if let content = try write(piece, of: batch, &writer, &hasher, store) {
                            results.append((piece.blob, content))
                        }
                    }
                }
            } catch { failure = error }
            batch.used = 0
            batch.pieces.removeAll(keepingCapacity: true)
            state.withLock { state in
                state.free.append(batch)
                state.results += results
                if state.failure == nil { state.failure = failure }
            }
        }
    }

    /// - Returns: the file's content, after its last piece.
    private static func write(
        _ piece: Piece, of batch: Batch, _ writer: inout BlobWriter?, _ hasher: inout ContentHasher, _ store: BlobStore
    ) throws -> TreeListing.Item.Kind? {
        let bytes = UnsafeRawBufferPointer(rebasing: batch.buffer[piece.start..<piece.start + piece.count])
        if piece.isFirst, piece.isLast {
            let digest = try store.add(bytes, executable: piece.executable, hasher: &hasher)
            return .file(digest: digest, size: Int64(piece.count), executable: piece.executable)
        }
        if piece.isFirst { writer = try store.newBlob(executable: piece.executable) }
        guard var current = writer.take() else { return nil }
        try current.write(bytes)
        guard piece.isLast else {
            writer = consume current
            return nil
        }
        let blob = try current.commit()
        return .file(digest: blob.digest, size: blob.size, executable: piece.executable)
    }
}
