public import Configuration
public import Planning
internal import Platform
internal import Synchronization

/// Makes S3 stores from `sdk.aws`, the environment and the files of AWS's own tools.
public final class S3Stores: StoreFamily {
    private let settings: Settings
    private let environment: [String: String]
    private let sources: CredentialSources
    private let state = Mutex(State())

    private struct State {
        var stores: [Name: S3Store] = [:]
        var chains: [ChainName: AWSCredentialChain] = [:]
    }

    private struct ChainName: Hashable {
        /// `nil`: the default one.
        var profile: String?
        var isExplicit: Bool
    }

    /// What makes two URLs the same store.
    private struct Name: Hashable {
        var host: String?
        var bucket: String
        var entry: Int?
    }

    /// - Parameters:
    ///   - home: where `~/.aws` is looked for; `nil`: nowhere.
    ///   - network: for credentials that a server gives (STS, container, EC2).
    public init(_ settings: Settings, environment: [String: String], home: String?, network: Network) {
        self.settings = settings
        self.environment = environment
        sources = CredentialSources(environment: environment, home: home, network: network)
    }

    public func object(at url: LogicalURL) throws(Refusal) -> (store: any Store, key: String) {
        guard url.scheme == .s3 else { throw Refusal(.unsupported, "'\(url.scheme.rawValue)://' is not S3") }
        let host = try host(of: url)
        guard let object = url.objectName(authorityIsHost: host != nil) else {
            throw Refusal(
                .configuration, "'\(url)' names no bucket", advice: "write s3://\(url.authority.hostAndPort)/bucket/key"
            )
        }
        let entry = settings.s3.credentials(host: host, bucket: object.bucket, key: object.key)
        let name = Name(host: host, bucket: object.bucket, entry: entry?.index)
        if let store = state.withLock({ $0.stores[name] }) { return (store, object.key) }
        let made = try makeStore(host: host, bucket: object.bucket, entry: entry)
        let store = state.withLock { state in
            // Of two threads that made it, the first counts for both.
            let store = state.stores[name] ?? made
            state.stores[name] = store
            return store
        }
        return (store, object.key)
    }

    // MARK: Which server

    /// The server that the URL names; `nil` for AWS, where the authority is the bucket.
    private func host(of url: LogicalURL) throws(Refusal) -> String? {
        let authority = url.authority
        let written = authority.hostAndPort.lowercased()
        if authority.port != nil { return written }
        if settings.s3.credentials.contains(where: { $0.host?.lowercased() == written }) { return written }
        for entry in settings.s3.credentials {
            guard let host = entry.host?.lowercased(), host.hasPrefix(written + ":") else { continue }
            let port = host.dropFirst(written.utf8.count + 1)
            if port == (entry.secure ?? true ? "443" : "80") { return written }
            guard !settings.s3.credentials.contains(where: { $0.bucket == authority.host && $0.host == nil }) else {
                continue
            }
            throw Refusal(
                .configuration, "'\(authority.host)' is a host that \(entry.name) has with the port \(port)",
                advice: "write s3://\(host)/… ; without the port it would be a bucket on AWS")
        }
        return nil
    }

    private func endpoint(host: String?, entry: S3Credentials?) throws(Refusal) -> S3Endpoint {
        if let host {
            return S3Endpoint(host: host, isSecure: entry?.secure ?? settings.s3.secure.value)
        }
        for name in ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"] {
            guard environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.lowercased() != "true",
                let text = environment[name], !text.isEmpty
            else { continue }
            guard let endpoint = S3Endpoint(override: text) else {
                throw Refusal(.configuration, "\(name) is not an http or https URL")
            }
            return endpoint
        }
        return .aws
    }

    // MARK: How it is used

    private func makeStore(host: String?, bucket: String, entry: S3Credentials?) throws(Refusal) -> S3Store {
        let s3 = settings.s3
        let endpoint = try endpoint(host: host, entry: entry)
        let verify = entry?.verify ?? s3.verify.value
        let tls: HTTPRequest.TLSTrust =
            switch verify {
            case .system: .system
            case .off: .off
            case .bundle(let path): .certificateFile(path)
            }
        let options = try options(host: host, entry: entry)
        let access = try access(host: host, entry: entry)
        return S3Store(
            bucket: bucket, endpoint: endpoint, region: region(host: host, entry: entry), access: access,
            options: options, limits: limits(entry, options), tls: tls, entryName: entry?.name)
    }

    private func region(host: String?, entry: S3Credentials?) -> String? {
        let stated = entry?.region ?? (host == nil ? settings.s3.region.value ?? environment["AWS_REGION"] : nil)
        if let stated, !stated.isEmpty { return stated }
        return host == nil ? sources.region(profile: profile(entry)) : nil
    }

    private func options(host: String?, entry: S3Credentials?) throws(Refusal) -> S3RequestOptions {
        if let entry, !entry.extraArguments.isEmpty {
            return try S3RequestOptions(entry.extraArguments, key: entry.name + ".extra_args")
        }
        return try S3RequestOptions(settings.s3.extraArguments, key: "sdk.aws.s3.extra_args")
    }

    /// S3's own bounds: parts of 5 MiB to 5 GiB, 10,000 of them, and 5 GiB in one request.
    private func limits(_ entry: S3Credentials?, _ options: S3RequestOptions) -> UploadLimits {
        let s3 = settings.s3
        var functions: [HashFunction] = [.md5, .sha256]
        if let algorithm = options.checksumAlgorithm, !functions.contains(algorithm) { functions.append(algorithm) }
        let partSize = min(max(5 << 20, s3.multipartChunkSize.value), 5 << 30)
        return UploadLimits(
            threshold: entry?.multipart == false ? nil : min(max(1, s3.multipartThreshold.value), 5 << 30),
            partSize: partSize,
            // Who says how large parts are gets them so.
            grownPartSize: s3.multipartChunkSize.origin == .defaultValue ? 64 << 20 : partSize,
            concurrency: s3.maxMultipartConcurrency.value, functions: functions)
    }

    // MARK: With which credentials

    private func access(host: String?, entry: S3Credentials?) throws(Refusal) -> S3Access {
        let s3 = settings.s3
        if let entry {
            if entry.useCredentialsChain == true { return .chain(chain(entry)) }
            if let (key, secret) = try Self.pair(entry.key, entry.secret, of: entry.name) {
                let credentials = AWSCredentials(accessKey: key, secretKey: secret, token: entry.token)
                return .fixed(credentials, name: entry.name, place: entry.origin.description)
            }
            if entry.profile != nil { return .chain(chain(entry)) }
        }
        if let host {
            // A server of its own never gets what is meant for AWS.
            let place = entry.map { "\($0.name), which has no key and secret" }
            return .anonymous(lookedIn: [place ?? "sdk.aws.s3.credentials (no entry has the host \(host))"])
        }
        // A profile that the configuration names comes before keys of the environment.
        let isOutranked = s3.key.origin.isEnvironment && isExplicit(profile(entry), entry)
        if !s3.useCredentialsChain.value, !isOutranked,
            let (key, secret) = try Self.pair(s3.key.value, s3.secret.value, of: "sdk.aws.s3")
        {
            // A token belongs to the key that it came with.
            let isSamePlace = s3.key.origin.isEnvironment == s3.token.origin.isEnvironment
            let credentials = AWSCredentials(
                accessKey: key, secretKey: secret, token: isSamePlace ? s3.token.value : nil)
            let name = s3.key.origin.isEnvironment ? EnvironmentVariable.awsAccessKeyID.name : "sdk.aws.s3.key"
            return .fixed(credentials, name: name, place: s3.key.origin.description)
        }
        return .chain(chain(entry))
    }

    /// Key and secret where both are stated; one without the other is a slip.
    private static func pair(_ key: String?, _ secret: Secret?, of name: String) throws(Refusal) -> (String, Secret)? {
        let (key, secret) = (key ?? "", secret ?? Secret(""))
        guard key.isEmpty == secret.reveal().isEmpty else {
            throw Refusal(
                .configuration, "\(name) has a \(key.isEmpty ? "secret and no key" : "key and no secret")")
        }
        return key.isEmpty ? nil : (key, secret)
    }

    private func profile(_ entry: S3Credentials?) -> String? {
        [entry?.profile, settings.s3.profile.value].lazy.compactMap { $0 }.first { !$0.isEmpty }
    }

    /// As in boto3: who names a profile in the configuration means it, whatever keys the environment has.
    private func isExplicit(_ profile: String?, _ entry: S3Credentials?) -> Bool {
        entry?.profile != nil || profile != nil && !settings.s3.profile.origin.isEnvironment
    }

    private func chain(_ entry: S3Credentials?) -> AWSCredentialChain {
        let profile = profile(entry)
        let name = ChainName(profile: profile, isExplicit: isExplicit(profile, entry))
        return state.withLock { state in
            if let chain = state.chains[name] { return chain }
            let chain = sources.chain(profile: profile, isExplicit: name.isExplicit)
            state.chains[name] = chain
            return chain
        }
    }
}

extension Origin {
    fileprivate var isEnvironment: Bool { if case .environment = self { true } else { false } }
}
