public import Planning
public import Platform

/// A web server: one URL, one object. Keys are whole transport URLs.
public struct WebStore: Store {
    /// From the configuration, for this server alone.
    let headers: [HTTPField]
    let tls: HTTPRequest.TLSTrust
    public let accessName: String
    public var mayEncode: Bool { true }

    public init(headers: [HTTPField] = [], tls: HTTPRequest.TLSTrust = .system, accessName: String = "no credentials") {
        self.headers = headers
        self.tls = tls
        self.accessName = accessName
    }

    func request(
        _ method: HTTPRequest.Method, _ url: String, _ more: [HTTPField] = [], range: Range<Int64>? = nil
    ) -> HTTPRequest {
        HTTPRequest(method, url, headers: headers + more, range: range, tls: tls, usesNetrc: true)
    }

    public func get(
        _ object: ObjectID, range: Range<Int64>?, match: Validator?, unless cached: Validator?
    ) -> HTTPRequest {
        var fields: [HTTPField] = []
        // RFC 9110 section 13.1.1
        if case .strongETag(let tag) = match { fields.append(HTTPField("If-Match", tag)) }
        switch cached {
        case .strongETag(let tag), .weak(let tag?, _, _): fields.append(HTTPField("If-None-Match", tag))
        default: break
        }
        return request(.get, object.key, fields, range: range)
    }

    public func head(_ object: ObjectID) -> HTTPRequest { request(.head, object.key) }

    public func facts(_ head: HTTPHead, of object: ObjectID) -> ObjectFacts {
        let size = head.totalSize
        var validator = Validator.weak(eTag: head.eTag?.text, size: size, modified: head.lastModified)
        if let tag = head.eTag, !tag.isWeak { validator = .strongETag(tag.text) }
        return ObjectFacts(size: size, validator: validator, modified: head.lastModified)
    }

    /// The headers of the configuration are in the request already; netrc is the client's business.
    public func authorize(
        _ request: HTTPRequest, then send: @escaping @Sendable (Result<HTTPRequest, Refusal>) -> Void
    ) { send(.success(request)) }

    public func refusal(_ head: HTTPHead, body: [UInt8], to request: HTTPRequest) -> Refusal {
        let cause = head.summary
        switch head.status {
        case 401, 403:
            return Refusal(
                .permission, "the server refuses access", cause: cause,
                advice: "check the credentials for this host (~/.netrc, or sdk.storage.sync.headers in clearml.conf)")
        case 404, 410:
            return Refusal(
                .notFound, "nothing is there", cause: cause, advice: "correct the 'url', or make the entry 'optional'")
        case 412: return Refusal(.changed, "the object has changed", cause: cause)
        case 400, 405, 416, 501:
            return Refusal(
                request.range == nil ? .malformed : .range, Refusal.useless, cause: cause, advice: Refusal.uselessAdvice
            )
        case let status where Refusal.isTransient(status: status):
            return Refusal(
                .transient, "the server does not serve it now", cause: cause, advice: "try again later",
                retryAfter: head.retryAfter)
        default: return Refusal(.malformed, Refusal.useless, cause: cause, advice: Refusal.uselessAdvice)
        }
    }
}

extension Refusal {
    public static let useless = "the server gave an answer that is of no use"
    public static let uselessAdvice = "correct the 'url', or ask who runs the server"

    /// Whether an HTTP status may well be another one a little later (RFC 9110 section 15).
    public static func isTransient(status: Int) -> Bool {
        status == 408 || status == 425 || status == 429
            || (500...599).contains(status) && status != 501 && status != 505
    }
}

extension HTTPHead {
    /// Bytes of the whole object, as far as a response tells.
    public var totalSize: Int64? {
        if let range = contentRange { return range.total }
        return status == 206 ? nil : contentLength
    }

    /// `http://host/path answered 404`, nothing secret in it.
    public var summary: String { "\(URLRedaction.redact(effectiveURL)) answered \(status)" }
}
