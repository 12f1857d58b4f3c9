internal import Synchronization

/// Runs two pieces of work at once, the second on a thread of its own; returns, or throws, when both have ended.
public func concurrently<First, Second: Sendable>(
    _ first: () throws -> First, _ second: @escaping @Sendable () throws -> Second
) throws -> (First, Second) {
    let result = Monitor<Result<Second, any Error>?>(nil)
    let thread = OwnedThread { result.withLock { $0 = Result { try second() } } }
    let one = Result { try first() }
    thread.join()
    guard let other = result.read({ $0 }) else { preconditionFailure("the thread has ended") }
    return (try one.get(), try other.get())
}
