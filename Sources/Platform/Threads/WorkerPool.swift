internal import Glibc

/// A few owned threads for blocking work, made when first needed and ended by `shutdown()`.
public final class WorkerPool: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var head = 0
        var threads: [OwnedThread] = []
        var idle = 0
        var isEnding = false

        mutating func pop() -> (@Sendable () -> Void)? {
            guard head < queue.count else { return nil }
            let work = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: true)
                head = 0
            }
            return work
        }
    }

    private let state = Monitor(State())
    private let limit: Int

    /// - Parameter threads: the most that run at once.
    public init(threads: Int) { limit = max(1, threads) }

    /// Queues work; it runs in the order of submission, on whichever thread is free.
    public func submit(_ work: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.queue.append(work)
            if state.idle < state.queue.count - state.head, state.threads.count < limit {
                state.threads.append(OwnedThread { [self] in run() })
            }
        }
    }

    private func run() {
        while true {
            state.withLock { $0.idle += 1 }
            let work = state.wait { state -> (@Sendable () -> Void)?? in
                if let work = state.pop() {
                    state.idle -= 1
                    return .some(work)
                }
                return state.isEnding ? .some(nil) : nil
            }
            guard let work = work ?? nil else { return }
            work()
        }
    }

    /// Lets queued work finish, then joins the threads.
    public func shutdown() {
        let threads = state.withLock { state -> [OwnedThread] in
            state.isEnding = true
            defer { state.threads = [] }
            return state.threads
        }
        for thread in threads { thread.join() }
    }
}
