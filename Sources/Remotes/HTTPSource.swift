public import Planning
public import Platform

/// One object behind HTTP(S): what turns "get this object, this range" into a request and reads the answer.
public struct HTTPSource: Sendable {
    /// The transport URL, secrets included.
    public var url: String
    /// From the configuration, for this URL's host alone.
    public var headers: [HTTPField]
    public var tls: HTTPRequest.TLSTrust

    public init(url: String, headers: [HTTPField] = [], tls: HTTPRequest.TLSTrust = .system) {
        self.url = url
        self.headers = headers
        self.tls = tls
    }

    /// - Parameters:
    ///   - range: bytes asked for; `nil` asks for all.
    ///   - ifMatch: a strong ETag that the object must still have (RFC 9110 section 13.1.1).
    ///   - ifChangedSince: what is cached; an unchanged object is answered with 304.
    public func request(
        range: Range<Int64>? = nil, ifMatch: String? = nil, ifChangedSince cached: Validator? = nil
    ) -> HTTPRequest {
        var fields = headers
        if let ifMatch { fields.append(HTTPField("If-Match", ifMatch)) }
        switch cached {
        case .strongETag(let tag), .weak(let tag?, _, _): fields.append(HTTPField("If-None-Match", tag))
        default: break
        }
        return HTTPRequest(.get, url, headers: fields, range: range, tls: tls, usesNetrc: true)
    }

    public func headRequest() -> HTTPRequest {
        HTTPRequest(.head, url, headers: headers, tls: tls, usesNetrc: true)
    }

    /// What a response says of the object's version.
    public static func validator(_ head: HTTPHead, size: Int64?) -> Validator {
        if let tag = head.eTag, !tag.isWeak { return .strongETag(tag.text) }
        return .weak(eTag: head.eTag?.text, size: size, modified: head.lastModified)
    }

    /// Bytes of the whole object, as far as a response tells.
    public static func totalSize(_ head: HTTPHead) -> Int64? {
        if let range = head.contentRange { return range.total }
        return head.status == 206 ? nil : head.contentLength
    }
}
