internal import Configuration
internal import Glibc
internal import Planning
internal import Platform

/// Gets the token that ClearML's file server takes, from ClearML's API server.
struct FileServerLogin: Sendable {
    let network: Network
    let tls: HTTPRequest.TLSTrust
    /// Without a slash at the end.
    let apiServer: String
    let accessKey: String
    let secretKey: Secret
    /// What a user knows the keys by: `api.credentials`.
    let name: String

    /// `auth.login`, as ClearML's SDK calls it. Blocks.
    func lease() throws(Refusal) -> Renewable<Secret>.Lease {
        let keys = Base64.encode("\(accessKey):\(secretKey.reveal())".utf8)
        let request = HTTPRequest(
            .post, apiServer + "/auth.login",
            headers: [
                HTTPField("Authorization", "Basic " + keys, isSecret: true),
                HTTPField("Content-Type", "application/json"),
            ], body: HTTPBody("{}"), tls: tls, followsRedirects: false, connectTimeout: .seconds(10),
            stallTimeout: .seconds(20))
        let asked = MonotonicTime.now()
        let answer: HTTPAnswer
        do {
            answer = try network.exchange(request)
        } catch {
            throw Refusal(
                error.isRetryable ? .transient : .permission, "\(name): ClearML's API server gave no token",
                cause: "\(error)", advice: "check api.api_server in clearml.conf")
        }
        let json = try? answer.body.withUnsafeBytes { try JSON(parsing: $0) }
        guard answer.head.status == 200 else { throw refusal(answer.head, json) }
        guard let token = json?["data"]?["token"]?.string, !token.isEmpty else {
            throw Refusal(
                .configuration, "\(name): the answer holds no token", cause: answer.head.summary,
                advice: "set api.api_server in clearml.conf to ClearML's API server, not to its web or file server")
        }
        return .init(Secret(token), end: Self.life(ofToken: token).map { asked.adding(seconds: $0) })
    }

    private func refusal(_ head: HTTPHead, _ json: JSON?) -> Refusal {
        let words = json?["meta"]?["result_msg"]?.string.map { ": \($0)" } ?? ""
        let cause = head.summary + words
        if Refusal.isTransient(status: head.status) {
            return Refusal(
                .transient, "\(name): ClearML's API server cannot answer now", cause: cause, retryAfter: head.retryAfter
            )
        }
        return Refusal(
            .permission, "\(name) is not accepted by ClearML's API server", cause: cause,
            advice: "check api.api_server and api.credentials in clearml.conf")
    }

    /// Seconds that a token holds, by its own claims (RFC 7519, section 4.1). Between two of the server's times, for our clock
    /// may go wrong. `nil` where the token does not say.
    static func life(ofToken token: String) -> Double? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64.decode(parts[1]),
            let claims = try? payload.withUnsafeBytes({ try JSON(parsing: $0) }), let end = claims["exp"]?.seconds
        else { return nil }
        return max(0, end - (claims["iat"]?.seconds ?? Double(time(nil))))
    }
}

extension JSON {
    /// A NumericDate (RFC 7519, section 2), whole or not.
    fileprivate var seconds: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
