/// When to try again: full-jitter exponential backoff, the server's word first. A value; nothing here waits.
struct RetryPolicy: Sendable {
    /// Attempts in a row that brought nothing.
    private(set) var failures = 0
    /// How many of them are made up for.
    let limit: Int
    let base: Double
    let cap: Double

    init(limit: Int = 5, base: Double = 0.25, cap: Double = 20) {
        self.limit = limit
        self.base = base
        self.cap = cap
    }

    /// Seconds to wait before the next attempt; `nil` when it is time to give up.
    /// - Parameters:
    ///   - retryAfter: seconds that the server asked for; more than two minutes are not waited for.
    ///   - madeProgress: bytes came since the last failure, so the count starts anew.
    ///   - jitter: a random number in 0..<1.
    mutating func delay(retryAfter: Double?, madeProgress: Bool, jitter: Double = .random(in: 0..<1)) -> Double? {
        if madeProgress { failures = 0 }
        failures += 1
        guard failures <= limit else { return nil }
        if let retryAfter { return min(retryAfter, 120) }
        var bound = base
        for _ in 1..<failures where bound < cap { bound *= 2 }
        return min(bound, cap) * jitter
    }
}
