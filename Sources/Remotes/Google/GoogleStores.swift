public import Configuration
public import Planning
internal import Platform
internal import Synchronization

/// Makes the stores of `gs://` URLs. One credential serves all its buckets with one token.
public final class GoogleStores: StoreFamily {
    private struct Made {
        var accesses: [String: BearerAccess] = [:]
        var stores: [StoreKey: GoogleStore] = [:]
    }
    private struct StoreKey: Hashable {
        var bucket: String
        var access: String
    }

    private let settings: GoogleSettings
    private let search: GoogleCredentialSearch
    private let endpoint: GoogleEndpoint
    private let network: Network
    private let tls: HTTPRequest.TLSTrust
    private let made = Mutex(Made())

    /// - Parameters:
    ///   - environment: `STORAGE_EMULATOR_HOST`, and where credentials may be.
    ///   - home: the user's folder, which has gcloud's.
    public init(_ settings: Settings, environment: [String: String], home: String?, network: Network) {
        self.settings = settings.google
        endpoint = GoogleEndpoint(emulator: environment["STORAGE_EMULATOR_HOST"])
        search = GoogleCredentialSearch(
            settings: settings.google, environment: environment, home: home, isEmulator: endpoint.isEmulator)
        self.network = network
        switch settings.sync.verify.value {
        case .system: tls = .system
        case .off: tls = .off
        case .bundle(let path): tls = .certificateFile(path)
        }
    }

    public func object(at url: LogicalURL) throws(Refusal) -> (store: any Store, key: String) {
        guard url.scheme == .gs, let name = url.objectName(authorityIsHost: false) else {
            throw Refusal(.unsupported, "'\(url)' is no object of Google Cloud Storage")
        }
        guard url.authority.port == nil, url.authority.userInfo == nil else {
            throw Refusal(
                .configuration, "'\(url)' has more than a bucket in front of its key",
                advice: "for another server set STORAGE_EMULATOR_HOST")
        }
        let entry = settings.credentials(bucket: name.bucket, key: name.key)
        let source = search.source(entry)
        return try made.withLock { made throws(Refusal) in
            let key = StoreKey(bucket: name.bucket, access: "\(entry?.name ?? "") \(source.name)")
            if let store = made.stores[key] { return (store, name.key) }
            let access: BearerAccess
            if let known = made.accesses[source.name] { access = known } else { access = try self.access(source) }
            made.accesses[source.name] = access
            let store = GoogleStore(
                bucket: name.bucket, endpoint: endpoint, access: access,
                project: entry?.project ?? settings.project.value, tls: tls)
            made.stores[key] = store
            return (store, name.key)
        }
    }

    private func access(_ source: GoogleCredentialSearch.Source) throws(Refusal) -> BearerAccess {
        guard let credential = try search.credential(source) else {
            return BearerAccess(name: source.name, obtain: nil)
        }
        let tokens = GoogleTokens(network: network, tls: tls, name: source.name)
        return BearerAccess(name: source.name) { () throws(Refusal) in try tokens.lease(credential) }
    }
}
