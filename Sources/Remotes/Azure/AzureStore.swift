internal import Configuration
internal import Glibc
public import Planning
public import Platform
internal import Synchronization

/// One container of Azure Blob storage (Microsoft: "Blob service REST API").
public final class AzureStore: Store {
    let place: AzurePlace
    let access: AzureAccess
    public let uploadLimits: UploadLimits
    private let tls: HTTPRequest.TLSTrust
    /// Seconds since 1970-01-01 UTC.
    private let clock: @Sendable () -> Int64
    /// A container without credentials turned out not to be public.
    let needsToken = Mutex(false)

    /// The first with all that is used here: versions of blobs (2019-12-12) and names that XML cannot hold (2021-02-12).
    static let apiVersion = "2021-12-02"

    init(
        _ place: AzurePlace, _ access: AzureAccess, uploadLimits: UploadLimits, tls: HTTPRequest.TLSTrust = .system,
        clock: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) {
        self.place = place
        self.access = access
        self.uploadLimits = uploadLimits
        self.tls = tls
        self.clock = clock
    }

    public var accessName: String {
        if case .none(let tokens?) = access.kind, needsToken.withLock({ $0 }) { return tokens.identity.name }
        return access.name
    }

    // MARK: Requests

    var containerURL: String { place.endpoint.url + "/" + URIEncoding.parameter(place.container) }

    func url(_ key: String, query: String = "") -> String {
        containerURL + "/" + URIEncoding.path(key) + (query.isEmpty ? "" : "?" + query)
    }

    func request(
        _ method: HTTPRequest.Method, _ url: String, _ more: [HTTPField] = [], range: Range<Int64>? = nil,
        body: HTTPBody? = nil
    ) -> HTTPRequest {
        HTTPRequest(
            method, url, headers: [HTTPField("x-ms-version", Self.apiVersion)] + more, range: range, body: body,
            tls: tls, followsRedirects: false)
    }

    private func query(version: String?) -> String { version.map { "versionid=" + URIEncoding.parameter($0) } ?? "" }

    public func get(
        _ object: ObjectID, range: Range<Int64>?, match: Validator?, unless cached: Validator?
    ) -> HTTPRequest {
        var fields: [HTTPField] = []
        var version = object.version
        switch match {
        case .strongETag(let tag): fields.append(HTTPField("If-Match", tag))
        case .version(let matched): version = version ?? matched
        default: break
        }
        if case .strongETag(let tag) = cached { fields.append(HTTPField("If-None-Match", tag)) }
        return request(.get, url(object.key, query: query(version: version)), fields, range: range)
    }

    public func head(_ object: ObjectID) -> HTTPRequest {
        request(.head, url(object.key, query: query(version: object.version)))
    }

    // MARK: Answers

    /// The ETag validates and not the version id, for a listing tells the former alone; both change with every write.
    public func facts(_ head: HTTPHead, of object: ObjectID) -> ObjectFacts {
        accepted()
        let size = head.totalSize
        var validator = Validator.weak(eTag: head.eTag?.text, size: size, modified: head.lastModified)
        if let tag = head.eTag, !tag.isWeak { validator = .strongETag(tag.text) }
        // Of a part, `Content-MD5` is the part's own; of a whole blob, the blob's ("Get Blob").
        let whole = head["x-ms-blob-content-md5"] ?? (head.status == 206 ? nil : head["Content-MD5"])
        return ObjectFacts(
            size: size, validator: validator, version: grantsVersions ? head["x-ms-version-id"] : nil,
            checksum: whole.flatMap(Self.md5), modified: head.lastModified)
    }

    static func md5(_ text: String) -> Checksum? {
        Base64.decode(text).flatMap { Checksum(algorithm: .md5, bytes: $0) }
    }

    /// A SAS token for one blob is for its current version only (`sr=bv` is for another: "Create a service SAS").
    private var grantsVersions: Bool {
        guard case .sas(let query) = access.kind else { return true }
        return !query.reveal().split(separator: "&").contains { $0 == "sr=b" }
    }

    /// The service took the request.
    func accepted() { tokens?.accepted() }

    // MARK: Credentials

    private var tokens: AzureTokens? {
        switch access.kind {
        case .token(let tokens): tokens
        case .none(let tokens?) where needsToken.withLock { $0 }: tokens
        default: nil
        }
    }

    public func authorize(
        _ request: HTTPRequest, then send: @escaping @Sendable (Result<HTTPRequest, Refusal>) -> Void
    ) {
        switch access.kind {
        case .key(let key): return send(.success(key.signed(request, now: clock())))
        case .sas(let query):
            var request = request
            request.url += (request.url.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query.reveal()
            return send(.success(request))
        case .token, .none: break
        }
        guard let tokens else { return send(.success(request)) }
        tokens.use { [self] result in
            switch result {
            case .success(let token):
                var request = request
                request.headers.append(HTTPField("Authorization", "Bearer " + token, isSecret: true))
                send(.success(request))
            case .failure(let refusal):
                guard case .none = access.kind else { return send(.failure(refusal)) }
                // Nobody said that there is an identity: what is missing are credentials.
                send(.failure(Refusal(.permission, notPublic, cause: refusal.cause, advice: access.hint)))
            }
        }
    }

    var notPublic: String { "the container '\(place.container)' is not public, and there are no credentials for it" }

    /// Whether the store knows another way in than the one that was just refused.
    func learns(from request: HTTPRequest) -> Bool {
        let authorization = request.headers.last { $0.name == "Authorization" }?.value
        switch access.kind {
        case .key, .sas: return false
        case .token, .none:
            if let authorization {
                return tokens?.reject(String(authorization.dropFirst("Bearer ".utf8.count))) ?? false
            }
            guard case .none(_?) = access.kind else { return false }
            needsToken.withLock { $0 = true }
            return true
        }
    }

    /// This machine's clock against the server's, in seconds: positive when ours is ahead.
    func skew(_ head: HTTPHead) -> Int64? { head.date.map { clock() - $0 } }

    var now: Int64 { clock() }
}
