internal import Configuration
internal import Glibc
internal import Platform
internal import Synchronization

/// One credential and the bearer token (RFC 6750) that it gives, shared by all that it opens.
final class BearerAccess: Sendable {
    /// What a user knows it by: `sdk.google.storage.credentials[1]`.
    let name: String
    private let token: Renewable<Secret>?
    private let memory = Memory()

    /// What was learnt of tokens that the server did not take.
    private final class Memory: Sendable {
        struct State {
            /// The one that was refused last.
            var refused: Secret?
            /// That one came again when another was asked for.
            var cameAgain = false
            /// None was accepted since.
            var isInDoubt = false
        }
        let state = Mutex(State())
    }

    /// - Parameter obtain: gets a new token; `nil` for access without credentials.
    init(name: String, obtain: (@Sendable () throws(Refusal) -> Renewable<Secret>.Lease)?) {
        self.name = name
        token = obtain.map { [memory] obtain in
            Renewable { () throws(Refusal) in
                let lease = try Self.patiently(obtain)
                memory.state.withLock { $0.cameAgain = lease.value == $0.refused }
                return lease
            }
        }
    }

    var isAnonymous: Bool { token == nil }

    func authorize(_ request: HTTPRequest, then send: @escaping @Sendable (Result<HTTPRequest, Refusal>) -> Void) {
        guard let token else { return send(.success(request)) }
        token.use { result in
            send(
                result.map { token in
                    var request = request
                    request.headers.removeAll { $0.name == Self.header }
                    request.headers.append(HTTPField(Self.header, Self.scheme + token.reveal(), isSecret: true))
                    return request
                })
        }
    }

    /// The server took a token.
    func wasAccepted() { memory.state.withLock { $0.isInDoubt = false } }

    /// Whether a request that was refused may be sent again with another token: once, until a token is accepted.
    func mayRenew(after request: HTTPRequest) -> Bool {
        guard let token, let field = request.headers.first(where: { $0.name == Self.header }) else { return false }
        let sent = Secret(String(field.value.dropFirst(Self.scheme.count)))
        let (mayRenew, isNews) = memory.state.withLock { state in
            // Requests under way together are refused together: only the first of them says something new.
            if sent == state.refused { return (!state.cameAgain, false) }
            if state.isInDoubt { return (false, false) }
            (state.refused, state.isInDoubt) = (sent, true)
            return (true, true)
        }
        if isNews { token.invalidate() }
        return mayRenew
    }

    /// A token server that is busy is asked a few times: a whole run hangs on its answer.
    private static func patiently(
        _ obtain: () throws(Refusal) -> Renewable<Secret>.Lease
    ) throws(Refusal) -> Renewable<Secret>.Lease {
        for delay in [0.2, 1, 3] {
            do throws(Refusal) { return try obtain() } catch {
                guard error.kind == .transient else { throw error }
                let seconds = max(delay * Double.random(in: 0.5...1), min(error.retryAfter ?? 0, 10))
                usleep(useconds_t(seconds * 1e6))
            }
        }
        return try obtain()
    }

    private static let header = "Authorization"
    private static let scheme = "Bearer "
}
