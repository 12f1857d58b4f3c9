internal import Configuration
internal import Planning
internal import Platform

/// What a credentials file of Google's holds ("Application Default Credentials"; google.aip.dev/auth).
indirect enum GoogleCredential: Sendable {
    case serviceAccount(ServiceAccount)
    case authorizedUser(AuthorizedUser)
    case externalAccount(ExternalAccount)
    /// The source's token is exchanged for one of another service account (aip.dev/auth/4114).
    case impersonated(source: GoogleCredential, url: String, delegates: [String])
    /// A virtual machine's own service account.
    case metadataServer(host: String)

    struct ServiceAccount: Sendable {
        var email: String
        var keyID: String?
        var key: RSAPrivateKey
        var tokenURL: String
    }

    struct AuthorizedUser: Sendable {
        var clientID: String
        var clientSecret: Secret
        var refreshToken: Secret
        var tokenURL: String
    }

    /// Workload identity federation (aip.dev/auth/4117).
    struct ExternalAccount: Sendable {
        enum Source: Sendable {
            case file(String)
            case url(String, headers: [HTTPField])
        }

        var audience: String
        var subjectTokenType: String
        var tokenURL: String
        var source: Source
        /// The member of a JSON document that is the token; `nil` where the token stands alone.
        var field: String?
        var impersonationURL: String?
        var client: (id: String, secret: Secret)?
        var workforceProject: String?
    }

    static let tokenURL = "https://oauth2.googleapis.com/token"

    /// - Parameter place: what holds the JSON, for messages: `the file /home/u/key.json (GOOGLE_APPLICATION_CREDENTIALS)`.
    init(_ json: JSON, place: String) throws(Refusal) {
        let fields = GoogleCredentialFields(json: json, place: place)
        switch json["type"]?.string {
        case "service_account": self = .serviceAccount(try ServiceAccount(fields))
        case "authorized_user": self = .authorizedUser(try AuthorizedUser(fields))
        case "external_account": self = .externalAccount(try ExternalAccount(fields))
        case "impersonated_service_account":
            guard let source = json["source_credentials"] else { throw fields.missing("source_credentials") }
            self = .impersonated(
                source: try GoogleCredential(source, place: "source_credentials in \(place)"),
                url: try fields.url("service_account_impersonation_url"),
                delegates: (json["delegates"]?.array ?? []).compactMap(\.string))
        case let type?: throw fields.unusable("credentials of type '\(type)' are not supported")
        case nil:
            // What one downloads for an OAuth client looks alike and is no credential.
            throw json["installed"] != nil || json["web"] != nil
                ? fields.unusable("it describes an OAuth client, which gives no access by itself")
                : fields.missing("type")
        }
    }
}

extension GoogleCredential.ServiceAccount {
    fileprivate init(_ fields: GoogleCredentialFields) throws(Refusal) {
        email = try fields.text("client_email")
        keyID = fields.json["private_key_id"]?.string
        tokenURL = try fields.url("token_uri", standard: GoogleCredential.tokenURL)
        let pem = try fields.text("private_key")
        do {
            key = try RSAPrivateKey(pem: pem)
        } catch {
            throw fields.unusable(
                error == .notRSA ? "its private_key is not an RSA key" : "its private_key is no unencrypted PEM key")
        }
    }
}

extension GoogleCredential.AuthorizedUser {
    fileprivate init(_ fields: GoogleCredentialFields) throws(Refusal) {
        clientID = try fields.text("client_id")
        clientSecret = Secret(try fields.text("client_secret"))
        refreshToken = Secret(try fields.text("refresh_token"))
        tokenURL = try fields.url("token_uri", standard: GoogleCredential.tokenURL)
    }
}

extension GoogleCredential.ExternalAccount {
    fileprivate init(_ fields: GoogleCredentialFields) throws(Refusal) {
        audience = try fields.text("audience")
        subjectTokenType = try fields.text("subject_token_type")
        tokenURL = try fields.url("token_url")
        impersonationURL =
            fields.json["service_account_impersonation_url"] == nil
            ? nil : try fields.url("service_account_impersonation_url")
        workforceProject = fields.json["workforce_pool_user_project"]?.string
        if let id = fields.json["client_id"]?.string {
            client = (id, Secret(fields.json["client_secret"]?.string ?? ""))
        }
        guard let description = fields.json["credential_source"] else { throw fields.missing("credential_source") }
        if let file = description["file"]?.string {
            source = .file(file)
        } else if let url = description["url"]?.string {
            var headers: [HTTPField] = []
            if case .object(let members)? = description["headers"] {
                headers = members.compactMap { member in
                    member.value.string.map { HTTPField(member.key, $0, isSecret: true) }
                }
            }
            source = .url(url, headers: headers)
        } else {
            throw fields.unusable(
                "of external accounts, only those with a file or a url as credential_source are supported")
        }
        if description["format"]?["type"]?.string == "json" {
            guard let name = description["format"]?["subject_token_field_name"]?.string else {
                throw fields.missing("credential_source.format.subject_token_field_name")
            }
            field = name
        }
    }
}

/// The members of a credentials file.
private struct GoogleCredentialFields {
    let json: JSON
    let place: String

    func text(_ name: String) throws(Refusal) -> String {
        guard let text = json[name]?.string, !text.isEmpty else { throw missing(name) }
        return text
    }

    /// A URL that secrets are sent to: https, or this machine itself.
    func url(_ name: String, standard: String? = nil) throws(Refusal) -> String {
        guard let text = json[name]?.string ?? standard else { throw missing(name) }
        let isLocal = ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { host in
            text.hasPrefix(host) && [":", "/"].contains(text.dropFirst(host.count).first)
        }
        guard text.hasPrefix("https://") || isLocal else { throw unusable("its \(name) is not on https") }
        return text
    }

    func missing(_ name: String) -> Refusal { unusable("it has no \(name)") }

    func unusable(_ problem: String) -> Refusal {
        Refusal(.configuration, "\(place) cannot be used as Google credentials: \(problem)")
    }
}
