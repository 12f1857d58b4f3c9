internal import Glibc

/// State behind a lock, with waiting for a change (pthread_mutex_t, pthread_cond_t on CLOCK_MONOTONIC).
public final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State
    /// Threads inside `wait`: without any, a change costs no more than the lock.
    private var waiters = 0

    public init(_ state: sending State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Changes the state and wakes everybody who waits.
    @discardableResult
    public func withLock<Value, Failure: Error>(_ body: (inout State) throws(Failure) -> Value) throws(Failure) -> Value
    {
        pthread_mutex_lock(mutex)
        let isWatched = waiters > 0
        defer {
            pthread_mutex_unlock(mutex)
            // After the lock is free: whoever is woken would only run into it.
            if isWatched { pthread_cond_broadcast(changed) }
        }
        return try body(&state)
    }

    /// Changes the state, and wakes one of those who wait where `body` says so.
    @discardableResult
    public func withLock<Value>(wakingOneIf isWork: (Value) -> Bool, _ body: (inout State) -> Value) -> Value {
        pthread_mutex_lock(mutex)
        let value = body(&state)
        let wakes = waiters > 0 && isWork(value)
        pthread_mutex_unlock(mutex)
        if wakes { pthread_cond_signal(changed) }
        return value
    }

    /// Looks at the state without waking anybody.
    public func read<Value>(_ body: (State) -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(state)
    }

    /// Waits until `body` gives a value.
    /// - Parameter deadline: a `MonotonicTime` after which `nil` comes back; without one the wait has no end of its own.
    public func wait<Value>(until deadline: MonotonicTime? = nil, for body: (inout State) -> Value?) -> Value? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let value = body(&state) { return value }
            waiters += 1
            defer { waiters -= 1 }
            guard let deadline else {
                pthread_cond_wait(changed, mutex)
                continue
            }
            var time = timespec(
                tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
            if pthread_cond_timedwait(changed, mutex, &time) == ETIMEDOUT { return body(&state) }
        }
    }
}

/// A point of CLOCK_MONOTONIC: unmoved by clock changes, meaningless outside this boot.
public struct MonotonicTime: Hashable, Sendable, Comparable {
    public var nanoseconds: Int64

    public static func now() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    public func adding(seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds + Int64(seconds * 1e9))
    }

    public func seconds(since earlier: MonotonicTime) -> Double {
        Double(nanoseconds - earlier.nanoseconds) / 1e9
    }

    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }
}
