internal import Synchronization

/// How other threads speak to the client's own.
final class HTTPMailbox: Sendable {
    enum Command: Sendable { case send(HTTPJob), resume(HTTPJob), cancel(HTTPJob) }

    private struct State {
        var commands: [Command] = []
        var isAsleep = false
        var isClosed = false
        /// How many senders have more to say before the thread need look.
        var gathering = 0
        /// Of the client's thread, while it runs.
        var waker: HTTPWaker?

        /// Only the first command after the thread fell asleep costs a system call.
        mutating func wake(isUrgent: Bool = false) {
            guard isAsleep, gathering == 0 || isUrgent || isClosed, let waker else { return }
            isAsleep = false
            waker.wake()
        }
    }
    private let state = Mutex(State())

    func open(_ waker: HTTPWaker) { state.withLock { $0.waker = waker } }

    /// - Returns: false when the client is shut down: nobody will read the command.
    func post(_ command: Command, isUrgent: Bool = false) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.commands.append(command)
            state.wake(isUrgent: isUrgent)
            return true
        }
    }

    /// Lets commands gather while `body` runs: each wake-up costs the thread a look at every transfer.
    func gather(_ body: () -> Void) {
        state.withLock { $0.gathering += 1 }
        body()
        state.withLock { state in
            state.gathering -= 1
            if !state.commands.isEmpty { state.wake() }
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.wake()
        }
    }

    // MARK: For the client's own thread

    /// Moves all commands into `taken`, which must be empty.
    /// - Returns: false when the client is to shut down.
    func take(_ taken: inout [Command]) -> Bool {
        state.withLock { state in
            swap(&state.commands, &taken)
            state.isAsleep = false
            return !state.isClosed
        }
    }

    /// Announces that the thread is about to wait; false when there is something to do at once.
    func fallAsleep() -> Bool {
        state.withLock { state in
            guard state.commands.isEmpty, !state.isClosed else { return false }
            state.isAsleep = true
            return true
        }
    }

    /// After this no other thread wakes the client's.
    func detach() { state.withLock { $0.waker = nil } }
}
