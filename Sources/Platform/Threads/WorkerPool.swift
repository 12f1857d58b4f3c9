internal import Glibc

/// A few owned threads for blocking work, made when first needed and ended by `shutdown()`.
public final class WorkerPool: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var head = 0
        var threads: [OwnedThread] = []
        /// Threads that wait, and those of them that were told to go on and have not yet.
        var asleep = 0
        var called = 0
        var isEnding = false

        var waiting: Int { queue.count - head }

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
    private let patience: Int

    /// - Parameters:
    ///   - threads: the most that run at once.
    ///   - patience: how much work may wait for each running thread before another is woken or made. Little work that comes
    ///     often goes faster through one thread that is awake than through many that have to be woken.
    public init(threads: Int, patience: Int = 0) {
        limit = max(1, threads)
        self.patience = patience
    }

    /// Queues work; it is begun in the order of submission, on whichever thread is free.
    public func submit(_ work: @escaping @Sendable () -> Void) {
        _ = state.withLock(wakingOneIf: { $0 }) { state -> Bool in
            state.queue.append(work)
            let awake = state.threads.count - state.asleep
            guard !state.isEnding, awake == 0 || state.waiting > patience * awake else { return false }
            if state.asleep > 0 {
                state.asleep -= 1
                state.called += 1
                return true
            }
            if state.threads.count < limit { state.threads.append(OwnedThread { [self] in run() }) }
            return false
        }
    }

    private func run() {
        while let work = next() { work() }
    }

    /// The next piece of work; `nil` when the pool ends and nothing waits.
    private func next() -> (@Sendable () -> Void)? {
        var isAsleep = false
        return state.wait { state -> (@Sendable () -> Void)?? in
            if isAsleep {
                guard state.called > 0 || state.isEnding else { return nil }
                if state.called > 0 { state.called -= 1 } else { state.asleep -= 1 }
                isAsleep = false
            }
            if let work = state.pop() { return .some(work) }
            if state.isEnding { return .some(nil) }
            state.asleep += 1
            isAsleep = true
            return nil
        } ?? nil
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
