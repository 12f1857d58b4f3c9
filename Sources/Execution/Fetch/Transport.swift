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
    let pace: Pace
    let stallTimeout: Duration
    /// Runs something later, on the executor's own thread.
    let schedule: @Sendable (Double, @escaping @Sendable () -> Void) -> Void
    /// Told of every retry: the object, what failed, and the seconds until the next attempt.
    let retried: @Sendable (String, Failure, Double) -> Void
    /// Told that a server has too much to do.
    let wasBusy: @Sendable () -> Void

    init(
        network: Network, cache: Cache, progress: Progress, pace: Pace, stallTimeout: Duration,
        schedule: @escaping @Sendable (Double, @escaping @Sendable () -> Void) -> Void,
        retried: @escaping @Sendable (String, Failure, Double) -> Void, wasBusy: @escaping @Sendable () -> Void
    ) {
        self.network = network
        self.cache = cache
        self.progress = progress
        self.pace = pace
        self.stallTimeout = stallTimeout
        self.schedule = schedule
        self.retried = retried
        self.wasBusy = wasBusy
    }
}
