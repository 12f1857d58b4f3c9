/// The URL of an object as a manifest says it. Locks and receipts record its `identity`; printing it never shows a secret.
///
/// Keys of `s3`, `gs` and `azure` are literal: nothing is percent-decoded. `http` and `https` are used as written. A `file:` URL
/// is percent-decoded. What has no scheme is a path, relative to the folder of the manifest, not decoded either.
/// In every form `*` and `**` are wildcards and `{000..123}` is a numbered range; `\*` and `\{` are the characters themselves.
/// Two URLs are equal when they differ only in the case of scheme and host, a default port, secrets or a fragment.
public struct LogicalURL: Sendable {
    public enum Scheme: String, Sendable, CaseIterable {
        case file, http, https, s3, gs, azure
        /// A path without a scheme.
        case path

        /// Whether the URL names a path of this machine.
        public var isLocal: Bool { self == .file || self == .path }
    }

    /// How many objects the URL names.
    public enum Shape: Hashable, Sendable {
        /// One object; for a local URL it may turn out to be a folder.
        case single
        /// Everything below `path`.
        case prefix
        /// What matches below `path`; the pattern is relative to `path`.
        case glob(Glob)
        /// Numbered names, relative to `path`.
        case range(NumberedRange)
    }

    /// What was read out of the text.
    private struct Parts: Sendable {
        let raw: String
        let scheme: Scheme
        let authority: Authority
        let shape: Shape
        let path: String
        let query: String?
        let identity: String
        let comparable: String
    }
    private let parts: Shared<Parts>

    /// Exactly what the manifest says, secrets included: for making requests, not for printing.
    public var raw: String { parts.raw }
    public var scheme: Scheme { parts.scheme }
    public var authority: Authority { parts.authority }
    public var shape: Shape { parts.shape }
    /// The path, decoded as the scheme has it. It begins with `/`, except for a relative path and for an authority alone.
    /// Of a prefix, a glob and a range: the folder, with its last `/`; empty for a pattern over relative paths.
    public var path: String { parts.path }
    /// What follows the first `?` of an http or azure URL, secrets included; `nil` without one.
    public var query: String? { parts.query }
    /// `raw` without userinfo, fragment, and signature and token parameters: what locks and receipts record.
    public var identity: String { parts.identity }
    /// `identity` with scheme and host in lower case and without a default port: what equality and configured rules go by.
    public var comparable: String { parts.comparable }

    /// User, host and port of a URL. For `gs`, and mostly for `s3`, the host is the bucket.
    public struct Authority: Hashable, Sendable {
        /// `user:password` as written; never printed.
        public var userInfo: String?
        /// As written, brackets of an IPv6 address included.
        public var host: String
        public var port: Int?
    }

    public init(_ raw: String) throws(LogicalURLError) {
        if let plain = PlainURL(raw) { self.init(plain, raw) } else { self = try LogicalURL(any: raw) }
    }

    private init(_ plain: PlainURL, _ raw: String) {
        parts = Shared(
            Parts(
                raw: raw, scheme: plain.scheme, authority: Authority(host: plain.host, port: plain.port),
                shape: .single, path: plain.path, query: nil, identity: raw, comparable: raw))
    }

    /// - Parameter raw: written in whatever way.
    init(any raw: String) throws(LogicalURLError) {
        guard !raw.isEmpty else { throw .empty }
        guard !raw.utf8.contains(0) else { throw .nulCharacter }
        let (scheme, rest) = try Self.splitScheme(raw)
        let authority: Authority
        var written: Substring
        if scheme.isLocal {
            authority = Authority(host: "")
            written = try scheme == .file ? Self.fileURLPath(rest) : rest
        } else {
            let end = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || scheme.isHTTP && $0 == UInt8(ascii: "?") }
            authority = try Authority(rest[..<(end ?? rest.endIndex)])
            written = rest[(end ?? rest.endIndex)...]
        }
        if scheme.isHTTP { written = written.prefixBefore(UInt8(ascii: "#")) }
        var query: Substring?
        if scheme.isHTTP || scheme == .azure && SecretParameters.isSigned(written.suffixAfter(UInt8(ascii: "?"))) {
            query = written.suffixAfter(UInt8(ascii: "?"))
            written = written.prefixBefore(UInt8(ascii: "?"))
        }
        let parsed = try URLPath(written, percentEncoded: scheme == .file)
        try Self.check(scheme: scheme, path: parsed.folder, shape: parsed.shape)
        let identity = scheme.isLocal ? raw : SecretParameters.stripped(raw, scheme: scheme)
        let comparable =
            switch scheme {
            case .path: raw
            case .file: "file://" + written
            default: Self.comparable(identity, scheme: scheme, authority: authority)
            }
        parts = Shared(
            Parts(
                raw: raw, scheme: scheme, authority: authority, shape: parsed.shape, path: parsed.folder,
                query: query.map(String.init), identity: identity, comparable: comparable))
    }

    /// Stands for a URL that could not be read, so that the rest of its entry is still checked. It never leaves the decoder.
    static let unreadable = LogicalURL()

    private init() {
        parts = Shared(
            Parts(
                raw: "", scheme: .path, authority: Authority(host: ""), shape: .single, path: "", query: nil,
                identity: "", comparable: ""))
    }

    var isReadable: Bool { !raw.isEmpty }

    private static func splitScheme(_ raw: String) throws(LogicalURLError) -> (Scheme, Substring) {
        let name = raw.utf8.prefix { (byte: UInt8) -> Bool in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.".utf8.contains(byte)
        }
        let rest = raw[name.endIndex...]
        let written = String(Substring(name))
        let scheme = (Scheme(rawValue: written) ?? Scheme(rawValue: written.lowercased())).flatMap {
            $0 == .path ? nil : $0
        }
        if rest.utf8.starts(with: "://".utf8), !name.isEmpty {
            guard let scheme else { throw .unknownScheme(String(Substring(name))) }
            return (scheme, rest[rest.utf8.index(rest.utf8.startIndex, offsetBy: 3)...])
        }
        if rest.utf8.first == UInt8(ascii: ":"), let scheme {
            // RFC 8089 allows `file:/path`.
            let path = rest[rest.utf8.index(after: rest.utf8.startIndex)...]
            guard scheme == .file, path.utf8.first == UInt8(ascii: "/") else { throw .missingSlashes(scheme) }
            return (.file, path)
        }
        if raw == "~" || raw.utf8.starts(with: "~/".utf8) { throw .tilde }
        return (.path, raw[...])
    }

    /// The path behind `file://` or `file:`; the host may be empty or this machine's.
    private static func fileURLPath(_ rest: Substring) throws(LogicalURLError) -> Substring {
        if rest.utf8.first == UInt8(ascii: "/") { return rest }
        let host = rest.prefixBefore(UInt8(ascii: "/"))
        guard host.lowercased() == "localhost" else { throw .fileHost(String(host)) }
        guard host.endIndex < rest.endIndex else { throw .missingPath(.file) }
        return rest[host.endIndex...]
    }

    private static func check(scheme: Scheme, path: String, shape: Shape) throws(LogicalURLError) {
        if scheme.isHTTP {
            switch shape {
            case .prefix: throw .listingNotOffered
            case .glob: throw .wildcardNotOffered
            case .single: if path.isEmpty { throw .missingPath(scheme) }
            case .range: break
            }
        } else if path.isEmpty, shape == .single {
            throw .missingPath(scheme)
        }
    }

    private static func comparable(_ identity: String, scheme: Scheme, authority: Authority) -> String {
        let defaultPort = scheme == .http ? 80 : scheme == .https ? 443 : nil
        if isComparable(identity, scheme: scheme, authority: authority, defaultPort: defaultPort) { return identity }
        let end = identity.utf8.index(identity.utf8.startIndex, offsetBy: scheme.rawValue.utf8.count + 3)
        let tail = identity[end...]
        let separator = tail.utf8.firstIndex { $0 == UInt8(ascii: "/") || scheme.isHTTP && $0 == UInt8(ascii: "?") }
        var host = authority.host.lowercased()
        if let port = authority.port, port != defaultPort { host += ":\(port)" }
        return scheme.rawValue + "://" + host + tail[(separator ?? tail.endIndex)...]
    }

    /// Whether an identity is written in the one way already, as nearly all are.
    private static func isComparable(
        _ identity: String, scheme: Scheme, authority: Authority, defaultPort: Int?
    ) -> Bool {
        let host = authority.host.utf8
        guard identity.utf8.starts(with: scheme.rawValue.utf8),
            host.allSatisfy({ $0 < 0x80 && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { return false }
        guard let port = authority.port else { return true }
        // A port may be written with zeros in front, or with a plus.
        let digit = identity.utf8.dropFirst(scheme.rawValue.utf8.count + 3 + host.count + 1).first ?? 0
        return port != defaultPort && (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(digit)
    }
}

extension LogicalURL.Scheme {
    /// Whether it is `http` or `https`.
    public var isHTTP: Bool { self == .http || self == .https }
}

extension LogicalURL.Authority {
    init(_ text: Substring) throws(LogicalURLError) {
        var rest = text
        if let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) {
            userInfo = String(text[..<at])
            rest = text[text.utf8.index(after: at)...]
        }
        let bracket = rest.utf8.lastIndex(of: UInt8(ascii: "]"))
        let search = rest[(bracket ?? rest.startIndex)...]
        if let colon = search.utf8.firstIndex(of: UInt8(ascii: ":")) {
            guard let number = UInt16(rest[rest.utf8.index(after: colon)...]), number > 0 else { throw .badPort }
            port = Int(number)
            rest = rest[..<colon]
        }
        host = String(rest)
        let isIPv6 = rest.utf8.first == UInt8(ascii: "[") && rest.utf8.last == UInt8(ascii: "]")
        let allowed = isIPv6 ? rest.utf8.dropFirst().dropLast() : Substring(rest).utf8
        guard !allowed.isEmpty else { throw .missingHost }
        // Letters of any script pass: libcurl makes ASCII of an international name.
        for byte in allowed where !Self.isPlain(byte) {
            guard byte > 0x20, byte != 0x7F, !#"*?#\[]{}<>"^`|%"#.utf8.contains(byte) else { throw .badHost }
        }
    }

    /// What nearly all of a host is made of.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Host and, where given, port: `minio.example.org:9000`.
    public var hostAndPort: String { port.map { "\(host):\($0)" } ?? host }
}

extension LogicalURL.Authority: CustomStringConvertible, CustomReflectable {
    public var description: String { hostAndPort }
    public var customMirror: Mirror { Mirror(self, children: ["host": host, "port": port as Any]) }
}

extension LogicalURL: Hashable {
    public static func == (left: LogicalURL, right: LogicalURL) -> Bool {
        left.comparable.utf8.elementsEqual(right.comparable.utf8)
    }
    public func hash(into hasher: inout Hasher) { hasher.combine(comparable) }
}

extension LogicalURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { identity }
    public var debugDescription: String { identity }
    public var customMirror: Mirror { Mirror(self, children: ["identity": identity]) }
}

extension Substring {
    func prefixBefore(_ byte: UInt8) -> Substring { self[..<(utf8.firstIndex(of: byte) ?? endIndex)] }
    func suffixAfter(_ byte: UInt8) -> Substring? { utf8.firstIndex(of: byte).map { self[utf8.index(after: $0)...] } }
}
