internal import Configuration
internal import Glibc
internal import Planning
internal import Platform

/// Gets access tokens for credentials. Every call may block: it sends requests and waits.
struct GoogleTokens: Sendable {
    let network: Network
    let tls: HTTPRequest.TLSTrust
    /// What a user knows the credential by.
    let name: String

    typealias Lease = Renewable<Secret>.Lease

    /// Enough to read, write and delete objects, and for nothing else.
    static let storageScope = "https://www.googleapis.com/auth/devstorage.read_write"
    /// What speaking for another service account needs.
    static let platformScope = "https://www.googleapis.com/auth/cloud-platform"

    func lease(_ credential: GoogleCredential, scope: String = storageScope) throws(Refusal) -> Lease {
        switch credential {
        case .serviceAccount(let account): try lease(account, scope: scope)
        case .authorizedUser(let user):
            try granted(
                to: HTTPRequest(
                    form: [
                        ("grant_type", "refresh_token"), ("client_id", user.clientID),
                        ("client_secret", user.clientSecret.reveal()), ("refresh_token", user.refreshToken.reveal()),
                    ], url: user.tokenURL))
        case .externalAccount(let account): try lease(account, scope: scope)
        case .impersonated(let source, let url, let delegates):
            try impersonated(
                by: try lease(source, scope: Self.platformScope).value, url: url, delegates: delegates, scope: scope)
        case .metadataServer(let host): try lease(metadataServer: host, scope: scope)
        }
    }

    /// An assertion signed with the account's key, for a token ("Using OAuth 2.0 for Server to Server Applications"; RFC 7523).
    private func lease(_ account: GoogleCredential.ServiceAccount, scope: String) throws(Refusal) -> Lease {
        let now = Int64(time(nil))
        let header = JSON.object(["alg": "RS256", "typ": "JWT", "kid": account.keyID.map { .string($0) }])
        let claims = JSON.object([
            "iss": .string(account.email), "scope": .string(scope), "aud": .string(account.tokenURL),
            "iat": .integer(now),
            "exp": .integer(now + 3600),
        ])
        let unsigned = [header, claims].map { Base64.encodeURLSafe($0.text.utf8) }.joined(separator: ".")
        let signature: [UInt8]
        do {
            signature = try account.key.signSHA256(unsigned.utf8)
        } catch {
            throw Refusal(.configuration, "\(name): the private key cannot sign")
        }
        return try granted(
            to: HTTPRequest(
                form: [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", unsigned + "." + Base64.encodeURLSafe(signature)),
                ], url: account.tokenURL))
    }

    /// The machine's own token ("About VM metadata").
    private func lease(metadataServer host: String, scope: String) throws(Refusal) -> Lease {
        let url =
            "http://\(host)/computeMetadata/v1/instance/service-accounts/default/token?"
            + GoogleEndpoint.form([("scopes", scope)])
        return try granted(
            to: HTTPRequest(
                .get, url, headers: [HTTPField("Metadata-Flavor", "Google")], connectTimeout: .seconds(3),
                stallTimeout: .seconds(10)))
    }

    /// The answer to a token's request (RFC 6749, section 5.1).
    func granted(to request: HTTPRequest) throws(Refusal) -> Lease {
        let asked = MonotonicTime.now()
        let json = try answer(to: request)
        guard let token = json["access_token"]?.string, !token.isEmpty else {
            throw Refusal(.malformed, "\(name): the answer holds no token", cause: URLRedaction.redact(request.url))
        }
        return Lease(Secret(token), end: json["expires_in"]?.integer.map { asked.adding(seconds: Double(max(0, $0))) })
    }

    /// The JSON of an answer with status 200.
    func answer(to request: HTTPRequest) throws(Refusal) -> JSON {
        let body = try bytes(to: request)
        guard let json = try? body.withUnsafeBytes({ try JSON(parsing: $0) }) else {
            throw Refusal(.malformed, "\(name): the answer is no JSON", cause: URLRedaction.redact(request.url))
        }
        return json
    }

    func bytes(to request: HTTPRequest) throws(Refusal) -> [UInt8] {
        var request = request
        request.tls = tls
        request.followsRedirects = false
        let answer: HTTPAnswer
        do {
            answer = try network.exchange(request)
        } catch {
            throw Refusal(
                error.isRetryable ? .transient : .permission, "\(name): no token could be fetched", cause: "\(error)")
        }
        guard answer.head.status == 200 else { throw refusal(answer, to: request) }
        return answer.body
    }

    /// An error of a token server: RFC 6749, section 5.2, or Google's own form.
    private func refusal(_ answer: HTTPAnswer, to request: HTTPRequest) -> Refusal {
        let json = try? answer.body.withUnsafeBytes { try JSON(parsing: $0) }
        let words = [
            json?["error"]?.string, json?["error_description"]?.string, json?["error"]?["message"]?.string,
        ].compactMap { $0 }
        let cause =
            "\(URLRedaction.redact(request.url)) answered \(answer.head.status)"
            + (words.isEmpty ? "" : ": " + words.joined(separator: ", "))
        switch answer.head.status {
        case 408, 429, 500...599:
            return Refusal(
                .transient, "\(name): the token server cannot answer now", cause: cause,
                retryAfter: answer.head.retryAfter)
        default:
            return Refusal(
                .permission, "\(name) is not accepted", cause: cause,
                advice:
                    "make a new key, or sign in anew (gcloud auth application-default login); check the machine's clock"
            )
        }
    }
}

extension HTTPRequest {
    /// A form sent by POST.
    init(form: [(String, String)], url: String, headers: [HTTPField] = []) {
        self.init(
            .post, url,
            headers: headers + [HTTPField("Content-Type", "application/x-www-form-urlencoded")],
            body: HTTPBody(GoogleEndpoint.form(form)), connectTimeout: .seconds(10), stallTimeout: .seconds(20))
    }
}
