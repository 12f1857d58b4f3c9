internal import Execution
internal import Glibc
internal import Platform
internal import Synchronization

/// SIGINT and SIGTERM: the first one ends a run in good order, the second one ends the process. Outside of a run there
/// is nothing to bring in order, so there the first one does.
enum Signals {
    private struct State {
        var interruption: Interruption?
        var count = 0
    }

    private static let state = Mutex(State())

    /// To be called first of all, while there is one thread.
    static func begin() {
        SignalWatch.begin { signal in
            let interruption = state.withLock { state in
                state.count += 1
                return state.count == 1 ? state.interruption : nil
            }
            guard let interruption else {
                Console.draw([])
                _exit(128 + signal)
            }
            Console.note("interrupted: what has come so far is kept (once more ends at once)")
            interruption.signal(signal)
        }
    }

    /// While `work` runs, the first signal goes to it.
    static func reaching<Result>(_ interruption: Interruption, _ work: () throws -> Result) rethrows -> Result {
        state.withLock { $0.interruption = interruption }
        defer { state.withLock { $0.interruption = nil } }
        return try work()
    }
}
