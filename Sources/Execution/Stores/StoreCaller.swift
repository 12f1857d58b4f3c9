internal import Glibc
public import Platform
public import Remotes

/// One request of a store and its whole answer: authorised when it is sent, tried again while that makes sense.
///
/// Blocks; made for threads that have nothing else to do. What is fetched as content goes through `Download` instead.
public struct StoreCaller: Sendable {
    let network: Network
    /// Asked while an answer is waited for and between attempts: an interrupted run does not wait for a busy server.
    let isCancelled: @Sendable () -> Bool
    let stallTimeout: Duration
    /// How often a request that failed is sent again.
    let mostRetries: Int
    /// Told of every retry: the URL, what failed, and the seconds until the next attempt.
    let retried: @Sendable (String, Failure, Double) -> Void

    public init(
        _ network: Network, stallTimeout: Duration = .seconds(60),
        isCancelled: @escaping @Sendable () -> Bool = { false }, mostRetries: Int = 5,
        retried: @escaping @Sendable (String, Failure, Double) -> Void = { _, _, _ in }
    ) {
        self.network = network
        self.stallTimeout = stallTimeout
        self.isCancelled = isCancelled
        self.mostRetries = mostRetries
        self.retried = retried
    }

    /// For what is not broken off midway even when the run is interrupted.
    var uninterrupted: StoreCaller {
        StoreCaller(network, stallTimeout: stallTimeout, mostRetries: mostRetries, retried: retried)
    }

    /// For what is done last, perhaps of an interrupted run: giving an upload up, removing what is wrong.
    var closing: StoreCaller {
        StoreCaller(network, stallTimeout: min(stallTimeout, .seconds(10)), mostRetries: 2, retried: retried)
    }

    /// - Parameters:
    ///   - accepts: the statuses that are the wished answer.
    ///   - limit: bytes of an answer at most.
    ///   - build: makes the request, for each attempt anew: what the store learnt meanwhile is in it.
    /// - Throws: `Failure`, also for a refusal, without its subject.
    public func ask(
        _ store: any Store, accepts: (Int) -> Bool = { (200..<300).contains($0) }, limit: Int = 64 << 20,
        _ build: () -> HTTPRequest
    ) throws(Failure) -> HTTPAnswer {
        var retry = RetryPolicy(limit: mostRetries)
        var lessons = 0
        while true {
            let request = try authorized(store, build())
            let failure: Failure
            var retryAfter: Double?
            switch Result(catching: { () throws(HTTPFailure) in
                try network.client.exchange(request, limit: limit, isCancelled: isCancelled)
            }) {
            case .success(let answer):
                if accepts(answer.head.status) { return answer }
                let refusal = store.refusal(answer.head, body: Array(answer.body.prefix(64 << 10)), to: request)
                if refusal.kind == .again, lessons < StoreCaller.mostLessons {
                    lessons += 1
                    continue
                }
                failure = Failure(refusal: refusal)
                guard refusal.kind == .transient else { throw failure }
                retryAfter = refusal.retryAfter
            case .failure(let error):
                if error.kind == .cancelled { throw Failure(.interrupted, "interrupted") }
                failure = Failure(transport: error, advice: store.advice(on: error))
                guard error.isRetryable else { throw failure }
            }
            guard !isCancelled(), let delay = retry.delay(retryAfter: retryAfter, madeProgress: false) else {
                throw failure
            }
            retried(URLRedaction.redact(request.url), failure, delay)
            try sleep(delay, orThrow: failure)
        }
    }

    /// How often a store may say that it has learnt something and wants to be asked again: a region, then a token.
    static let mostLessons = 3

    private func authorized(_ store: any Store, _ request: HTTPRequest) throws(Failure) -> HTTPRequest {
        let box = Monitor<Result<HTTPRequest, Refusal>?>(nil)
        store.authorize(request) { result in box.withLock { $0 = result } }
        guard let result = box.wait(for: { $0 }) else { throw Failure(.interrupted, "interrupted") }
        do throws(Refusal) {
            var request = try result.get()
            request.stallTimeout = stallTimeout
            return request
        } catch { throw Failure(refusal: error) }
    }

    private func sleep(_ seconds: Double, orThrow failure: Failure) throws(Failure) {
        let end = MonotonicTime.now().adding(seconds: seconds)
        while .now() < end {
            if isCancelled() { throw failure }
            usleep(useconds_t(min(100_000, max(1, end.seconds(since: .now()) * 1e6))))
        }
    }
}

extension Failure {
    /// What a store refused, as a failure of the run.
    init(refusal: Refusal) {
        let kind: Kind =
            switch refusal.kind {
            case .notFound: .notFound
            case .permission: .permission
            case .transient, .again, .changed, .range, .malformed: .network
            case .integrity: .integrity
            case .configuration: .configuration
            case .unsupported: .other
            }
        self.init(kind, refusal.message, cause: refusal.cause, advice: refusal.advice)
    }
}
