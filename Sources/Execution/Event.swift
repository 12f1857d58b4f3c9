public import Planning
internal import Synchronization

/// What happens during a run, for whoever shows or records it. Delivered from several threads.
public enum Event: Sendable {
    /// An object's transfer begins: its URL, and bytes if known.
    case fetching(Entry.ID, url: String, bytes: Int64?)
    /// An object is in the cache now, and how it came there.
    case acquired(Entry.ID, url: String, Acquired)
    /// An attempt failed and another follows after some seconds.
    case retrying(url: String, Failure, seconds: Double)
    /// Another process fetches the same object; we wait for it.
    case waiting(Entry.ID, url: String)
    case placed(Entry.ID, path: String, mode: Entry.LinkMode)
    case removed(Entry.ID, path: String)
    /// An entry failed; with `optional`, or when going on after failures, the run continues.
    case failed(Entry.ID, Failure, isOptional: Bool)
    case warning(String)
}

/// One object's content, in the cache or where it lies.
public struct Acquired: Sendable {
    public enum Origin: String, Sendable {
        /// Nothing moved.
        case cache
        case network
        /// Copied or read from a local path.
        case local
        /// Taken from the target path, where the right bytes lay already.
        case adopted
        /// Used where it lies.
        case direct
    }

    public var origin: Origin
    /// `nil` for a direct reference that nobody hashed.
    public var digest: Digest?
    /// Bytes of the object.
    public var size: Int64?
    public var tree: Digest?
    public var validator: Validator?
    public var version: String?
    /// Bytes that moved.
    public var transferred: Int64 = 0
    /// Which of URL (0) and mirrors gave it.
    public var source = 0
    /// It is still to be brought here; this is what is known of it.
    var isAwaited = false

    public init(_ origin: Origin, digest: Digest?, size: Int64?) {
        self.origin = origin
        self.digest = digest
        self.size = size
    }
}

/// What a progress display reads while a run goes on.
public final class Progress: Sendable {
    /// One object under way.
    public final class Transfer: Sendable {
        public let name: String
        private let total: Atomic<Int64>
        private let done = Atomic<Int64>(0)

        init(name: String, total: Int64?) {
            self.name = name
            self.total = Atomic(total ?? -1)
        }

        /// Bytes, if known.
        public var size: Int64? {
            let value = total.load(ordering: .relaxed)
            return value < 0 ? nil : value
        }
        /// Bytes that are here, those of an earlier run included.
        public var bytes: Int64 { done.load(ordering: .relaxed) }

        func add(_ count: Int) { done.wrappingAdd(Int64(count), ordering: .relaxed) }
        func setSize(_ size: Int64) { total.store(size, ordering: .relaxed) }
    }

    private struct State {
        var transfers: [ObjectIdentifier: Transfer] = [:]
        var expectedBytes: Int64 = 0
        /// Objects whose size nobody knows yet.
        var unsized = 0
        var objects = 0
        var objectsDone = 0
    }

    private let moved = Atomic<Int64>(0)
    private let state = Mutex(State())

    public init() {}

    /// Bytes that moved so far.
    public var bytes: Int64 { moved.load(ordering: .relaxed) }
    /// Bytes to move in all, as far as known, and whether that is everything.
    public var expected: (bytes: Int64, isExact: Bool) { state.withLock { ($0.expectedBytes, $0.unsized == 0) } }
    /// Objects that had to be brought here, and those that are.
    public var objects: (done: Int, total: Int) { state.withLock { ($0.objectsDone, $0.objects) } }
    /// What is under way, in no order.
    public var transfers: [Transfer] { state.withLock { Array($0.transfers.values) } }

    /// - Parameters:
    ///   - bytes: of those whose size is known.
    ///   - unsized: how many of them have no known size.
    func expect(objects: Int, bytes: Int64, unsized: Int) {
        state.withLock { state in
            state.objects += objects
            state.expectedBytes += bytes
            state.unsized += unsized
        }
    }

    func begin(_ name: String, size: Int64?) -> Transfer {
        let transfer = Transfer(name: name, total: size)
        state.withLock { $0.transfers[ObjectIdentifier(transfer)] = transfer }
        return transfer
    }

    func end(_ transfer: Transfer) {
        state.withLock { state in
            state.transfers[ObjectIdentifier(transfer)] = nil
            state.objectsDone += 1
            if transfer.size == nil { state.unsized -= 1 }
        }
    }

    /// An object that another one's transfer has brought along.
    func spare(_ bytes: Int64?) {
        state.withLock { state in
            state.objectsDone += 1
            state.expectedBytes -= bytes ?? 0
            if bytes == nil { state.unsized -= 1 }
        }
    }

    func add(_ count: Int, to transfer: Transfer) {
        moved.wrappingAdd(Int64(count), ordering: .relaxed)
        transfer.add(count)
    }

    /// A size that nobody knew before, of which some bytes may be here from an earlier run.
    func learn(_ size: Int64, for transfer: Transfer, alreadyHere: Int64 = 0) {
        if alreadyHere > transfer.bytes { transfer.add(Int(alreadyHere - transfer.bytes)) }
        guard transfer.size == nil else { return }
        transfer.setSize(size)
        state.withLock { state in
            state.expectedBytes += size - alreadyHere
            state.unsized -= 1
        }
    }
}
