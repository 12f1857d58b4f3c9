internal import Configuration
internal import Glibc
public import Planning
public import Platform
internal import Synchronization

/// One bucket of Amazon S3, or of a server that speaks its protocol, with one set of credentials.
public final class S3Store: ListingStore, WritableStore {
    let bucket: String
    let endpoint: S3Endpoint
    let access: S3Access
    let options: S3RequestOptions
    let limits: UploadLimits
    let tls: HTTPRequest.TLSTrust
    /// Where the settings for this bucket stand; `nil` when nothing names it.
    let entryName: String?
    /// What every URL is made with; a learnt region replaces it when a request is signed.
    private let base: String
    private let configuredRegion: String?
    private let state: Mutex<State>

    private struct State {
        var region: String
        var base: String
        /// Regions that answers have named: a store that names one after the other is not believed.
        var timesLearnt = 0
        var key: SigV4.SigningKey?
    }

    /// - Parameter region: where nothing names one, a first guess that the first answer corrects.
    init(
        bucket: String, endpoint: S3Endpoint, region: String?, access: S3Access, options: S3RequestOptions,
        limits: UploadLimits, tls: HTTPRequest.TLSTrust, entryName: String?
    ) {
        let first = region ?? "us-east-1"
        (self.bucket, self.endpoint, self.access, self.options) = (bucket, endpoint, access, options)
        (self.limits, self.tls, self.entryName, configuredRegion) = (limits, tls, entryName, region)
        base = endpoint.base(bucket: bucket, region: first)
        state = Mutex(State(region: first, base: base))
    }

    public var accessName: String { access.name }

    var region: String { state.withLock { $0.region } }

    // MARK: Requests

    public func get(
        _ object: ObjectID, range: Range<Int64>?, match: Validator?, unless cached: Validator?
    ) -> HTTPRequest {
        var version = object.version
        var fields = [HTTPField("x-amz-checksum-mode", "ENABLED")] + options.fields(for: .get)
        switch match {
        // A version never changes: asked for by its id it needs no condition.
        case .version(let id): version = version ?? id
        case .some(let match): if let tag = match.entityTag { fields.append(HTTPField("If-Match", tag)) }
        case nil: break
        }
        if let tag = cached?.entityTag { fields.append(HTTPField("If-None-Match", tag)) }
        var request = self.request(.get, object.key, version.map { [("versionId", $0)] } ?? [], fields)
        request.range = range
        return request
    }

    public func head(_ object: ObjectID) -> HTTPRequest {
        request(
            .head, object.key, object.version.map { [("versionId", $0)] } ?? [],
            [HTTPField("x-amz-checksum-mode", "ENABLED")] + options.fields(for: .get))
    }

    /// - Parameters:
    ///   - key: `nil` for the bucket itself.
    ///   - query: literal names and values.
    func request(
        _ method: HTTPRequest.Method, _ key: String?, _ query: [(String, String)], _ fields: [HTTPField] = [],
        body: HTTPBody? = nil
    ) -> HTTPRequest {
        var url = base
        if let key {
            url += "/" + URIEncoding.path(key)
        } else if endpoint.isVirtualHost(bucket: bucket) {
            url += "/"
        }
        for (index, parameter) in query.enumerated() {
            url += (index == 0 ? "?" : "&") + URIEncoding.parameter(parameter.0)
            url += "=" + URIEncoding.parameter(parameter.1)
        }
        return HTTPRequest(method, url, headers: fields, body: body, tls: tls, followsRedirects: false)
    }

    public func authorize(
        _ request: HTTPRequest, then send: @escaping @Sendable (Result<HTTPRequest, Refusal>) -> Void
    ) {
        access.use { [self] credentials in send(credentials.map { signed(request, $0) }) }
    }

    private func signed(_ request: HTTPRequest, _ credentials: AWSCredentials?) -> HTTPRequest {
        var request = request
        var (region, key) = state.withLock { state in
            if state.base != base, request.url.utf8.starts(with: base.utf8) {
                request.url = state.base + Substring(request.url.utf8.dropFirst(base.utf8.count))
            }
            return (state.region, state.key)
        }
        guard let credentials else { return request }
        let signer = SigV4(credentials, region: region)
        let seconds = Int64(time(nil))
        let stated = request.headers.first { $0.name == Self.payloadField }?.value
        let hadKey = key.map { $0.serves(signer, at: seconds) } ?? false
        let payload =
            stated ?? request.body.map { Hex.encode($0.hash(.sha256)) } ?? SigV4.emptyPayload
        signer.sign(&request, payload: payload, sendsPayload: stated == nil, at: seconds, key: &key)
        if !hadKey { state.withLock { $0.key = key } }
        return request
    }

    static let payloadField = "x-amz-content-sha256"

    // MARK: Learning

    /// Takes a region from an answer.
    /// - Returns: whether the same wish may now go: the region is news for the request that was refused.
    func learn(region: String, from request: HTTPRequest) -> Bool {
        guard S3Endpoint.isRegion(region) else { return false }
        return state.withLock { state in
            if state.region != region {
                guard state.timesLearnt < 2 else { return false }
                state.timesLearnt += 1
                state.region = region
                state.base = endpoint.base(bucket: bucket, region: region)
                state.key = nil
                return true
            }
            // Another answer taught it meanwhile.
            let scope = request.headers.first { $0.name == "Authorization" }?.value
            return scope.map { !$0.contains("/\(region)/s3/aws4_request") } ?? !request.url.hasPrefix(state.base)
        }
    }
}

extension Validator {
    /// What If-Match and If-None-Match take; `nil` when the validator is no entity tag.
    fileprivate var entityTag: String? {
        switch self {
        case .strongETag(let tag): tag
        // The ETag of an object in one part is its MD5.
        case .checksum(let checksum) where checksum.algorithm == .md5: "\"\(Hex.encode(checksum.bytes))\""
        case .checksum, .version: nil
        case .weak(let tag, _, _): tag
        }
    }
}
