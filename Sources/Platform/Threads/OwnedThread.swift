internal import Glibc

/// A thread (pthread_create) that its owner joins.
public struct OwnedThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let thread: pthread_t

    /// - Parameter stackSize: bytes; 512 KiB is enough for everything that libcurl and libarchive do.
    public init(stackSize: Int = 512 << 10, _ run: @escaping @Sendable () -> Void) {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        defer { attributes.deallocate() }
        pthread_attr_init(attributes)
        defer { pthread_attr_destroy(attributes) }
        pthread_attr_setstacksize(attributes, stackSize)
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let result = pthread_create(
            &thread, attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        // Out of threads or memory: nothing of what follows could work.
        precondition(result == 0, "pthread_create failed")
        self.thread = thread
    }

    public func join() { pthread_join(thread, nil) }
}
