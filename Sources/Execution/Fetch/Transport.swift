internal import Caching
internal import Platform
internal import Synchronization

/// What all downloads of a run share.
final class Transport: Sendable {
    let client: HTTPClient
    let cache: Cache
    let counters: Counters
    /// Runs something later, on the executor's own thread.
    let schedule: @Sendable (Double, @escaping @Sendable () -> Void) -> Void
    /// Told of every retry: the object, what failed, and the seconds until the next attempt.
    let retried: @Sendable (String, Failure, Double) -> Void

    init(
        client: HTTPClient, cache: Cache, counters: Counters,
        schedule: @escaping @Sendable (Double, @escaping @Sendable () -> Void) -> Void,
        retried: @escaping @Sendable (String, Failure, Double) -> Void
    ) {
        self.client = client
        self.cache = cache
        self.counters = counters
        self.schedule = schedule
        self.retried = retried
    }
}

/// What a progress display reads while a run goes on.
public final class Counters: Sendable {
    private let network = Atomic<Int64>(0)

    public init() {}

    /// Bytes that came over the network or were read from local sources so far.
    public var bytes: Int64 { network.load(ordering: .relaxed) }

    func add(_ count: Int) { network.wrappingAdd(Int64(count), ordering: .relaxed) }
}
