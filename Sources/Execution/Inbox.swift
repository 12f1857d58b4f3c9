internal import Caching
internal import Planning
internal import Platform

/// What other threads tell the executor's loop, and its timers.
final class Inbox: Sendable {
    enum Message: Sendable {
        /// Try a job again that waited for another process.
        case retry(Int)
        case finished(Int, Result<Acquired, Failure>, Blob?)
        case placed(Int, Result<Placed, Failure>)
        /// More objects of an entry whose listing runs.
        case listed(Int, [Plan.Object])
        case listingEnded(Int, Failure?)
        /// A server has too much to do.
        case busy
        case interrupted(Int32)
        case timer(@Sendable () -> Void)
    }

    private struct State {
        var messages: [Message] = []
        var timers: [(due: MonotonicTime, work: @Sendable () -> Void)] = []
    }

    private let state = Monitor(State())

    func post(_ message: Message) { state.withLock { $0.messages.append(message) } }

    /// Runs `work` on the loop's thread, no earlier than after some seconds.
    func schedule(after seconds: Double, _ work: @escaping @Sendable () -> Void) {
        let due = MonotonicTime.now().adding(seconds: seconds)
        state.withLock { $0.timers.append((due, work)) }
    }

    /// Waits for messages and due timers; takes all there are.
    func next() -> [Message] {
        while true {
            let deadline = state.read { $0.timers.map(\.due).min() }
            let taken = state.wait(until: deadline) { state -> [Message]? in
                let now = MonotonicTime.now()
                var taken = state.messages
                state.messages.removeAll(keepingCapacity: true)
                if state.timers.contains(where: { $0.due <= now }) {
                    taken += state.timers.filter { $0.due <= now }.map { .timer($0.work) }
                    state.timers.removeAll { $0.due <= now }
                }
                // A timer that is due earlier than our deadline may have come meanwhile.
                let isEarlier = state.timers.contains { timer in deadline.map { timer.due < $0 } ?? true }
                return taken.isEmpty && !isEarlier ? nil : taken
            }
            if let taken, !taken.isEmpty { return taken }
        }
    }
}
