internal import Synchronization

/// How a signal reaches a run: from any thread, at any time, also before the run has begun.
public final class Interruption: Sendable {
    private struct State {
        var signal: Int32?
        var deliver: (@Sendable (Int32) -> Void)?
    }

    private let state = Mutex(State())

    init() {}

    /// The signal that came, if one did.
    public var received: Int32? { state.withLock { $0.signal } }

    /// The run ends soon and keeps what it has; one that has not begun ends as soon as it does.
    public func signal(_ number: Int32) {
        let deliver = state.withLock { state in
            state.signal = number
            return state.deliver
        }
        deliver?(number)
    }

    func reach(_ deliver: @escaping @Sendable (Int32) -> Void) {
        let earlier = state.withLock { state in
            state.deliver = deliver
            return state.signal
        }
        if let earlier { deliver(earlier) }
    }
}
