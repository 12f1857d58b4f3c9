internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server on 127.0.0.1 that answers, and misbehaves, as a test says; and that remembers what happened, so that
/// a test can prove that its fault took place. One blocking thread per connection; `stop()` or the end of the value ends all.
public final class FaultServer: Sendable {
    public typealias Handler = @Sendable (Request) -> Response

    /// What came.
    public struct Request: Sendable {
        public var method: String
        /// As in the request line.
        public var target: String
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]
        /// 1 for the first request of this path, and so on.
        public var number: Int
        /// 1 for the first connection that was accepted, and so on.
        public var connection: Int

        public var path: String { String(target.prefix { $0 != "?" }) }
        /// The first field of this name, in any case.
        public subscript(name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }
    }

    /// What became of one request.
    public struct Exchange: Sendable {
        public enum Ending: Sendable { case underWay, complete, truncated, reset, stalled, clientGone }

        public var request: Request
        public var status = 0
        /// Body bytes that were written to the socket.
        public var bytesSent = 0
        public var ending = Ending.underWay
    }

    private struct State {
        var routes: [(path: String, handler: Handler)] = []
        var exchanges: [Exchange] = []
        var accepted = 0
        var sockets: Set<Int32> = []
        var threads = 0
        var isStopped = false
    }
    private let state = Mutex(State())
    private let listener: Int32
    /// Of the thread that accepts; apart from the server, which that thread must not keep alive.
    private let hasEnded = Flag()
    private final class Flag: Sendable { let flag = Atomic(false) }
    public let port: UInt16

    public init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard listener >= 0 else { throw TestSupportError("socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = self.listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 512) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard isListening else {
            hasEnded.flag.store(true, ordering: .relaxed)
            throw TestSupportError("cannot listen on 127.0.0.1: errno \(errno)")
        }
        let hasEnded = hasEnded
        runThread { [weak self] in
            defer { hasEnded.flag.store(true, ordering: .releasing) }
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self, self.serve(client) else {
                    if client >= 0 { close(client) }
                    if client < 0, errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
            }
        }
    }

    deinit { stop() }

    /// `http://127.0.0.1:<port><path>`.
    public func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// The same server under another name: another origin.
    public func otherHostURL(_ path: String) -> String { "http://localhost:\(port)\(path)" }

    /// Answers every request for this path, from now on. A path that ends in `*` stands for all that start so;
    /// the latest route that fits wins. Without a route the answer is 404.
    public func route(_ path: String, _ handler: @escaping Handler) {
        state.withLock { $0.routes.insert((path, handler), at: 0) }
    }

    /// Serves bytes as a good server does: ranges, conditions, HEAD.
    public func file(_ path: String, _ bytes: [UInt8], eTag: String? = "\"1\"") {
        route(path) { .file(bytes, for: $0, eTag: eTag) }
    }

    // MARK: What happened

    public var exchanges: [Exchange] { state.withLock { $0.exchanges } }
    public func exchanges(_ path: String) -> [Exchange] { exchanges.filter { $0.request.path == path } }
    public func requests(_ path: String) -> [Request] { exchanges(path).map(\.request) }
    public func bytesSent(_ path: String) -> Int { exchanges(path).reduce(0) { $0 + $1.bytesSent } }
    public var connectionsAccepted: Int { state.withLock { $0.accepted } }
    public var connectionsOpen: Int { state.withLock { $0.sockets.count } }

    /// Ends everything: the port is closed, stalled responses are cut, all threads are gone.
    public func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        _ = waitUntil { hasEnded.flag.load(ordering: .acquiring) && state.withLock { $0.threads == 0 } }
        close(listener)
    }

    // MARK: Connections

    private func serve(_ client: Int32) -> Bool {
        let number = state.withLock { state -> Int? in
            guard !state.isStopped else { return nil }
            state.accepted += 1
            state.threads += 1
            state.sockets.insert(client)
            return state.accepted
        }
        guard let number else { return false }
        runThread { [self] in
            let connection = ServerConnection(client)
            while let request = connection.readRequest(), answer(request, number, connection) {}
            // Removed before it is closed: a number that the system hands out anew must not be shut down by stop().
            state.withLock { _ = $0.sockets.remove(client) }
            close(client)
            state.withLock { $0.threads -= 1 }
        }
        return true
    }

    /// - Returns: whether the connection can take another request.
    private func answer(_ received: Request, _ connectionNumber: Int, _ connection: ServerConnection) -> Bool {
        var request = received
        request.connection = connectionNumber
        let (index, handler) = state.withLock { state -> (Int, Handler?) in
            request.number = 1 + state.exchanges.count { $0.request.path == request.path }
            state.exchanges.append(Exchange(request: request))
            let route = state.routes.first { route in
                route.path == request.path || route.path.hasSuffix("*") && request.path.hasPrefix(route.path.dropLast())
            }
            return (state.exchanges.count - 1, route?.handler)
        }
        let response = handler?(request) ?? Response(status: 404, body: Array("nothing here\n".utf8))
        state.withLock { $0.exchanges[index].status = response.status }
        let ending = connection.send(response, withBody: request.method != "HEAD") { count in
            state.withLock { $0.exchanges[index].bytesSent += count }
        } ending: { ending in
            state.withLock { $0.exchanges[index].ending = ending }
        }
        return ending == .complete && !response.closes && request["Connection"]?.lowercased() != "close"
    }
}

/// A detached thread: never a task, since these block.
private func runThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    guard code == 0 else { return box.release() }
    pthread_detach(thread)
}
