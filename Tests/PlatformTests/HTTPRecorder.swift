import Glibc
import Platform
import Synchronization
import TestSupport

/// Keeps what it receives, and demands what it is told to.
final class HTTPRecorder: HTTPReceiver {
    struct State {
        var heads: [HTTPHead] = []
        var bytes: [UInt8] = []
        var chunks = 0
        var results: [Result<HTTPEnd, HTTPFailure>] = []
        /// Calls after `ended`, or bytes before a head: never right.
        var disorders = 0
    }
    let state = Mutex(State())
    private let atHead: HTTPDemand
    private let atBytes: @Sendable (_ chunk: Int) -> HTTPDemand

    init(atHead: HTTPDemand = .more, atBytes: @escaping @Sendable (_ chunk: Int) -> HTTPDemand = { _ in .more }) {
        self.atHead = atHead
        self.atBytes = atBytes
    }

    func received(head: HTTPHead) -> HTTPDemand {
        state.withLock {
            if !$0.heads.isEmpty || !$0.results.isEmpty { $0.disorders += 1 }
            $0.heads.append(head)
        }
        return atHead
    }

    func received(bytes: UnsafeRawBufferPointer) -> HTTPDemand {
        atBytes(
            state.withLock {
                if $0.heads.isEmpty || !$0.results.isEmpty || bytes.isEmpty { $0.disorders += 1 }
                $0.bytes += bytes
                $0.chunks += 1
                return $0.chunks
            })
    }

    func ended(_ result: Result<HTTPEnd, HTTPFailure>) { state.withLock { $0.results.append(result) } }

    var hasEnded: Bool { state.withLock { !$0.results.isEmpty } }
}

/// A response, or what came of it.
struct Fetched {
    var head: HTTPHead?
    var bytes: [UInt8]
    var result: Result<HTTPEnd, HTTPFailure>

    var status: Int? { head?.status }
    var failure: HTTPFailure? { if case .failure(let failure) = result { failure } else { nil } }
    var end: HTTPEnd? { try? result.get() }
}

extension HTTPClient {
    /// Sends one request and waits for its end.
    func fetch(_ request: HTTPRequest, _ recorder: HTTPRecorder = HTTPRecorder()) throws -> Fetched {
        let transfer = send(request, to: recorder)
        return try fetched(recorder, transfer)
    }

    func fetch(_ url: String) throws -> Fetched { try fetch(HTTPRequest(.get, url)) }

    func fetched(_ recorder: HTTPRecorder, _ transfer: HTTPTransfer) throws -> Fetched {
        guard waitUntil(.seconds(30), { recorder.hasEnded }) else {
            transfer.cancel()
            throw TestSupportError("the request did not end")
        }
        return try recorder.state.withLock { state in
            guard state.disorders == 0, state.results.count == 1, let result = state.results.first else {
                throw TestSupportError("\(state.disorders) calls out of order, \(state.results.count) endings")
            }
            return Fetched(head: state.heads.first, bytes: state.bytes, result: result)
        }
    }
}

/// A client that is shut down at the end of the scope.
func withClient<Value>(
    _ configuration: HTTPConfiguration = HTTPConfiguration(), _ body: (HTTPClient) throws -> Value
) throws -> Value {
    let client = HTTPClient(configuration)
    defer { client.shutdown() }
    return try body(client)
}

/// A client and a server, both ended at the end of the scope.
func withServer<Value>(
    _ configuration: HTTPConfiguration = HTTPConfiguration(), _ body: (FaultServer, HTTPClient) throws -> Value
) throws -> Value {
    let server = try FaultServer()
    defer { server.stop() }
    return try withClient(configuration) { try body(server, $0) }
}
