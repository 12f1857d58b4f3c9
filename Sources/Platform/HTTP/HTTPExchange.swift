internal import Synchronization

/// A whole answer, for what is small: a page of a listing, a token, an error.
public struct HTTPAnswer: Sendable {
    public var head: HTTPHead
    public var body: [UInt8]
    public var end: HTTPEnd
}

extension HTTPClient {
    /// Sends a request and waits for its whole answer, whatever the status. Never call it from a receiver.
    /// - Parameters:
    ///   - limit: bytes of body at most; a longer one is a failure (`stopped`).
    ///   - isCancelled: asked ten times a second while waiting; then the transfer ends as `cancelled`.
    public func exchange(
        _ request: HTTPRequest, limit: Int = 64 << 20, isCancelled: (() -> Bool)? = nil
    ) throws(HTTPFailure) -> HTTPAnswer {
        let exchange = Exchange(limit: limit)
        let transfer = send(request, to: exchange, isAwaited: true)
        if let isCancelled, !exchange.ends(before: isCancelled) { transfer.cancel() }
        return try exchange.wait()
    }
}

/// Gathers one answer.
private final class Exchange: HTTPReceiver {
    private struct State {
        var head: HTTPHead?
        var body: [UInt8] = []
        var result: Result<HTTPEnd, HTTPFailure>?
    }

    private let limit: Int
    private let state = Monitor(State())

    init(limit: Int) { self.limit = limit }

    func received(head: HTTPHead) -> HTTPDemand {
        state.withLock { $0.head = head }
        return .more
    }

    func received(bytes: UnsafeRawBufferPointer) -> HTTPDemand {
        state.withLock { state in
            guard state.body.count + bytes.count <= limit else { return .stop }
            state.body.append(contentsOf: bytes)
            return .more
        }
    }

    func ended(_ result: Result<HTTPEnd, HTTPFailure>) { state.withLock { $0.result = result } }

    /// - Returns: false when it was cancelled first.
    func ends(before isCancelled: () -> Bool) -> Bool {
        while !isCancelled() {
            let next = MonotonicTime.now().adding(seconds: 0.1)
            if state.wait(until: next, for: { $0.result == nil ? nil : true }) != nil { return true }
        }
        return false
    }

    func wait() throws(HTTPFailure) -> HTTPAnswer {
        let (head, body, result) =
            state.wait { state in state.result.map { (state.head, state.body, $0) } }
            ?? (nil, [], .failure(HTTPFailure(.cancelled, "nobody waits", url: "")))
        let end = try result.get()
        guard let head else { throw HTTPFailure(.protocolViolation, "no head came", url: "") }
        return HTTPAnswer(head: head, body: body, end: end)
    }
}
