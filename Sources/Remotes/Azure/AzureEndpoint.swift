internal import Planning

/// Where the blobs of one account are reached: `https://account.blob.core.windows.net`, `http://127.0.0.1:10000/account`.
struct AzureEndpoint: Hashable, Sendable {
    var isTLS: Bool
    /// Host in lower case, and the port where one is written.
    var authority: String
    /// The account as the path's first component, where the host does not name it: `/account`; otherwise empty.
    var path: String

    var url: String { (isTLS ? "https://" : "http://") + authority + path }

    init(isTLS: Bool, authority: String, path: String = "") {
        self.isTLS = isTLS
        self.authority = authority
        self.path = path
    }

    /// Parses the URL of a service as clearml.conf and connection strings have it; `nil` for what is none.
    init?(_ text: String) {
        let lowered = text.lowercased()
        guard lowered.hasPrefix("https://") || lowered.hasPrefix("http://") else { return nil }
        isTLS = lowered.hasPrefix("https://")
        let rest = text.dropFirst(isTLS ? 8 : 7)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = rest[..<end].lowercased()
        path = String(rest[end...])
        while path.hasSuffix("/") { path.removeLast() }
        guard !authority.isEmpty, !authority.contains("@"), !path.contains("?"), !path.contains("#") else { return nil }
        if authority.hasSuffix(isTLS ? ":443" : ":80") { authority.removeLast(isTLS ? 4 : 3) }
    }

    /// Without a port.
    var host: String { Self.host(of: authority) }

    static func host(of authority: String) -> String {
        guard !authority.hasSuffix("]"), let colon = authority.lastIndex(of: ":") else { return authority }
        return String(authority[..<colon])
    }

    var isLoopback: Bool { host == "localhost" || host == "[::1]" || host.hasPrefix("127.") && Self.isAddress(host) }

    /// Whether a host is an address, or this machine: then the account stands in the path.
    static func isAddress(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("[")
            || host.utf8.allSatisfy { ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) || $0 == UInt8(ascii: ".") }
    }

    /// Whether Microsoft runs the host for this account: nobody else can have the name.
    func isMicrosofts(for account: String) -> Bool {
        guard let dot = host.firstIndex(of: "."), Self.account(ofHost: host) == account.lowercased() else {
            return false
        }
        let suffix = host[host.index(after: dot)...]
        return Self.suffixes.contains { suffix == $0 || suffix.hasSuffix(".\($0)") }
    }

    /// The account that a host's first label names, or its read-only copy elsewhere (`account-secondary`).
    static func account(ofHost host: String) -> String {
        let label = host.prefix { $0 != "." }
        return String(label.hasSuffix("-secondary") ? label.dropLast(10) : label)
    }

    /// Public, China, US Government, the former Germany, US government's closed ones; and accounts with a DNS zone.
    private static let suffixes = [
        "blob.core.windows.net", "blob.core.chinacloudapi.cn", "blob.core.usgovcloudapi.net",
        "blob.core.cloudapi.de", "blob.core.eaglex.ic.gov", "blob.core.microsoft.scloud", "blob.storage.azure.net",
    ]
}

/// What an `azure` URL names.
struct AzurePlace: Hashable, Sendable {
    var endpoint: AzureEndpoint
    var account: String
    var container: String
    /// Literal; empty for a whole container.
    var key: String
    /// The endpoint comes from the configuration, not from the URL.
    var isConfigured = false

    /// Whether credentials may go there: where Microsoft, the user's configuration or this machine answers.
    var isTrusted: Bool { isConfigured || endpoint.isLoopback || endpoint.isMicrosofts(for: account) }
}

extension AzurePlace {
    /// - Parameter entries: what is configured: an entry's `endpoint` may be what the URL names, or take the place of the
    ///   account's own host.
    init(_ url: LogicalURL, entries: [AzureEntry]) throws(Refusal) {
        let authority = url.authority.hostAndPort.lowercased()
        for entry in entries {
            guard let endpoint = entry.endpoint, let account = entry.account,
                [authority, authority + (endpoint.isTLS ? ":443" : ":80")].contains(endpoint.authority)
                    || authority == endpoint.authority + (endpoint.isTLS ? ":443" : ":80"),
                url.path.hasPrefix(endpoint.path + "/")
            else { continue }
            let (container, key) = try Self.split(url.path.dropFirst(endpoint.path.count), url)
            self.init(endpoint: endpoint, account: account, container: container, key: key, isConfigured: true)
            return
        }
        let host = url.authority.host.lowercased()
        if AzureEndpoint.isAddress(host) {
            let account = url.path.dropFirst().prefix { $0 != "/" }
            let endpoint = AzureEndpoint(isTLS: false, authority: authority, path: "/\(account)")
            guard !account.isEmpty else {
                throw Self.incomplete(url, "azure://\(authority)/<account>/<container>/<blob>")
            }
            let (container, key) = try Self.split(url.path.dropFirst(account.count + 1), url)
            self.init(endpoint: endpoint, account: String(account), container: container, key: key)
            return
        }
        let (container, key) = try Self.split(url.path[...], url)
        let account = AzureEndpoint.account(ofHost: host)
        self.init(
            endpoint: AzureEndpoint(isTLS: true, authority: authority), account: account, container: container, key: key
        )
        guard endpoint.isMicrosofts(for: account) else { return }
        let own = entries.filter { $0.isFor(account: account, container: container) && $0.endpoint != nil }
        if let entry = own.first(where: { $0.container != nil }) ?? own.first, let endpoint = entry.endpoint {
            self.endpoint = endpoint
            isConfigured = true
        }
    }

    /// `/container/key`. Slashes behind the first belong to the key.
    private static func split(_ path: Substring, _ url: LogicalURL) throws(Refusal) -> (container: String, key: String)
    {
        let rest = path.dropFirst()
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        guard !rest[..<end].isEmpty else {
            throw incomplete(url, "azure://<account>.blob.core.windows.net/<container>/<blob>")
        }
        return (String(rest[..<end]), end == rest.endIndex ? "" : String(rest[rest.index(after: end)...]))
    }

    private static func incomplete(_ url: LogicalURL, _ form: String) -> Refusal {
        Refusal(.configuration, "the URL names no container", cause: url.identity, advice: "write it as \(form)")
    }
}
