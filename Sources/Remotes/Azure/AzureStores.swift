internal import Configuration
internal import Planning
internal import Platform
internal import Synchronization

/// Containers of Azure Blob storage, each with what the configuration or the environment has for it.
final class AzureStores: StoreFamily {
    private let entries: [AzureEntry]
    private let environment: [String: String]
    private let network: Network
    private let tls: HTTPRequest.TLSTrust
    private let uploadLimits: UploadLimits
    private let made = Mutex<[String: AzureStore]>([:])
    /// Tokens are good for every container; so there is one source of them in a run.
    private let tokens = Mutex<[String: AzureTokens]>([:])

    init(_ settings: Settings, environment: [String: String], network: Network) {
        entries = AzureEntry.all(settings.azure, environment: environment)
        self.environment = environment
        self.network = network
        switch settings.sync.verify.value {
        case .system: tls = .system
        case .off: tls = .off
        case .bundle(let path): tls = .certificateFile(path)
        }
        // Put Block: 50,000 blocks of at most 4000 MiB ("Scalability and performance targets for Blob storage").
        uploadLimits = UploadLimits(
            threshold: settings.s3.multipartThreshold.value,
            partSize: min(max(settings.s3.multipartChunkSize.value, 1 << 16), 4000 << 20), mostParts: 50_000,
            concurrency: settings.azure.maxConnections.value ?? settings.s3.maxMultipartConcurrency.value,
            functions: [.md5], keepsMD5: true)
    }

    func object(at url: LogicalURL) throws(Refusal) -> (store: any Store, key: String) {
        let place = try AzurePlace(url, entries: entries)
        guard !place.key.isEmpty || url.shape != .single else {
            throw Refusal(
                .notFound, "the URL names a container and no blob in it", cause: url.identity,
                advice: "end it with '/' for everything in the container")
        }
        let access = try access(to: place, query: url.query)
        let name = "\(place.endpoint.url)\n\(place.container)\n\(access.identity)"
        let store = made.withLock { made in
            if let store = made[name] { return store }
            let store = AzureStore(place, access, uploadLimits: uploadLimits, tls: tls)
            made[name] = store
            return store
        }
        return (store, place.key)
    }

    /// | in this order | goes to |
    /// |---|---|
    /// | the SAS token in the URL itself | where the URL says |
    /// | `sdk.azure.storage.containers`, one for the container before one for the account | a trusted place |
    /// | AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN | the same, for their account |
    /// | Entra: client secret, workload identity, managed identity | a trusted place, over TLS or on this machine |
    /// | nothing | anywhere |
    private func access(to place: AzurePlace, query: String?) throws(Refusal) -> AzureAccess {
        if let query { return AzureAccess(.sas(Secret(query)), name: "the URL's own SAS token") }
        let fitting = entries.filter { entry in
            entry.isFor(account: place.account, container: place.container)
                && (entry.endpoint == nil ? place.isTrusted : entry.endpoint == place.endpoint)
        }
        for entry in fitting.filter({ $0.container != nil }) + fitting.filter({ $0.container == nil }) {
            switch entry.credential {
            case nil: continue
            case .key(let key): return AzureAccess(.key(key), name: entry.name)
            case .sas(let query): return AzureAccess(.sas(query), name: entry.name)
            case .unusable(let reason):
                throw Refusal(.configuration, reason, cause: entry.name, advice: "correct \(entry.name)")
            }
        }
        let mayUseTokens = place.isTrusted && (place.endpoint.isTLS || place.endpoint.isLoopback)
        if mayUseTokens, let identity = try AzureIdentity(environment: environment) {
            return AzureAccess(.token(tokens(of: identity)), name: identity.name)
        }
        // A machine in Azure may have an identity without any sign of it: it is asked when a container is not public.
        let mayBeInAzure = mayUseTokens && place.endpoint.isMicrosofts(for: place.account)
        return AzureAccess(
            .none(otherwise: mayBeInAzure ? tokens(of: .machine(host: nil, client: nil)) : nil), name: "no credentials",
            hint: hint(for: place))
    }

    private func tokens(of identity: AzureIdentity) -> AzureTokens {
        tokens.withLock { tokens in
            if let found = tokens[identity.name] { return found }
            let made = AzureTokens(identity, network: network)
            tokens[identity.name] = made
            return made
        }
    }

    /// What to write where, for a place that nothing configured fits.
    private func hint(for place: AzurePlace) -> String {
        if let entry = entries.first(where: { $0.isFor(account: place.account, container: place.container) }) {
            if let endpoint = entry.endpoint, endpoint != place.endpoint {
                return "\(entry.name) is for \(endpoint.url), not for \(place.endpoint.url)"
            }
            if entry.credential != nil {
                return "add 'endpoint: \"\(place.endpoint.url)\"' to \(entry.name), if that is the account's own server"
            }
            return "give 'account_key' in \(entry.name)"
        }
        let unbound = EnvironmentVariable.azureSASToken.name
        if entries.contains(where: { $0.name == unbound && $0.account == nil }) {
            return "set AZURE_STORAGE_ACCOUNT to the account that AZURE_STORAGE_SAS_TOKEN is for"
        }
        return "give 'account_name: \"\(place.account)\"' and 'account_key' in sdk.azure.storage.containers"
    }
}

/// What a store shows to the service.
struct AzureAccess: Sendable {
    enum Kind: Sendable {
        case key(AzureSharedKey)
        case sas(Secret)
        case token(AzureTokens)
        /// Public containers; what is tried when one turns out not to be.
        case none(otherwise: AzureTokens?)
    }

    var kind: Kind
    /// As a user knows it.
    var name: String
    /// What to do when access is refused, where that is known beforehand.
    var hint: String?

    init(_ kind: Kind, name: String, hint: String? = nil) {
        self.kind = kind
        self.name = name
        self.hint = hint
    }

    /// What tells two ways of access apart; never printed.
    fileprivate var identity: String {
        if case .sas(let query) = kind { name + "\n" + query.reveal() } else { name }
    }
}
