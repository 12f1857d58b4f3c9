internal import Platform

/// An amount that several threads share (bytes of buffers, large objects at once): who wants more than is left waits.
final class Allowance: Sendable {
    private struct State {
        var free: Int64
        var nextTurn: UInt64 = 0
        var serving: UInt64 = 0
    }

    private let capacity: Int64
    private let state: Monitor<State>

    init(_ capacity: Int64) {
        self.capacity = capacity
        state = Monitor(State(free: capacity))
    }

    /// Runs `body` while `amount` is set aside for it.
    ///
    /// Turns come in the order of asking, so that small claims do not pass a large one for ever. A claim beyond the whole
    /// waits until nothing else is in use.
    func claiming<Value>(_ amount: Int64, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        let claim = min(max(amount, 0), capacity)
        let turn = state.withLock { state in
            defer { state.nextTurn += 1 }
            return state.nextTurn
        }
        _ = state.wait { state in state.serving == turn && state.free >= claim ? true : nil }
        state.withLock { state in
            state.free -= claim
            state.serving += 1
        }
        defer { state.withLock { $0.free += claim } }
        return try body()
    }
}
