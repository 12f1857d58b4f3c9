internal import CCurl
internal import CLinux
internal import Glibc

/// The sockets and the timer that libcurl waits for, in one epoll(7) set: a turn of the client's thread then costs what is ready.
/// curl_multi_perform(3) would look at every transfer, with a poll(2) for each.
final class HTTPSockets {
    /// One descriptor, as far as libcurl and the kernel are told apart.
    private struct Socket {
        /// A connection: it stays in the set between two responses, for the next request will wait for the same.
        var isConnection = false
        var wanted: UInt32 = 0
        var registered: UInt32 = 0
    }

    private let set = epoll_create1(Int32(EPOLL_CLOEXEC))
    private let alarm = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    /// By descriptor.
    private var sockets: [Socket] = []
    private var events = [epoll_event](repeating: epoll_event(), count: 128)
    private var ready = 0
    private var due: MonotonicTime?

    init() {
        precondition(set >= 0 && alarm >= 0, "epoll_create1 or eventfd failed")
        control(EPOLL_CTL_ADD, alarm, UInt32(EPOLLIN.rawValue))
    }

    deinit {
        close(set)
        close(alarm)
    }

    /// Wakes the thread that waits; for the descriptor's holder, from any thread.
    var waker: HTTPWaker { HTTPWaker(descriptor: alarm) }

    // MARK: The client's thread

    /// Lets libcurl call us; everything must be removed from `multi` before this value goes.
    func attach(to multi: UnsafeMutableRawPointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_multi_setopt_socket_callback(multi, socketWanted, context)
        ccurl_multi_setopt_timer_callback(multi, timerSet, context)
    }

    /// Lets a handle tell of its connections.
    func attach(toEasy easy: UnsafeMutableRawPointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_setopt_socket_callbacks(easy, socketOpened, socketClosed, context)
    }

    /// Waits until a socket is ready, the timer is due, or somebody wakes us.
    func wait(milliseconds limit: Int) {
        var milliseconds = limit
        if let due {
            let left = due.nanoseconds - MonotonicTime.now().nanoseconds
            milliseconds = min(limit, Int(max(0, (left + 999_999) / 1_000_000)))
        }
        ready = max(0, Int(epoll_wait(set, &events, Int32(events.count), Int32(milliseconds))))
    }

    /// Moves the bytes of what the last wait found.
    func actOnReady(_ multi: UnsafeMutableRawPointer) {
        for event in events[..<ready] {
            let descriptor = event.data.fd
            if descriptor == alarm {
                var count: eventfd_t = 0
                eventfd_read(alarm, &count)
            } else if sockets[Int(descriptor)].wanted == 0 {
                // The server ends an idle connection: libcurl sees that when it wants to use it again.
                register(descriptor, 0)
            } else {
                act(multi, descriptor, HTTPSockets.mask(event.events))
            }
        }
        ready = 0
    }

    /// Does what is due: requests of new transfers are sent, and timeouts end.
    func actOnTimer(_ multi: UnsafeMutableRawPointer) {
        guard let due, due <= .now() else { return }
        self.due = nil
        act(multi, CURL_SOCKET_TIMEOUT, 0)
    }

    private func act(_ multi: UnsafeMutableRawPointer, _ descriptor: curl_socket_t, _ mask: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, descriptor, mask, &running)
    }

    private static func mask(_ events: UInt32) -> Int32 {
        var mask: Int32 = 0
        if events & UInt32(EPOLLIN.rawValue | EPOLLHUP.rawValue) != 0 { mask |= CURL_CSELECT_IN }
        if events & UInt32(EPOLLOUT.rawValue) != 0 { mask |= CURL_CSELECT_OUT }
        if events & UInt32(EPOLLERR.rawValue) != 0 { mask |= CURL_CSELECT_ERR }
        return mask
    }

    // MARK: What libcurl tells

    fileprivate func opened(_ descriptor: curl_socket_t) {
        grow(to: descriptor)
        sockets[Int(descriptor)] = Socket(isConnection: true)
    }

    fileprivate func closed(_ descriptor: curl_socket_t) {
        // The kernel takes it out of the set.
        if Int(descriptor) < sockets.count { sockets[Int(descriptor)] = Socket() }
    }

    fileprivate func want(_ descriptor: curl_socket_t, _ what: Int32) {
        grow(to: descriptor)
        let events: UInt32 =
            switch what {
            case CURL_POLL_IN: UInt32(EPOLLIN.rawValue)
            case CURL_POLL_OUT: UInt32(EPOLLOUT.rawValue)
            case CURL_POLL_INOUT: UInt32(EPOLLIN.rawValue | EPOLLOUT.rawValue)
            default: 0
            }
        sockets[Int(descriptor)].wanted = events
        // One that only waits to be read from does no harm while nobody uses it.
        let socket = sockets[Int(descriptor)]
        if events == 0, socket.isConnection, socket.registered == UInt32(EPOLLIN.rawValue) { return }
        register(descriptor, events)
    }

    fileprivate func setTimer(milliseconds: Int) {
        due = milliseconds < 0 ? nil : MonotonicTime.now().adding(seconds: Double(milliseconds) / 1000)
    }

    private func grow(to descriptor: curl_socket_t) {
        while sockets.count <= Int(descriptor) { sockets.append(Socket()) }
    }

    private func register(_ descriptor: curl_socket_t, _ events: UInt32) {
        let before = sockets[Int(descriptor)].registered
        guard before != events else { return }
        sockets[Int(descriptor)].registered = events
        control(events == 0 ? EPOLL_CTL_DEL : before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, events)
    }

    private func control(_ operation: Int32, _ descriptor: curl_socket_t, _ events: UInt32) {
        var event = epoll_event()
        event.events = events
        event.data.fd = descriptor
        epoll_ctl(set, operation, descriptor, &event)
    }
}

/// Ends another thread's wait (eventfd(2)).
struct HTTPWaker: Sendable {
    let descriptor: Int32

    func wake() { eventfd_write(descriptor, 1) }
}

// MARK: - C callbacks

private func sockets(_ context: UnsafeMutableRawPointer?) -> HTTPSockets? {
    context.map { Unmanaged<HTTPSockets>.fromOpaque($0).takeUnretainedValue() }
}

private func socketWanted(
    _ easy: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t, _ what: Int32, _ context: UnsafeMutableRawPointer?,
    _ own: UnsafeMutableRawPointer?
) -> Int32 {
    sockets(context)?.want(descriptor, what)
    return 0
}

private func timerSet(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    sockets(context)?.setTimer(milliseconds: milliseconds)
    return 0
}

private func socketOpened(
    _ context: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t, _ purpose: curlsocktype
) -> Int32 {
    sockets(context)?.opened(descriptor)
    return CURL_SOCKOPT_OK
}

private func socketClosed(_ context: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t) -> Int32 {
    sockets(context)?.closed(descriptor)
    return close(descriptor)
}
