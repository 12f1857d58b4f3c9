public import Configuration
public import Planning

/// What `sdk.storage.path_substitution` makes of a URL: the transport URL, where its bytes come from.
///
/// The first rule whose `registered_prefix` the URL begins with applies, and it alone. Differences from ClearML, where a rule
/// is a plain replacement of text: a prefix ends at a component (`s3://data` does not match `s3://database/x`), scheme and host
/// match in any case and with or without their default port, a plain path also matches a `file://` prefix, and the rest of the
/// URL is spelled anew where the new scheme spells differently: key `a b%` becomes `a%20b%25` behind `https://` and `file://`.
public struct Substitution: Sendable {
    public var transport: LogicalURL
    /// The rule that applied.
    public var rule: PathSubstitution?
    /// About rules that matched and gave no URL; they were skipped.
    public var warnings: [String] = []

    /// - Parameter base: absolute folder that a relative path is relative to.
    public init(of url: LogicalURL, base: String, rules: [PathSubstitution]) {
        transport = url
        for rule in rules {
            guard let rest = Self.spellings(of: url, base: base).firstNonNil({ rule.rest(of: $0.text, $0.isEncoded) })
            else {
                continue
            }
            do {
                transport = try rule.replacing(rest, in: url)
                self.rule = rule
                return
            } catch {
                warnings.append("\(rule.key): '\(rule.localPrefix)' gives no usable URL: \(error); the rule is skipped")
            }
        }
    }

    /// A text that a rule's prefix may match, and whether its path is percent-encoded.
    struct Spelling {
        var text: String
        var isEncoded: Bool
    }

    private static func spellings(of url: LogicalURL, base: String) -> [Spelling] {
        switch url.scheme {
        case .file: [Spelling(text: url.comparable, isEncoded: true)]
        case .http, .https: [Spelling(text: url.comparableWithSecrets, isEncoded: true)]
        case .s3, .gs, .azure: [Spelling(text: url.comparableWithSecrets, isEncoded: false)]
        case .path:
            // As written first: a rule may be for a path of another system (`C:\data`).
            [url.raw, url.raw.hasPrefix("/") ? url.raw : base + "/" + url.raw].flatMap { path in
                [Spelling(text: path, isEncoded: false)]
                    + (path.hasPrefix("/") ? [Spelling(text: "file://" + path, isEncoded: false)] : [])
            }
        }
    }
}

extension PathSubstitution {
    /// What follows the registered prefix, which ends with a component; `nil` when the text does not begin with it.
    fileprivate func rest(of text: String, _ isEncoded: Bool) -> Substitution.Spelling? {
        let prefix = LogicalURL.loweringHost(registeredPrefix)
        guard !prefix.isEmpty, text.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = text[text.utf8.index(text.utf8.startIndex, offsetBy: prefix.utf8.count)...]
        let separators = Array("/\\?".utf8)
        guard let next = rest.utf8.first, let last = prefix.utf8.last else {
            return Substitution.Spelling(text: "", isEncoded: isEncoded)
        }
        guard last == separators[0] || last == separators[1] || separators.contains(next) else { return nil }
        return Substitution.Spelling(text: String(rest), isEncoded: isEncoded)
    }

    /// The URL below the local prefix.
    fileprivate func replacing(_ rest: Substitution.Spelling, in url: LogicalURL) throws(LogicalURLError) -> LogicalURL
    {
        let target = LogicalURL.schemeName(of: localPrefix)
        let isHTTP = target == "http" || target == "https"
        var text = rest.text[...]
        var query: Substring = ""
        if url.query != nil, let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) {
            // A query is part of a request, not of a key or a file name.
            query = isHTTP && url.scheme.isHTTP || target == "azure" && url.scheme == .azure ? text[mark...] : ""
            text = text[..<mark]
        }
        // As in the SDK, the system's own separator takes the other's place. `replace_linux_sep` is for Windows: here `/`
        // is the system's own, and nothing changes.
        var path = replaceWindowsSeparator ? String(text).replacing("\\", with: "/") : String(text)
        let wantsEncoded = isHTTP || target == "file"
        if rest.isEncoded, !wantsEncoded { path = TransportSpelling.decoded(path) }
        if wantsEncoded, !rest.isEncoded { path = TransportSpelling.encoded(path) }
        if isHTTP, url.scheme == .file { path = path.replacing("?", with: "%3F").replacing("#", with: "%23") }
        let endsInSlash = localPrefix.utf8.last == UInt8(ascii: "/")
        let beginsWithSlash = path.utf8.first == UInt8(ascii: "/")
        if endsInSlash, beginsWithSlash { path.removeFirst() }
        let joint = endsInSlash || beginsWithSlash || path.isEmpty ? "" : "/"
        return try LogicalURL(localPrefix + joint + path + query)
    }
}

/// Spells the rest of a URL for a scheme that spells differently, leaving wildcards and ranges what they are.
enum TransportSpelling {
    static func encoded(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                encoded.append(byte)
            case _ where "/-._~*{}\\".utf8.contains(byte): encoded.append(byte)
            default: encoded += ("%" + Hex.encode(CollectionOfOne(byte)).uppercased()).utf8
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// A `%` that begins no escape stays; a decoded star or brace is made literal.
    static func decoded(_ text: String) -> String {
        var decoded: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), rest.count >= 2, let value = Hex.decode(Substring(rest.prefix(2)))?.first
            else {
                decoded.append(byte)
                continue
            }
            rest = rest.dropFirst(2)
            if value == UInt8(ascii: "*") || value == UInt8(ascii: "{") { decoded.append(UInt8(ascii: "\\")) }
            decoded.append(value)
        }
        // Bytes that are no text cannot be a key of ours: then the escapes stay.
        return String(validating: decoded, as: UTF8.self) ?? text
    }
}

extension LogicalURL {
    /// `comparable` of the URL as it is requested: with its query as written.
    fileprivate var comparableWithSecrets: String {
        let host = Self.loweringHost("\(scheme.rawValue)://\(authority.hostAndPort)")
        let tail = raw.utf8.dropFirst(scheme.rawValue.utf8.count + 3)
        let start = tail.firstIndex { $0 == UInt8(ascii: "/") || scheme.isHTTP && $0 == UInt8(ascii: "?") }
        let behind = start.map { raw[$0...] } ?? ""
        let end = scheme.isHTTP ? behind.utf8.firstIndex(of: UInt8(ascii: "#")) : nil
        return host + behind[..<(end ?? behind.endIndex)]
    }

    /// The text with scheme and host in lower case and without a default port; a text without scheme as it is.
    fileprivate static func loweringHost(_ text: String) -> String {
        guard let scheme = schemeName(of: text) else { return text }
        let tail = text.utf8.dropFirst(scheme.utf8.count + 3)
        let end = tail.firstIndex(of: UInt8(ascii: "/")) ?? text.endIndex
        var host = String(Substring(tail[..<end])).lowercased()
        let defaultPort = ["http": ":80", "https": ":443"][scheme]
        if let defaultPort, host.hasSuffix(defaultPort) { host.removeLast(defaultPort.count) }
        return scheme + "://" + host + text[end...]
    }

    /// The scheme in front of `://`, in lower case.
    fileprivate static func schemeName(of text: String) -> String? {
        guard let range = text.firstRange(of: "://"), range.lowerBound > text.startIndex else { return nil }
        let name = text[..<range.lowerBound]
        return name.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "/") } ? name.lowercased() : nil
    }
}

extension Sequence {
    fileprivate func firstNonNil<Result>(_ transform: (Element) -> Result?) -> Result? {
        for element in self { if let result = transform(element) { return result } }
        return nil
    }
}
