internal import Platform

/// How many objects may be under way: halved when servers have too much to do, one more for each round that goes well
/// (additive increase, multiplicative decrease, as in RFC 5681).
struct JobWindow {
    private(set) var now: Int
    private let most: Int
    private var successes = 0
    private var reduced: MonotonicTime?
    /// Seconds in which refusals are taken for one: those who were asked together are refused together.
    private static let round = 1.0

    init(most: Int) {
        self.most = max(1, most)
        now = self.most
    }

    /// - Returns: false when that was done a moment ago.
    mutating func reduce(at time: MonotonicTime = .now()) -> Bool {
        if let reduced, time.seconds(since: reduced) < JobWindow.round { return false }
        reduced = time
        successes = 0
        now = max(1, now / 2)
        return true
    }

    /// An object came.
    mutating func grow() {
        guard now < most else { return }
        successes += 1
        guard successes >= now else { return }
        successes = 0
        now += 1
    }
}
