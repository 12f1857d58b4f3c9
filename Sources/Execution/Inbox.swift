internal import Caching
internal import Planning
internal import Platform

/// What other threads tell the executor's loop, and its timers.
final class Inbox: Sendable {
    enum Message: Sendable {
        /// Try a job again that waited for another process.
        case retry(Int)
        /// A job has ended; where its entry could be placed at once, with what came of that.
        case finished(Int, Result<Acquired, Failure>, Blob?, placed: Result<Placed, Failure>?)
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
        /// The loop comes back by itself in a moment: few messages need not wake it.
        var isGathering = false
    }

    /// So many messages are worth waking the loop that gathers.
    private static let handful = 8

    private let state = Monitor(State())

    func post(_ message: Message) {
        state.withLock(wakingOneIf: { $0 }) { state in
            state.messages.append(message)
            return !state.isGathering || state.messages.count >= Inbox.handful
        }
    }

    /// Runs `work` on the loop's thread, no earlier than after some seconds.
    func schedule(after seconds: Double, _ work: @escaping @Sendable () -> Void) {
        let due = MonotonicTime.now().adding(seconds: seconds)
        state.withLock { $0.timers.append((due, work)) }
    }

    /// Waits for messages and due timers; takes all there are.
    /// - Parameter limit: when to come back in any case; until then a few messages may wait for more.
    func next(until limit: MonotonicTime? = nil) -> [Message] {
        state.withLock { $0.isGathering = limit != nil }
        while true {
            let due = state.read { $0.timers.map(\.due).min() }
            let deadline = [due, limit].compactMap { $0 }.min()
            let taken = state.wait(until: deadline) { state -> [Message]? in
                let now = MonotonicTime.now()
                let isDue = state.timers.contains { $0.due <= now }
                if let limit, now < limit, !isDue, state.messages.count < Inbox.handful { return nil }
                var taken: [Message] = []
                swap(&taken, &state.messages)
                if isDue {
                    taken += state.timers.filter { $0.due <= now }.map { .timer($0.work) }
                    state.timers.removeAll { $0.due <= now }
                }
                // A timer that is due earlier than our deadline may have come meanwhile.
                let isEarlier = state.timers.contains { timer in deadline.map { timer.due < $0 } ?? true }
                return taken.isEmpty && !isEarlier ? nil : taken
            }
            if let taken, !taken.isEmpty { return taken }
            if let limit, limit <= .now() { return [] }
        }
    }
}
