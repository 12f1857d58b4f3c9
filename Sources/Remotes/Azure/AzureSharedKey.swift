public import Platform

/// An account's key and how requests are signed with it (Microsoft: "Authorize with Shared Key", the Blob service from version
/// 2015-02-21 on).
public struct AzureSharedKey: Sendable {
    public let account: String
    private let key: [UInt8]

    /// `nil` for a key that is not Base64.
    public init?(account: String, base64 text: String) {
        guard let key = Base64.decode(text), !key.isEmpty else { return nil }
        self.account = account
        self.key = key
    }

    /// The request with its date and its signature.
    /// - Parameter now: seconds since 1970-01-01 UTC; the service takes 15 minutes more or less.
    public func signed(_ request: HTTPRequest, now: Int64) -> HTTPRequest {
        var request = request
        request.headers.append(HTTPField("x-ms-date", Self.date(now)))
        let signature = Base64.encode(HMAC.sha256(stringToSign(request), key: key))
        request.headers.append(HTTPField("Authorization", "SharedKey \(account):\(signature)", isSecret: true))
        return request
    }

    /// What is signed: the method, the standard headers one a line, the headers that begin with `x-ms-`, the resource.
    public func stringToSign(_ request: HTTPRequest) -> [UInt8] {
        var standard = [String](repeating: "", count: Self.standardHeaders.count)
        var own: [(name: String, value: String)] = []
        for field in request.headers {
            let name = field.name.asciiLowercased
            if name.hasPrefix("x-ms-") {
                own.append((name, field.value))
            } else if let line = Self.standardHeaders.firstIndex(of: name) {
                standard[line] = field.value
            }
        }
        if request.method == .put || request.method == .post, let body = request.body, body.count > 0 {
            standard[2] = String(body.count)
        }
        if let range = request.range {
            let last = range.upperBound == .max ? "" : String(range.upperBound - 1)
            standard[10] = "bytes=\(range.lowerBound)-\(last)"
        }
        var text = Array(request.method.rawValue.utf8)
        text.reserveCapacity(512)
        for line in standard {
            text.append(UInt8(ascii: "\n"))
            text += line.utf8
        }
        for (name, value) in own.sorted(by: { $0.name < $1.name }) {
            text.append(UInt8(ascii: "\n"))
            text += name.utf8
            text.append(UInt8(ascii: ":"))
            text += value.utf8
        }
        text.append(UInt8(ascii: "\n"))
        appendResource(URLParts(request.url), to: &text)
        return text
    }

    /// The account, the path as it is sent, and the parameters, decoded and sorted.
    private func appendResource(_ url: URLParts, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "/"))
        text += account.utf8
        text += url.path
        var parameters: [(name: String, value: String)] = []
        for parameter in url.query.split(separator: UInt8(ascii: "&")) {
            let equals = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.endIndex
            let value = parameter[equals...].dropFirst()
            parameters.append(
                (PercentDecoding.text(parameter[..<equals]).asciiLowercased, PercentDecoding.text(value)))
        }
        for (name, value) in parameters.sorted(by: { $0.name < $1.name }) {
            text.append(UInt8(ascii: "\n"))
            text += name.utf8
            text.append(UInt8(ascii: ":"))
            text += value.utf8
        }
    }

    private static let standardHeaders = [
        "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
        "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
    ]

    /// As HTTP writes dates (RFC 9110, 5.6.7).
    static func date(_ seconds: Int64) -> String {
        let time = CivilTime(seconds)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        // 1970-01-01 was a Thursday.
        let day = (Int((Double(seconds) / 86_400).rounded(.down)) % 7 + 7 + 4) % 7
        return "\(days[day]), \(two(time.day)) \(months[time.month - 1]) \(time.year) "
            + "\(two(time.hour)):\(two(time.minute)):\(two(time.second)) GMT"
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

extension AzureSharedKey: CustomStringConvertible, CustomReflectable {
    public var description: String { "the key of \(account)" }
    public var customMirror: Mirror { Mirror(self, children: ["account": account]) }
}

/// Percent-decoding that never fails: what is no escape stays as it is.
enum PercentDecoding {
    static func text(_ bytes: Substring.UTF8View) -> String {
        guard bytes.contains(UInt8(ascii: "%")) else { return String(Substring(bytes)) }
        let bytes = Array(bytes)
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = value(bytes[index + 1]),
                let low = value(bytes[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
