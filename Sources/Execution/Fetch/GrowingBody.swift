internal import Caching
internal import Planning
internal import Platform
internal import Synchronization

/// A large object while it arrives: writers put bytes at offsets, hashing (and unpacking) follow the contiguous frontier.
///
/// Everything is read back from the page cache while it is hot; nothing waits for the end of the download.
final class GrowingBody: Sendable {
    private struct Progress {
        var frontier: Int64 = 0
        /// Known when the whole object is there.
        var size: Int64?
        var failure: Failure?
    }

    let partial: Partial
    private let progress: Monitor<Progress>
    private let hashed = Atomic<Int64>(0)

    init(partial: Partial) {
        self.partial = partial
        let frontier = partial.frontier
        progress = Monitor(Progress(frontier: frontier, size: partial.size == frontier ? frontier : nil))
    }

    /// Bytes that have been hashed, from the beginning on.
    var hashedLength: Int64 { hashed.load(ordering: .relaxed) }

    /// Called by the transport after it wrote bytes.
    func advance() {
        let frontier = partial.frontier
        guard progress.read({ $0.frontier }) != frontier else { return }
        progress.withLock { $0.frontier = frontier }
    }

    /// Everything is there.
    func complete(size: Int64) {
        progress.withLock { progress in
            progress.frontier = size
            progress.size = size
        }
    }

    /// No more will come: followers end with this failure.
    func abandon(_ failure: Failure) {
        progress.withLock { $0.failure = $0.failure ?? failure }
    }

    /// Waits until bytes at `offset` are there, or the end is known.
    /// - Returns: the offset up to which may be read; equal to `offset` only at the end.
    func wait(beyond offset: Int64) throws(Failure) -> Int64 {
        let result = progress.wait { progress -> Result<Int64, Failure>? in
            if progress.frontier > offset { return .success(progress.frontier) }
            if let failure = progress.failure { return .failure(failure) }
            return progress.size.map { .success($0) }
        }
        return try (result ?? .failure(Failure(.other, "the download ended"))).get()
    }

    /// Waits for the whole object and returns its size in bytes.
    func waitUntilComplete() throws(Failure) -> Int64 {
        let result = progress.wait { progress -> Result<Int64, Failure>? in
            if let failure = progress.failure { return .failure(failure) }
            return progress.size.map { .success($0) }
        }
        return try (result ?? .failure(Failure(.other, "the download ended"))).get()
    }

    /// Hashes all bytes as they come. Runs on a thread of its own, to the end of the object.
    func hash(_ functions: [HashFunction]) throws -> Blob {
        var hashers = ContentHashers([.sha256, .xxh3] + functions)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset: Int64 = 0
        while true {
            let end = try wait(beyond: offset)
            if end <= offset { break }
            while offset < end {
                let wanted = Int(min(Int64(buffer.count), end - offset))
                let count = try partial.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
                guard count > 0 else { throw Failure(.integrity, "the partial download shrank while it was read") }
                hashers.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                offset += Int64(count)
                hashed.store(offset, ordering: .relaxed)
            }
        }
        return Blob(values: hashers.finishAndReset(), size: offset)
    }

    /// The bytes for an archive reader, which blocks until they have come.
    var archiveSource: ArchiveSource {
        ArchiveSource(
            read: { [self] buffer, offset in
                let end = try wait(beyond: offset)
                guard end > offset else { return 0 }
                let wanted = Int(min(Int64(buffer.count), end - offset))
                return try partial.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
            },
            waitUntilComplete: { [self] in try waitUntilComplete() })
    }
}
