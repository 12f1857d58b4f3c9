public import Configuration
public import Planning
public import Platform

/// Where bytes come from: which local path, or which store and key, stands behind a URL. One value serves a whole run.
public struct SourceRules: Sendable {
    /// One place where an object's bytes can be had.
    public enum Source: Sendable {
        case local(String)
        case remote(RemoteObject)
    }

    public let network: Network
    private let access: AccessRules
    private let families: [LogicalURL.Scheme: any StoreFamily]

    /// - Parameter observe: told of every request that ended.
    public init(
        _ settings: Settings, environment: [String: String], observe: (@Sendable (HTTPObservation) -> Void)? = nil
    ) {
        var configuration = HTTPConfiguration.fromEnvironment()
        configuration.connectionsPerHost = settings.sync.connectionsPerHost.value
        configuration.connections = max(configuration.connections, configuration.connectionsPerHost)
        configuration.observe = observe
        network = Network(configuration)
        access = AccessRules(settings)
        // Every web server but ClearML's own is taken as it is.
        let web = FileServerStores(
            settings, web: WebStores(settings, environment: environment), network: network)
        let home = environment["HOME"]
        families = [
            .http: web, .https: web,
            .s3: S3Stores(settings, environment: environment, home: home, network: network),
            .gs: GoogleStores(settings, environment: environment, home: home, network: network),
            .azure: AzureStores(settings, environment: environment, network: network),
        ]
    }

    /// An object's source, then those of its mirrors, each after substitution.
    /// - Parameter version: of the URL's own object; a mirror knows no versions of another store.
    public func sources(
        _ object: ResolvedObject, of entry: Shared<Entry>, version: String? = nil
    ) throws(Refusal) -> [Source] {
        var found = [try source(object, of: entry, version: version)]
        for mirror in entry.mirrors {
            // A mirror of a folder holds the same paths.
            let url = object.member == nil ? mirror : try? mirror.member(atRelativePath: object.path)
            if let url { found.append(try source(url, base: entry.base)) }
        }
        return found
    }

    /// What stands behind an object's own URL.
    public func source(
        _ object: ResolvedObject, of entry: Shared<Entry>, version: String? = nil
    ) throws(Refusal) -> Source {
        let url = object.url
        guard let member = object.member, !url.scheme.isHTTP, !url.scheme.isLocal,
            access.transport(url, base: entry.base).rule == nil
        else { return try source(url, version: version, base: entry.base) }
        // Keys are literal: what a URL would have to escape is left as it is.
        let (store, folder) = try store(for: entry.url)
        return .remote(RemoteObject(store, ObjectID(folder + member, version: version)))
    }

    /// What stands behind one URL, after substitution.
    public func source(_ url: LogicalURL, version: String? = nil, base: String) throws(Refusal) -> Source {
        let transport = access.transport(url, base: base).transport
        if let path = transport.localPath(base: base) { return .local(path) }
        let (store, key) = try store(for: transport)
        return .remote(RemoteObject(store, ObjectID(key, version: version)))
    }

    /// The store behind a transport URL and the key in it; of a prefix, glob or range the key of its folder.
    public func store(for transport: LogicalURL) throws(Refusal) -> (store: any Store, key: String) {
        guard let family = families[transport.scheme] else {
            throw Refusal(
                .unsupported, "this version cannot fetch from '\(transport.scheme.rawValue)://'",
                cause: transport.identity)
        }
        return try family.object(at: transport)
    }
}
