internal import Glibc
internal import Planning
internal import Platform
internal import Synchronization

/// An identity's bearer tokens for Azure storage, renewed before they end.
final class AzureTokens: Sendable {
    let identity: AzureIdentity
    private let renewable: Renewable<String>
    private let state = Mutex(State())

    private struct State {
        /// The token that was handed out last and not rejected yet.
        var current: String?
        /// It stands for one that was rejected, and the service has taken none since.
        var isReplacement = false
    }

    init(_ identity: AzureIdentity, network: Network) {
        self.identity = identity
        renewable = Renewable { () throws(Refusal) in try AzureTokens.fetch(identity, network) }
    }

    func use(_ body: @escaping @Sendable (Result<String, Refusal>) -> Void) {
        renewable.use { [self] result in
            if case .success(let token) = result { state.withLock { $0.current = token } }
            body(result)
        }
    }

    /// Whether it is worth to ask again: not when the token that took a rejected one's place was rejected, too.
    func reject(_ token: String) -> Bool {
        let (isFirst, isWorthIt) = state.withLock { state in
            // Several requests under way may have carried the one that has been replaced meanwhile.
            guard state.current == token else { return (false, true) }
            guard !state.isReplacement else { return (false, false) }
            state = State(current: nil, isReplacement: true)
            return (true, true)
        }
        if isFirst { renewable.invalidate() }
        return isWorthIt
    }

    /// The service took a token: whatever is rejected later has ended or was withdrawn.
    func accepted() { state.withLock { $0.isReplacement = false } }

    private static let mostAttempts = 4

    private static func fetch(_ identity: AzureIdentity, _ network: Network) throws(Refusal) -> Renewable<String>.Lease
    {
        var attempt = 1
        while true {
            do throws(Refusal) { return try fetchOnce(identity, network) } catch {
                guard error.kind == .transient, attempt < mostAttempts else { throw error }
                usleep(useconds_t(200_000 << attempt))
                attempt += 1
            }
        }
    }

    private static func fetchOnce(
        _ identity: AzureIdentity, _ network: Network
    ) throws(Refusal) -> Renewable<String>.Lease {
        let request = try identity.request()
        let start = MonotonicTime.now()
        let answer: HTTPAnswer
        do throws(HTTPFailure) { answer = try network.exchange(request) } catch {
            if case .machine = identity {
                throw Refusal(
                    .permission, "no managed identity is to be had", cause: error.description, advice: identity.advice)
            }
            throw Refusal(
                error.isRetryable ? .transient : .permission, "no token came for \(identity.name)",
                cause: error.description, advice: identity.advice)
        }
        let text = String(decoding: answer.body, as: UTF8.self)
        let json = try? JSON(parsing: text)
        guard answer.head.status == 200, let token = json?["access_token"]?.string, !token.isEmpty else {
            // A metadata service says 404 and 410 while it starts (Microsoft: "How to use managed identities").
            let status = answer.head.status
            let isTransient = Refusal.isTransient(status: status) || status == 410
            throw Refusal(
                isTransient ? .transient : .permission, "no token was given for \(identity.name)",
                cause: "\(answer.head.summary) \(explanation(json))", advice: identity.advice)
        }
        let seconds = json?["expires_in"].flatMap { $0.integer ?? $0.string.flatMap { Int64($0) } }
        let until = json?["expires_on"].flatMap { $0.integer ?? $0.string.flatMap { Int64($0) } }
        let life = seconds ?? until.map { $0 - Int64(time(nil)) } ?? 3600
        return Renewable.Lease(token, end: start.adding(seconds: Double(max(0, life))))
    }

    /// OAuth's error and the first sentence about it (RFC 6749 section 5.2); Entra goes on with trace numbers.
    private static func explanation(_ json: JSON?) -> String {
        let description = json?["error_description"]?.string ?? ""
        let line = description.prefix { $0 != "\r" && $0 != "\n" }
        let sentence = line.firstRange(of: " Trace ID:").map { line[..<$0.lowerBound] } ?? line
        return [json?["error"]?.string ?? "", String(sentence.prefix(300))].filter { !$0.isEmpty }.joined(
            separator: ": ")
    }
}
