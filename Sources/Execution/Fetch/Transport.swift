internal import Caching
internal import Platform
internal import Remotes

/// What all downloads of a run share.
final class Transport: Sendable {
    /// Its client is made when the first object needs it.
    let network: Network
    var client: HTTPClient { network.client }
    let cache: Cache
    let progress: Progress
    let stallTimeout: Duration
    /// Runs something later, on the executor's own thread.
    let schedule: @Sendable (Double, @escaping @Sendable () -> Void) -> Void
    /// Told of every retry: the object, what failed, and the seconds until the next attempt.
    let retried: @Sendable (String, Failure, Double) -> Void

    init(
        network: Network, cache: Cache, progress: Progress, stallTimeout: Duration,
        schedule: @escaping @Sendable (Double, @escaping @Sendable () -> Void) -> Void,
        retried: @escaping @Sendable (String, Failure, Double) -> Void
    ) {
        self.network = network
        self.cache = cache
        self.progress = progress
        self.stallTimeout = stallTimeout
        self.schedule = schedule
        self.retried = retried
    }
}
