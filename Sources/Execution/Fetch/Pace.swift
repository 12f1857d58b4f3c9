internal import Platform
internal import Synchronization

/// How fast a run asks: parts of an object at once, by what more of them bring; bytes a second, where there is a limit.
///
/// A server that gives each connection little is asked over more of them: twice as many, as long as that brings a good deal
/// more. Where it does not, half of them are given back, and after a while it is tried again, for networks change.
final class Pace: Sendable {
    /// Parts of one object at once, whatever else is under way.
    static let fewest = 4
    /// Parts at once in all; the connections of the configuration bound it further.
    static let most = 32
    /// Bytes a second above which a connection is no bottleneck.
    static let fast = 100e6
    /// Seconds of a sample, and until a window that brought nothing is tried again.
    private static let sample = 0.1
    private static let patience = 3.0

    private struct State {
        var window = Pace.fewest
        var downloads = 0
        var bytes: Int64 = 0
        var since = MonotonicTime.now()
        /// The rate before the window grew; `nil` when it did not.
        var rateBefore: Double?
        var settledUntil: MonotonicTime?
        /// Bytes that may come before the limit is reached; negative when it was passed.
        var budget = 0.0
        var refilled = MonotonicTime.now()
    }

    private let state = Mutex(State())
    private let limit: Double?
    private let ceiling: Int

    /// - Parameters:
    ///   - limit: bytes a second for the whole run.
    ///   - connections: to one host, at most.
    init(limit: Int64?, connections: Int, at now: MonotonicTime = .now()) {
        self.limit = limit.map { Double(max(1, $0)) }
        ceiling = max(1, min(Pace.most, connections))
        state.withLock { state in
            state.since = now
            state.refilled = now
        }
    }

    // MARK: Parts

    /// A large object begins or ends.
    func began() { state.withLock { $0.downloads += 1 } }
    func ended() { state.withLock { $0.downloads -= 1 } }

    /// Parts that one object may have under way.
    var parts: Int {
        state.withLock { max(min(Pace.fewest, ceiling), min(ceiling, $0.window / max(1, $0.downloads))) }
    }

    /// Bytes of a part have come.
    func moved(_ count: Int, at now: MonotonicTime = .now()) {
        state.withLock { state in
            state.bytes += Int64(count)
            let seconds = now.seconds(since: state.since)
            guard seconds >= Pace.sample else { return }
            let rate = Double(state.bytes) / seconds
            state.bytes = 0
            state.since = now
            // After a pause, what came says nothing of what could come.
            guard seconds < 5 * Pace.sample, limit == nil else {
                state.rateBefore = nil
                return
            }
            Pace.judge(rate, &state, now, ceiling)
        }
    }

    private static func judge(_ rate: Double, _ state: inout State, _ now: MonotonicTime, _ ceiling: Int) {
        if let until = state.settledUntil {
            guard now >= until else { return }
            state.settledUntil = nil
            state.rateBefore = nil
        }
        if let before = state.rateBefore, rate < 1.3 * before {
            // The last step brought too little to keep.
            if rate < 1.1 * before { state.window = max(Pace.fewest, state.window / 2) }
            state.rateBefore = nil
            state.settledUntil = now.adding(seconds: Pace.patience)
            return
        }
        guard state.window < ceiling, state.downloads < state.window, rate / Double(state.window) < Pace.fast else {
            state.rateBefore = nil
            return
        }
        state.rateBefore = rate
        state.window = min(ceiling, 2 * state.window)
    }

    /// A server says that it has too much to do.
    func slowDown() {
        state.withLock { state in
            state.window = max(1, state.window / 2)
            state.rateBefore = nil
            state.settledUntil = MonotonicTime.now().adding(seconds: Pace.patience)
        }
    }

    // MARK: The limit

    /// Parts wait for the limit, and not for their servers.
    var isLimited: Bool { limit != nil }

    /// Takes bytes from the budget.
    /// - Returns: seconds for which nothing more may come; `nil` goes on at once.
    func spend(_ count: Int, at now: MonotonicTime = .now()) -> Double? {
        guard let limit else { return nil }
        return state.withLock { state in
            // A quarter of a second may be saved up, so that the rate holds over short pauses.
            let earned = now.seconds(since: state.refilled) * limit
            state.budget = min(state.budget + earned, limit / 4) - Double(count)
            state.refilled = now
            return state.budget < 0 ? -state.budget / limit : nil
        }
    }
}
