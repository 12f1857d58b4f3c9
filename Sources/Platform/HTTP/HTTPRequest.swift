/// One request, as a value. Nothing happens before `HTTPClient.send(_:to:)`.
public struct HTTPRequest: Sendable {
    public enum Method: String, Sendable {
        case get = "GET", head = "HEAD", put = "PUT", post = "POST", delete = "DELETE"
    }

    /// Which certificates an https server may show.
    public enum TLSTrust: Hashable, Sendable {
        /// The system's authorities, or those that `HTTPConfiguration` names.
        case system
        /// Only the authorities in this PEM file, or in this folder of hashed PEM files (c_rehash).
        case certificateFile(String)
        /// No check of any kind.
        case off
    }

    public enum VersionPreference: Hashable, Sendable {
        /// HTTP/2 where a TLS server offers it (ALPN), otherwise HTTP/1.1.
        case http2OverTLS
        case http1
    }

    public var method: Method
    /// http or https. Sent as written: dot segments stay; only bytes that no URL may hold are percent-encoded.
    /// User and password before an `@` are sent as Basic authentication.
    public var url: String
    public var headers: [HTTPField]
    /// Bytes asked for, sent as `Range: bytes=a-b` (RFC 9110, 14.2). An upper bound of `Int64.max` is an open end.
    public var range: Range<Int64>?
    /// Sent by PUT and POST with its length; ignored by the others.
    public var body: HTTPBody?
    public var tls: TLSTrust
    /// Follows 301, 302, 303, 307 and 308, at most 10 in a row; otherwise such a response reaches the receiver.
    public var followsRedirects: Bool
    /// Credentials from the netrc file for this host, unless the request has an `Authorization` of its own.
    public var usesNetrc: Bool
    public var version: VersionPreference
    /// Until name lookup, TCP and TLS are done.
    public var connectTimeout: Duration
    /// The longest time in which no byte comes or goes while the receiver wants bytes.
    public var stallTimeout: Duration
    /// The response is known to be long: it is read from its socket in larger pieces.
    public var expectsBulk = false

    public init(
        _ method: Method = .get, _ url: String, headers: [HTTPField] = [], range: Range<Int64>? = nil,
        body: HTTPBody? = nil, tls: TLSTrust = .system, followsRedirects: Bool = true, usesNetrc: Bool = false,
        version: VersionPreference = .http2OverTLS, connectTimeout: Duration = .seconds(30),
        stallTimeout: Duration = .seconds(60)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.range = range
        self.body = body
        self.tls = tls
        self.followsRedirects = followsRedirects
        self.usesNetrc = usesNetrc
        self.version = version
        self.connectTimeout = connectTimeout
        self.stallTimeout = stallTimeout
    }
}

/// One header line of a request.
public struct HTTPField: Sendable, CustomStringConvertible {
    public var name: String
    public var value: String
    /// Never sent to another origin and never printed. `Authorization` and `Cookie` are treated so without the mark.
    public var isSecret: Bool

    public init(_ name: String, _ value: String, isSecret: Bool = false) {
        self.name = name
        self.value = value
        self.isSecret = isSecret
    }

    /// Whether the field belongs to the origin that it was made for and to no other.
    var isBoundToOrigin: Bool {
        isSecret
            || ["authorization", "cookie", "proxy-authorization"].contains { name.utf8.equalsIgnoringCase($0.utf8) }
    }

    /// RFC 9110, 5.1 and 5.5: a token, and no line break or NUL in the value (it would start another header).
    var isWellFormed: Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ";") }
            && value.utf8.allSatisfy { $0 != 0 && $0 != 10 && $0 != 13 }
    }

    public var description: String { isBoundToOrigin ? "\(name): ***" : "\(name): \(value)" }
}

extension Sequence<UInt8> {
    /// Compares ASCII letters without their case, all other bytes as they are.
    func equalsIgnoringCase(_ other: some Sequence<UInt8>) -> Bool {
        elementsEqual(other) { left, right in left.asciiLowercased == right.asciiLowercased }
    }
}

extension UInt8 {
    var asciiLowercased: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self }
}
