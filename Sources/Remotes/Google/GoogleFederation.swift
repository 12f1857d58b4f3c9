internal import Configuration
internal import Planning
internal import Platform

/// Tokens that are had for other tokens.
extension GoogleTokens {
    /// Another provider's token for one of Google's (RFC 8693), and that, where asked for, for a service account's.
    func lease(_ account: GoogleCredential.ExternalAccount, scope: String) throws(Refusal) -> Lease {
        let wanted = account.impersonationURL == nil ? scope : Self.platformScope
        var form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"), ("audience", account.audience),
            ("scope", wanted), ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token_type", account.subjectTokenType), ("subject_token", try subjectToken(account)),
        ]
        var headers: [HTTPField] = []
        if let client = account.client {
            let pair = Base64.encode("\(client.id):\(client.secret.reveal())".utf8)
            headers.append(HTTPField("Authorization", "Basic " + pair, isSecret: true))
        } else if let project = account.workforceProject {
            form.append(("options", JSON.object(["userProject": .string(project)]).text))
        }
        let lease = try granted(to: HTTPRequest(form: form, url: account.tokenURL, headers: headers))
        guard let url = account.impersonationURL else { return lease }
        return try impersonated(by: lease.value, url: url, delegates: [], scope: scope)
    }

    /// The other provider's token. It is read anew each time: such files are replaced while a run lasts.
    private func subjectToken(_ account: GoogleCredential.ExternalAccount) throws(Refusal) -> String {
        let bytes: [UInt8]
        let place: String
        switch account.source {
        case .file(let path):
            place = "the file \(path)"
            do {
                bytes = try File(path).readAll(limit: 1 << 20)
            } catch {
                throw Refusal(
                    .configuration, "\(name): \(place) with the subject token cannot be read", cause: "\(error)")
            }
        case .url(let url, let headers):
            place = URLRedaction.redact(url)
            bytes = try self.bytes(
                to: HTTPRequest(.get, url, headers: headers, connectTimeout: .seconds(10), stallTimeout: .seconds(20)))
        }
        var token: String? = String(decoding: bytes, as: UTF8.self)
        if let field = account.field {
            token = (try? bytes.withUnsafeBytes { try JSON(parsing: $0) })?[field]?.string
        }
        while let last = token?.last, last.isWhitespace { token?.removeLast() }
        guard let token, !token.isEmpty else {
            throw Refusal(.configuration, "\(name): \(place) holds no subject token")
        }
        return token
    }

    /// A short-lived token of a service account ("generateAccessToken" of the IAM Credentials API).
    func impersonated(by token: Secret, url: String, delegates: [String], scope: String) throws(Refusal) -> Lease {
        let wish = JSON.object([
            "scope": .array([.string(scope)]), "lifetime": "3600s",
            "delegates": delegates.isEmpty ? nil : .array(delegates.map { .string($0) }),
        ])
        let asked = MonotonicTime.now()
        let json = try answer(
            to: HTTPRequest(
                .post, url,
                headers: [
                    HTTPField("Authorization", "Bearer " + token.reveal(), isSecret: true),
                    HTTPField("Content-Type", "application/json"),
                ], body: HTTPBody(wish.text), connectTimeout: .seconds(10), stallTimeout: .seconds(20)))
        guard let token = json["accessToken"]?.string, !token.isEmpty else {
            throw Refusal(.malformed, "\(name): the answer holds no token", cause: URLRedaction.redact(url))
        }
        // `expireTime` is a point of their clock; the life asked for is one of ours.
        return Lease(Secret(token), end: asked.adding(seconds: 3600))
    }
}
