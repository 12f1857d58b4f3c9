internal import Caching
internal import Planning
internal import Platform
internal import Remotes
internal import Synchronization

/// One request of a download and its answer: a range, or the whole object.
final class Piece: HTTPReceiver {
    let generation: Int
    /// What was asked for; `nil` is everything.
    let range: Range<Int64>?
    let isProbe: Bool
    /// What was sent, credentials included: what a refusal is understood by.
    let request = Mutex<HTTPRequest?>(nil)
    private let download: Download
    private let state = Mutex(State())

    private enum Body {
        case none
        case small([UInt8], Int64)
        case large(GrowingBody, end: Int64?)
        case refusal(HTTPHead, [UInt8])
    }

    private struct State: ~Copyable {
        var body = Body.none
        var position: Int64 = 0
        var claimed: Int64 = 0
        var fingerprint = ContentHasher(.xxh3)
        var failure: Failure?
    }

    /// Whether others come so much faster that its rest is asked for anew, over another connection.
    var wasTooSlow: Bool { slow.load(ordering: .relaxed) }
    private let slow = Atomic(false)
    private let began = MonotonicTime.now()

    /// Bytes a second since it was asked for, and bytes that are still to come.
    var speed: (seconds: Double, bytes: Int64, rest: Int64) {
        let seconds = MonotonicTime.now().seconds(since: began)
        guard let range else { return (seconds, 0, 0) }
        // Still known when the body is done with.
        let position = max(range.lowerBound, state.withLock { $0.position })
        return (seconds, position - range.lowerBound, range.upperBound - position)
    }

    func giveUpAsTooSlow() { slow.store(true, ordering: .relaxed) }

    init(_ download: Download, generation: Int, range: Range<Int64>?, isProbe: Bool) {
        self.download = download
        self.generation = generation
        self.range = range
        self.isProbe = isProbe
    }

    func received(head: HTTPHead) -> HTTPDemand {
        switch download.opened(self, head) {
        case .stop: return .stop
        case .refusal(let head): state.withLock { $0.body = .refusal(head, []) }
        case .small(let size):
            state.withLock { state in
                var bytes: [UInt8] = []
                bytes.reserveCapacity(Int(size))
                state.body = .small(bytes, size)
            }
        case .large(let body, let start, let end):
            state.withLock { state in
                state.body = .large(body, end: end)
                state.position = start
                state.claimed = start
            }
        }
        return .more
    }

    func received(bytes: UnsafeRawBufferPointer) -> HTTPDemand {
        let (demand, isContent) = state.withLock { state -> (HTTPDemand, Bool) in
            if case .refusal(let head, var words) = state.body {
                state.body = .none
                words.append(contentsOf: bytes)
                state.body = .refusal(head, words)
                return (words.count < Piece.mostWords ? .more : .stop, false)
            }
            do throws(Failure) {
                try Piece.take(bytes, &state)
                return (.more, true)
            } catch {
                state.failure = error
                return (.stop, false)
            }
        }
        guard isContent else { return demand }
        download.received(bytes.count)
        guard case .more = demand, let seconds = download.transport.pace.spend(bytes.count) else { return demand }
        download.transport.schedule(seconds) { [self] in goOn() }
        return .pause
    }

    /// The limit allows more bytes.
    private func goOn() {
        guard let transfer = download.transfer(of: self) else { return }
        transfer.resume()
    }

    /// Bytes that no store needs more of to say why not; what web servers show people may be long.
    private static let mostWords = 64 << 10

    private static func take(_ bytes: UnsafeRawBufferPointer, _ state: inout State) throws(Failure) {
        switch state.body {
        case .none, .refusal: throw Failure(.network, "bytes came that nobody asked for")
        case .small(var buffer, let size):
            guard buffer.count + bytes.count <= size else { throw tooLong }
            // Emptied first, so that appending does not copy.
            state.body = .none
            buffer.append(contentsOf: bytes)
            state.body = .small(buffer, size)
        case .large(let body, let end):
            if let end, state.position + Int64(bytes.count) > end { throw tooLong }
            do throws(SystemError) {
                try body.partial.write(bytes, at: state.position)
                state.fingerprint.update(bytes)
                state.position += Int64(bytes.count)
                if state.position - state.claimed >= Partial.claimLength { try claim(body, &state) }
            } catch { throw Failure(system: error) }
            body.advance()
        }
    }

    private static var tooLong: Failure {
        Failure(.network, "the server sends more than it declared")
    }

    private static func claim(_ body: GrowingBody, _ state: inout State) throws(SystemError) {
        guard state.position > state.claimed, let value = Fingerprint(bytes: state.fingerprint.finishAndReset()) else {
            return
        }
        try body.partial.claim(state.claimed..<state.position, fingerprint: value)
        state.claimed = state.position
    }

    func ended(_ result: Result<HTTPEnd, HTTPFailure>) {
        let (body, position, failure) = state.withLock { state -> (Body, Int64, Failure?) in
            // Whatever came is good for a later run, however this one ends.
            if case .large(let body, _) = state.body { try? Piece.claim(body, &state) }
            defer { state.body = .none }
            return (state.body, state.position, state.failure)
        }
        // A refusal stands, even where its words broke off.
        if case .refusal(let head, let words) = body { return download.refused(self, head, words) }
        switch result {
        case .failure where wasTooSlow: download.restarted(self)
        case .failure(let error):
            if error.kind == .stopped, failure == nil { return }
            let advice = download.source.store.advice(on: error)
            download.failed(
                self, failure ?? Failure(transport: error, advice: advice),
                isTransient: failure == nil && error.isRetryable)
        case .success:
            finish(body, at: position)
        }
    }

    private func finish(_ body: Body, at position: Int64) {
        switch body {
        case .small(let bytes, let size):
            guard bytes.count == size else { return download.failed(self, Piece.truncated, isTransient: true) }
            download.small(self, bytes)
        case .large(_, let end):
            guard end == nil || end == position else {
                return download.failed(self, Piece.truncated, isTransient: true)
            }
            download.ended(self, at: position, isWhole: end == nil)
        case .none, .refusal: break
        }
    }

    private static var truncated: Failure {
        Failure(.network, "the server ended before all bytes had come", advice: "try again later")
    }
}

extension Failure {
    /// A transfer without an answer, in a user's words.
    /// - Parameter advice: the store's own, which comes before ours.
    init(transport error: HTTPFailure, advice storesAdvice: String? = nil) {
        let advice: String? =
            switch error.kind {
            case .resolve: "check the host's name and this machine's name servers"
            case .connect, .proxy: "check that the server runs and can be reached from here"
            case .tls(.unknownAuthority):
                "name the authority's certificate in SSL_CERT_FILE, or in 'verify' of clearml.conf"
            case .tls(.expired): "the server's certificate has expired, or this machine's clock is wrong"
            case .tls(.wrongHost): "the certificate is for another host"
            case .tls(.badCertificateFile): "check the file that SSL_CERT_FILE or 'verify' names"
            case .truncated, .reset, .stalled: "try again; what has come so far is kept"
            case .tooManyRedirects: "the server redirects in a circle; correct the 'url'"
            case .unsupportedScheme, .invalidURL: "correct the 'url'"
            default: nil
            }
        let message: String =
            switch error.kind {
            case .resolve: "the host is not known"
            case .connect: "no connection to the server"
            case .proxy: "the proxy does not serve us"
            case .tls(.unknownAuthority): "the server's certificate is signed by an unknown authority"
            case .tls: "no secure connection to the server"
            case .stalled: "the server stopped sending"
            case .reset: "the server broke the connection"
            case .truncated: "the server ended before all bytes had come"
            case .tooManyRedirects: "too many redirects"
            case .redirectRefused: "a redirect that is not safe to follow"
            default: "the transfer failed"
            }
        self.init(.network, message, cause: error.description, advice: storesAdvice ?? advice)
    }
}
