public import Configuration
internal import Planning
public import Platform

/// AWS Signature Version 4 in the Authorization header, with S3's rule for paths: they are signed as they are sent, no segment
/// removed and nothing encoded twice ("Signature Calculations for the Authorization Header", Amazon S3 API Reference).
public struct SigV4: Sendable {
    /// SHA-256 of nothing.
    public static let emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    public var credentials: AWSCredentials
    public var region: String
    public var service: String

    public init(_ credentials: AWSCredentials, region: String, service: String = "s3") {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// A key for one day, region and service; making it takes four HMACs, so it is kept.
    public struct SigningKey: Sendable {
        let day: String
        let region: String
        let service: String
        let secret: Secret
        let bytes: [UInt8]

        init(_ signer: SigV4, day: String) {
            self.day = day
            (region, service, secret) = (signer.region, signer.service, signer.credentials.secretKey)
            var key = HMAC.sha256(day.utf8, key: Array("AWS4\(secret.reveal())".utf8))
            key = HMAC.sha256(region.utf8, key: key)
            key = HMAC.sha256(service.utf8, key: key)
            bytes = HMAC.sha256("aws4_request".utf8, key: key)
        }

        /// - Parameter seconds: since 1970-01-01 UTC.
        func serves(_ signer: SigV4, at seconds: Int64) -> Bool { serves(signer, day: BasicTime(seconds).day) }

        func serves(_ signer: SigV4, day: String) -> Bool {
            self.day == day && region == signer.region && service == signer.service
                && secret == signer.credentials.secretKey
        }
    }

    /// Adds `x-amz-date`, the session token and `Authorization`. All fields that the request has are signed, and the host; what
    /// the engine adds (`Range`, `User-Agent`) is not.
    /// - Parameters:
    ///   - payload: hexadecimal SHA-256 of the body, or `UNSIGNED-PAYLOAD`.
    ///   - sendsPayload: whether `x-amz-content-sha256` says it, as S3 wants it.
    ///   - seconds: since 1970-01-01 UTC.
    ///   - key: used while it serves, and replaced when it does not.
    public func sign(
        _ request: inout HTTPRequest, payload: String, sendsPayload: Bool = true, at seconds: Int64,
        key: inout SigningKey?
    ) {
        let time = BasicTime(seconds)
        if sendsPayload { request.headers.append(HTTPField("x-amz-content-sha256", payload)) }
        request.headers.append(HTTPField("x-amz-date", time.text))
        if let token = credentials.token {
            request.headers.append(HTTPField("x-amz-security-token", token.reveal(), isSecret: true))
        }
        let (canonical, signed) = Self.canonicalRequest(request, payload: payload)
        let scope = "\(time.day)/\(region)/\(service)/aws4_request"
        let toSign = Self.stringToSign(canonical, time: time.text, scope: scope)
        if key?.serves(self, day: time.day) != true { key = SigningKey(self, day: time.day) }
        let signature = Hex.encode(HMAC.sha256(toSign, key: key?.bytes ?? []))
        request.headers.append(
            HTTPField(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), SignedHeaders=\(signed), Signature=\(signature)",
                isSecret: true))
    }

    static func stringToSign(_ canonicalRequest: [UInt8], time: String, scope: String) -> [UInt8] {
        Array("AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(Hex.encode(HashFunction.sha256.hash(canonicalRequest)))".utf8)
    }

    // MARK: The canonical request

    /// The canonical request, and the names of its headers joined with `;`.
    static func canonicalRequest(_ request: HTTPRequest, payload: String) -> (bytes: [UInt8], signedHeaders: String) {
        let url = URLParts(request.url)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        bytes += request.method.rawValue.utf8
        bytes.append(newline)
        if url.path.isEmpty { bytes.append(UInt8(ascii: "/")) } else { append(url.path, keeping: true, to: &bytes) }
        bytes.append(newline)
        appendQuery(url.query, to: &bytes)
        bytes.append(newline)

        var fields = request.headers.map { (name: $0.name.asciiLowercased, value: $0.value) }
        if !fields.contains(where: { $0.name == "host" }) { fields.append(("host", String(Substring(url.host)))) }
        // Of one name, values stay in their order.
        var order = Array(fields.indices)
        order.sort { fields[$0].name == fields[$1].name ? $0 < $1 : fields[$0].name < fields[$1].name }
        var signed = ""
        var last: String?
        for index in order {
            let (name, value) = fields[index]
            if name == last {
                bytes[bytes.count - 1] = UInt8(ascii: ",")
            } else {
                bytes += name.utf8
                bytes.append(UInt8(ascii: ":"))
                signed += last == nil ? name : ";" + name
                last = name
            }
            appendTrimmed(value, to: &bytes)
            bytes.append(newline)
        }
        bytes.append(newline)
        bytes += signed.utf8
        bytes.append(newline)
        bytes += payload.utf8
        return (bytes, signed)
    }

    private static let newline = UInt8(ascii: "\n")

    /// Escapes that are there stay: whoever made the URL has encoded it.
    private static func append(_ text: Substring.UTF8View, keeping slash: Bool, to bytes: inout [UInt8]) {
        for byte in text {
            if URIEncoding.isUnreserved(byte) || byte == UInt8(ascii: "%") || slash && byte == UInt8(ascii: "/") {
                bytes.append(byte)
            } else {
                URIEncoding.appendEscape(byte, to: &bytes)
            }
        }
    }

    private static func appendQuery(_ query: Substring.UTF8View, to bytes: inout [UInt8]) {
        guard !query.isEmpty else { return }
        var parameters: [(name: [UInt8], value: [UInt8])] = []
        for parameter in query.split(separator: UInt8(ascii: "&")) {
            let equals = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.endIndex
            var pair: (name: [UInt8], value: [UInt8]) = ([], [])
            append(parameter[..<equals], keeping: false, to: &pair.name)
            if equals < parameter.endIndex {
                append(parameter[parameter.index(after: equals)...], keeping: false, to: &pair.value)
            }
            parameters.append(pair)
        }
        parameters.sort { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value) : left.name.lexicographicallyPrecedes(right.name)
        }
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "&")) }
            bytes += parameter.name
            bytes.append(UInt8(ascii: "="))
            bytes += parameter.value
        }
    }

    /// Without white space around it, and with one space for several.
    private static func appendTrimmed(_ value: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        for byte in value.utf8 {
            let isSpace = byte == UInt8(ascii: " ") || (9...13).contains(byte)
            if isSpace, bytes.count == start || bytes.last == UInt8(ascii: " ") { continue }
            bytes.append(isSpace ? UInt8(ascii: " ") : byte)
        }
        if bytes.count > start, bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
    }
}

/// An AWS access key. Only the access key's name is ever shown.
public struct AWSCredentials: Hashable, Sendable {
    public var accessKey: String
    public var secretKey: Secret
    /// Of temporary credentials.
    public var token: Secret?

    public init(accessKey: String, secretKey: Secret, token: Secret? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.token = token
    }
}

/// Time as SigV4 writes it: `20150830T123600Z` (ISO 8601, basic form, UTC).
struct BasicTime {
    let text: String
    var day: String { String(text.prefix(8)) }

    /// - Parameter seconds: since 1970-01-01 UTC.
    init(_ seconds: Int64) {
        let date = CivilTime(seconds)
        func padded(_ value: Int, _ width: Int = 2) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        text =
            "\(padded(date.year, 4))\(padded(date.month))\(padded(date.day))T"
            + "\(padded(date.hour))\(padded(date.minute))\(padded(date.second))Z"
    }
}
