internal import Planning

/// Where a bucket answers.
enum S3Endpoint: Hashable, Sendable {
    case aws
    /// A server of its own, or an override: scheme, host, port and perhaps a path, without a `/` at its end. Always path style.
    case server(String)

    /// The URL that a bucket's keys follow, without a `/` at its end.
    func base(bucket: String, region: String) -> String {
        switch self {
        case .server(let base): return "\(base)/\(URIEncoding.parameter(bucket))"
        case .aws:
            let host = "s3.\(region).\(Self.domain(of: region))"
            // A dot in a bucket's name is one too many for the certificate `*.s3.<region>.amazonaws.com`.
            return Self.isHostLabel(bucket)
                ? "https://\(bucket).\(host)" : "https://\(host)/\(URIEncoding.parameter(bucket))"
        }
    }

    /// Whether the bucket is a part of the host's name.
    func isVirtualHost(bucket: String) -> Bool { self == .aws && Self.isHostLabel(bucket) }

    /// What AWS's hosts in a region end with ("Service endpoints", AWS General Reference).
    static func domain(of region: String) -> String {
        if region.hasPrefix("cn-") { return "amazonaws.com.cn" }
        if region.hasPrefix("us-iso-") { return "c2s.ic.gov" }
        if region.hasPrefix("us-isob-") { return "sc2s.sgov.gov" }
        if region.hasPrefix("eusc-") { return "amazonaws.eu" }
        return "amazonaws.com"
    }

    /// Letters of a region's name: what is learnt from an answer becomes part of a host.
    static func isRegion(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63 && text.utf8.allSatisfy { isLabelByte($0) }
    }

    private static func isHostLabel(_ bucket: String) -> Bool {
        (3...63).contains(bucket.utf8.count) && bucket.utf8.allSatisfy { isLabelByte($0) }
            && !bucket.hasPrefix("-") && !bucket.hasSuffix("-")
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// Makes a base of what a variable or a file names as endpoint.
    init?(override text: String) {
        let lowered = text.lowercased()
        guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://") else { return nil }
        let trimmed = text.utf8.last == UInt8(ascii: "/") ? String(text.dropLast()) : text
        let parts = URLParts(trimmed)
        guard !parts.host.isEmpty, parts.query.isEmpty, !parts.host.contains(UInt8(ascii: "@")) else { return nil }
        self = .server(Self.normalized(trimmed))
    }

    /// - Parameter host: with its port where it has one.
    init(host: String, isSecure: Bool) {
        self = .server(Self.normalized("\(isSecure ? "https" : "http")://\(host)"))
    }

    /// Scheme and host in lower case, and without a default port: so the Host field is what libcurl sends, and is signed.
    private static func normalized(_ url: String) -> String {
        let parts = URLParts(url)
        let scheme = url.lowercased().hasPrefix("https") ? "https" : "http"
        var host = String(Substring(parts.host)).lowercased()
        let defaultPort = scheme == "https" ? ":443" : ":80"
        if host.hasSuffix(defaultPort) { host.removeLast(defaultPort.utf8.count) }
        return "\(scheme)://\(host)\(Substring(parts.path))"
    }
}
