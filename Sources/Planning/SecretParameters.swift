/// Which parts of a URL are secrets or die with them: signatures, their expiry and scope, tokens, passwords.
///
/// Sources: AWS "Signature Version 4 query parameters", Google "Canonical requests: query string", Azure "Create a service SAS"
/// and "user delegation SAS", Amazon CloudFront "Using signed URLs".
enum SecretParameters {
    private static let prefixes = ["x-amz-", "x-goog-"]
    private static let names: Set<String> = [
        "access_token", "accesstoken", "api-key", "api_key", "apikey", "auth", "auth_token", "authorization",
        "client_secret",
        "credential", "id_token", "jwt", "passwd", "password", "private_token", "refresh_token", "sas", "secret",
        "security_token", "session_token", "sig", "signature", "token",
    ]
    /// Names too common to be dropped on their own, and the parameters whose presence tells that they belong to a signature.
    private static let companions: [(marks: Set<String>, names: Set<String>)] = [
        (["awsaccesskeyid", "googleaccessid"], ["awsaccesskeyid", "googleaccessid", "expires"]),
        (["key-pair-id"], ["key-pair-id", "policy", "expires"]),
        (
            ["sig"],
            [
                "sv", "ss", "srt", "sr", "sp", "st", "se", "sip", "spr", "si", "sdd", "ses", "skoid", "sktid", "skt",
                "ske", "sks",
                "skv", "saoid", "suoid", "scid", "sduoid", "skdutid", "srh", "srq", "rscc", "rscd", "rsce", "rscl",
                "rsct",
            ]
        ),
    ]

    /// Whether a query holds an Azure shared access signature.
    static func isSigned(_ query: Substring?) -> Bool {
        guard let query else { return false }
        return query.utf8.split(separator: UInt8(ascii: "&")).contains { name(of: Substring($0)) == "sig" }
    }

    /// The URL without userinfo, without these parameters and, for http, without its fragment; all else as written.
    static func stripped(_ raw: String, scheme: LogicalURL.Scheme) -> String {
        let mayStrip = raw.utf8.contains { byte in
            byte == UInt8(ascii: "?") || byte == UInt8(ascii: "@") || byte == UInt8(ascii: "#")
        }
        guard mayStrip else { return raw }
        let text = raw[...]
        let authority = raw.utf8.index(raw.utf8.startIndex, offsetBy: scheme.rawValue.utf8.count + 3)
        let behind = text[authority...]
        let end =
            behind.utf8.firstIndex { $0 == UInt8(ascii: "/") || scheme.isHTTP && $0 == UInt8(ascii: "?") }
            ?? text.endIndex
        var host = text[authority..<end]
        if let at = host.utf8.lastIndex(of: UInt8(ascii: "@")) { host = host[host.utf8.index(after: at)...] }
        var tail = text[end...]
        if scheme.isHTTP { tail = tail.prefixBefore(UInt8(ascii: "#")) }
        guard let query = tail.suffixAfter(UInt8(ascii: "?")) else { return String(text[..<authority] + host + tail) }
        let parameters = query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        let kept = keep(parameters)
        let path = tail.prefixBefore(UInt8(ascii: "?"))
        let rest = kept.count == parameters.count ? "?" + query : kept.isEmpty ? "" : "?" + kept.joined(separator: "&")
        return String(text[..<authority] + host + path + rest)
    }

    private static func keep(_ parameters: [Substring]) -> [Substring] {
        let present = Set(parameters.map(name(of:)))
        let dropped = companions.filter { !$0.marks.isDisjoint(with: present) }.reduce(into: names) {
            $0.formUnion($1.names)
        }
        return parameters.filter { parameter in
            let name = name(of: parameter)
            return !dropped.contains(name) && !prefixes.contains { name.hasPrefix($0) }
        }
    }

    private static func name(of parameter: Substring) -> String {
        let name = parameter.prefixBefore(UInt8(ascii: "="))
        return (PercentEncoding.decode(name) ?? String(name)).lowercased()
    }
}
