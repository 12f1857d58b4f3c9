public import Platform
internal import Synchronization

/// A credential that ends: fetched when first needed, renewed before its end, by one thread for all who wait.
public final class Renewable<Value: Sendable>: Sendable {
    /// What was fetched, and until when it holds.
    public struct Lease: Sendable {
        public var value: Value
        /// `nil`: for ever.
        public var end: MonotonicTime?

        public init(_ value: Value, end: MonotonicTime? = nil) {
            self.value = value
            self.end = end
        }
    }

    private struct State {
        var lease: Lease?
        /// When the lease is renewed, which is before its end.
        var renewal: MonotonicTime?
        var isFetching = false
        var waiting: [@Sendable (Result<Value, Refusal>) -> Void] = []
        var threads: [OwnedThread] = []
    }

    private let state = Mutex(State())
    private let margin: Double
    private let obtain: @Sendable () throws(Refusal) -> Lease

    /// - Parameters:
    ///   - margin: seconds before its end at which a credential is renewed; at most a quarter of its life.
    ///   - obtain: fetches one; may block; called on a thread of its own.
    public init(margin: Double = 300, obtain: @escaping @Sendable () throws(Refusal) -> Lease) {
        self.margin = margin
        self.obtain = obtain
    }

    deinit { for thread in state.withLock({ $0.threads }) { thread.join() } }

    /// Hands the current value on: at once where there is one, otherwise when it has come. A failure is told to all who wait
    /// now; who asks later tries again.
    public func use(_ body: @escaping @Sendable (Result<Value, Refusal>) -> Void) {
        let current = state.withLock { state -> Value? in
            if let lease = state.lease, state.renewal.map({ .now() < $0 }) ?? true { return lease.value }
            state.waiting.append(body)
            guard !state.isFetching else { return nil }
            state.isFetching = true
            state.threads.append(OwnedThread { [self] in fetch() })
            return nil
        }
        if let current { body(.success(current)) }
    }

    /// What the server does not accept any more is fetched anew.
    public func invalidate() {
        state.withLock {
            $0.lease = nil
            $0.renewal = nil
        }
    }

    private func fetch() {
        var result: Result<Lease, Refusal>
        do throws(Refusal) { result = .success(try obtain()) } catch { result = .failure(error) }
        let now = MonotonicTime.now()
        let waiting = state.withLock { state in
            state.isFetching = false
            switch result {
            case .success(let lease):
                state.lease = lease
                state.renewal = lease.end.map { $0.adding(seconds: -min(margin, max(0, $0.seconds(since: now)) / 4)) }
            case .failure:
                // What is still good serves on; whoever gave no new one is asked again a little later.
                if let lease = state.lease, let end = lease.end, now < end {
                    result = .success(lease)
                    state.renewal = min(end, now.adding(seconds: 15))
                }
            }
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body(result.map(\.value)) }
    }
}
