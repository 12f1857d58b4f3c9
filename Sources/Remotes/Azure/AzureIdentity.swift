internal import Configuration
internal import Planning
internal import Platform

/// Who this process is to Microsoft Entra, and how it proves that.
enum AzureIdentity: Sendable {
    /// An application with a secret.
    case secret(authority: String, tenant: String, client: String, secret: Secret)
    /// An application that trusts a Kubernetes cluster: the file's token is read anew each time, for it is renewed there.
    case federated(authority: String, tenant: String, client: String, file: String)
    /// The managed identity of a machine, by its metadata service; `nil` is the one at 169.254.169.254.
    case machine(host: String?, client: String?)
    /// The managed identity of App Service, Functions and Container Apps.
    case service(endpoint: String, header: Secret, client: String?)

    /// What the environment says, in the order of Microsoft's own libraries; `nil` when it says nothing.
    init?(environment: [String: String]) throws(Refusal) {
        func value(_ variable: EnvironmentVariable) -> String? {
            environment[variable.name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let client = value(.azureClient)
        if let tenant = value(.azureTenant), let client {
            if let secret = value(.azureClientSecret) {
                self = .secret(
                    authority: try Self.authority(value(.azureAuthorityHost)), tenant: tenant, client: client,
                    secret: Secret(secret))
                return
            }
            if let file = value(.azureFederatedTokenFile) {
                self = .federated(
                    authority: try Self.authority(value(.azureAuthorityHost)), tenant: tenant, client: client,
                    file: file)
                return
            }
        }
        if let endpoint = value(.azureIdentityEndpoint), let header = value(.azureIdentityHeader) {
            self = .service(endpoint: endpoint, header: Secret(header), client: client)
        } else if let host = value(.azurePodIdentityHost) {
            self = .machine(host: host, client: client)
        } else if let client {
            self = .machine(host: nil, client: client)
        } else {
            return nil
        }
    }

    /// The secret goes there: over TLS, or to this machine.
    private static func authority(_ text: String?) throws(Refusal) -> String {
        let name = EnvironmentVariable.azureAuthorityHost.name
        var text = text ?? "login.microsoftonline.com"
        if !text.contains("://") { text = "https://" + text }
        guard let endpoint = AzureEndpoint(text), endpoint.isTLS || endpoint.isLoopback else {
            throw Refusal(.configuration, "\(name) is not an https URL", cause: "\(name) is '\(text)'")
        }
        return endpoint.url
    }

    /// As a user knows it.
    var name: String {
        switch self {
        case .secret: EnvironmentVariable.azureClientSecret.name
        case .federated: EnvironmentVariable.azureFederatedTokenFile.name
        case .machine, .service: "the managed identity"
        }
    }

    /// What to look at when no token comes, or one is not enough.
    var advice: String {
        switch self {
        case .secret: "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
        case .federated: "check AZURE_TENANT_ID, AZURE_CLIENT_ID and the federated credential of the application"
        case .machine, .service:
            "check that the machine has a managed identity (AZURE_CLIENT_ID chooses one of several)"
        }
    }

    private static let resource = "https://storage.azure.com"

    /// The request for a token.
    func request() throws(Refusal) -> HTTPRequest {
        switch self {
        case .secret(let authority, let tenant, let client, let secret):
            return Self.form(authority, tenant, client, [("client_secret", secret.reveal())])
        case .federated(let authority, let tenant, let client, let file):
            guard let bytes = try? File(file).readAll(limit: 1 << 20) else {
                throw Refusal(
                    .permission, "the workload identity's token cannot be read", cause: file,
                    advice: "check AZURE_FEDERATED_TOKEN_FILE")
            }
            let token = String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
            let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            return Self.form(
                authority, tenant, client, [("client_assertion_type", type), ("client_assertion", token)])
        case .machine(let host, let client):
            var url = host ?? "http://169.254.169.254"
            while url.hasSuffix("/") { url.removeLast() }
            url += "/metadata/identity/oauth2/token?api-version=2018-02-01"
            var request = HTTPRequest(
                .get, Self.managed(url, client), headers: [HTTPField("Metadata", "true")], followsRedirects: false)
            // Where there is none, nothing answers.
            request.connectTimeout = .seconds(2)
            request.stallTimeout = .seconds(10)
            return request
        case .service(let endpoint, let header, let client):
            let url = endpoint + (endpoint.contains("?") ? "&" : "?") + "api-version=2019-08-01"
            return HTTPRequest(
                .get, Self.managed(url, client),
                headers: [HTTPField("X-IDENTITY-HEADER", header.reveal(), isSecret: true)], followsRedirects: false)
        }
    }

    private static func managed(_ url: String, _ client: String?) -> String {
        url + "&resource=" + URIEncoding.parameter(resource + "/")
            + (client.map { "&client_id=" + URIEncoding.parameter($0) } ?? "")
    }

    /// The client credentials flow (Microsoft identity platform, OAuth 2.0; RFC 6749 section 4.4, RFC 7523 section 2.2).
    private static func form(
        _ authority: String, _ tenant: String, _ client: String, _ proof: [(String, String)]
    ) -> HTTPRequest {
        let fields =
            [("grant_type", "client_credentials"), ("client_id", client), ("scope", resource + "/.default")] + proof
        let body = fields.map { "\($0.0)=\(URIEncoding.parameter($0.1))" }.joined(separator: "&")
        return HTTPRequest(
            .post, "\(authority)/\(URIEncoding.parameter(tenant))/oauth2/v2.0/token",
            headers: [HTTPField("Content-Type", "application/x-www-form-urlencoded")], body: HTTPBody(body),
            followsRedirects: false)
    }
}
