internal import CCurl
internal import Synchronization

/// How other threads speak to the client's own.
final class HTTPMailbox: Sendable {
    enum Command: Sendable { case send(HTTPJob), resume(HTTPJob), cancel(HTTPJob) }

    private struct State {
        var commands: [Command] = []
        var isAsleep = false
        var isClosed = false
        /// The multi handle to wake: curl_multi_wakeup(3) is the one call that any thread may make.
        var multi: CurlMulti?

        /// Only the first command after the thread fell asleep costs a system call.
        mutating func wake() {
            guard isAsleep, let multi else { return }
            isAsleep = false
            curl_multi_wakeup(multi.pointer)
        }
    }
    private let state = Mutex(State())

    func open(_ multi: CurlMulti) { state.withLock { $0.multi = multi } }

    /// - Returns: false when the client is shut down: nobody will read the command.
    func post(_ command: Command) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.commands.append(command)
            state.wake()
            return true
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

    /// After this no other thread touches the multi handle.
    func detach() { state.withLock { $0.multi = nil } }
}

/// A CURLM.
struct CurlMulti: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
}
