/// Hides what must not be printed of a URL: user and password, and the values of parameters that are secrets.
public enum URLRedaction {
    /// Parameters whose value is a credential or a signature, lowercased. Amazon's signature versions 2 and 4, Google's
    /// signed URLs, Azure's shared access signatures, OAuth, and what people use for tokens of their own.
    private static let secretNames: Set<String> = [
        "x-amz-signature", "x-amz-credential", "x-amz-security-token", "awsaccesskeyid", "signature",
        "x-goog-signature",
        "x-goog-credential", "googleaccessid", "sig", "token", "access_token", "refresh_token",
        "id_token", "auth_token", "authtoken", "private_token", "session_token", "sessiontoken", "auth",
        "authorization",
        "key", "api_key", "apikey", "api-key", "access_key", "accesskey", "secret", "secret_key", "client_secret",
        "password", "passwd", "pass", "pwd", "credential", "credentials", "code", "jwt", "key-pair-id", "policy",
        "hmac", "upload_id",
    ]
    /// Any parameter that starts or ends so is a secret too.
    private static let secretPrefixes = ["x-goog-", "x-amz-security"]
    private static let secretSuffixes = ["token", "secret", "password", "signature"]

    /// The URL with secrets replaced by `***`; all else unchanged. Works on any text: it need not be a valid URL.
    public static func redact(_ url: String) -> String {
        guard url.utf8.contains(where: { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "=") }) else { return url }
        return redactParameters(redactUser(url))
    }

    /// A text that may have URLs in it, each redacted where it stands.
    public static func redact(text: String) -> String {
        guard text.contains("://") else { return text }
        var result = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !result.isEmpty || word.startIndex != text.startIndex { result += " " }
            result += word.contains("://") ? redact(String(word)) : String(word)
        }
        return result
    }

    private static func redactUser(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let authorityEnd = url[scheme.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        // The last `@`: a password may hold others, unencoded, against RFC 3986.
        guard let at = url[scheme.upperBound..<authorityEnd].lastIndex(of: "@") else { return url }
        return url[..<scheme.upperBound] + "***" + url[at...]
    }

    private static func redactParameters(_ url: String) -> String {
        guard let start = url.firstIndex(where: { $0 == "?" || $0 == "#" }) else { return url }
        var result = String(url[..<start])
        var rest = url[start...]
        while let separator = rest.first {
            rest = rest.dropFirst()
            let end = rest.firstIndex { "&;#?".contains($0) } ?? rest.endIndex
            result.append(separator)
            let parameter = rest[..<end]
            if let equals = parameter.firstIndex(of: "="), isSecret(parameter[..<equals]),
                parameter.index(after: equals) < parameter.endIndex
            {
                result += parameter[...equals] + "***"
            } else {
                result += parameter
            }
            rest = rest[end...]
        }
        return result
    }

    private static func isSecret(_ name: Substring) -> Bool {
        let name = percentDecoded(name).lowercased()
        return secretNames.contains(name) || secretPrefixes.contains { name.hasPrefix($0) }
            || secretSuffixes.contains { name.hasSuffix($0) }
    }

    /// `X%2DAmz-Signature` is a signature to a server, so it is one to us.
    private static func percentDecoded(_ text: Substring) -> String {
        guard text.contains("%") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(String(rest.prefix(2)) ?? "", radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
