public import Configuration
public import Planning
public import Platform

/// How URLs become sources: which transport, with which headers and trust.
public struct SourceRules: Sendable {
    /// One place where an object's bytes can be had.
    public enum Source: Sendable {
        case local(String)
        case http(HTTPSource)
    }

    /// Why no source can be made of a URL.
    public enum Problem: Error, Sendable, CustomStringConvertible {
        case unsupported(scheme: String)
        /// A header of the configuration that cannot be had.
        case header(key: String, reason: String)

        public var description: String {
            switch self {
            case .unsupported(let scheme): "'\(scheme)://' cannot be fetched from by this version"
            case .header(let key, let reason): "\(key): \(reason)"
            }
        }
    }

    public var clientConfiguration: HTTPConfiguration
    private let access: AccessRules
    private let headers: HeaderRules
    private let tls: HTTPRequest.TLSTrust

    public init(_ settings: Settings, environment: [String: String]) {
        access = AccessRules(settings)
        headers = HeaderRules(settings.sync.headers, environment: environment)
        switch settings.sync.verify.value {
        case .system: tls = .system
        case .off: tls = .off
        case .bundle(let path): tls = .certificateFile(path)
        }
        var configuration = HTTPConfiguration.fromEnvironment()
        configuration.connectionsPerHost = settings.sync.connectionsPerHost.value
        configuration.connections = max(configuration.connections, configuration.connectionsPerHost)
        clientConfiguration = configuration
    }

    /// Whether objects can be fetched from URLs of this scheme.
    public static func supports(_ scheme: LogicalURL.Scheme) -> Bool { scheme.isLocal || scheme.isHTTP }

    /// The URL's source, then those of its mirrors, each after substitution; what cannot be fetched from is passed over.
    /// - Throws: `unsupported` when nothing is left.
    public func sources(_ url: LogicalURL, mirrors: [LogicalURL], base: String) throws(Problem) -> [Source] {
        var found: [Source] = []
        for url in [url] + mirrors where SourceRules.supports(access.transport(url, base: base).transport.scheme) {
            found.append(try source(url, base: base))
        }
        guard !found.isEmpty else { throw .unsupported(scheme: url.scheme.rawValue) }
        return found
    }

    private func source(_ url: LogicalURL, base: String) throws(Problem) -> Source {
        let transport = access.transport(url, base: base).transport
        if let path = transport.localPath(base: base) { return .local(path) }
        switch transport.scheme {
        case .http, .https:
            let fields = try headers.fields(for: transport)
            return .http(HTTPSource(url: transport.raw, headers: fields, tls: tls))
        default: throw .unsupported(scheme: transport.scheme.rawValue)
        }
    }

    /// The configuration entries that give an http URL its headers, for `explain`.
    public func credentialKeys(for transport: LogicalURL) -> [String] { headers.keys(for: transport) }
}
