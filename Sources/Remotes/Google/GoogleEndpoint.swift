/// Where the JSON API answers, and how its URLs are spelled (Google: "Cloud Storage JSON API overview").
struct GoogleEndpoint: Hashable, Sendable {
    static let google = "https://storage.googleapis.com"

    /// Scheme, host and port, without a slash at the end.
    let base: String
    /// Whether `STORAGE_EMULATOR_HOST` names it.
    let isEmulator: Bool

    /// - Parameter emulator: `127.0.0.1:4443` or `http://127.0.0.1:4443`, as Google's own libraries take it.
    init(emulator: String?) {
        guard let emulator, !emulator.isEmpty else {
            (base, isEmulator) = (Self.google, false)
            return
        }
        var text = emulator.contains("://") ? emulator : "http://" + emulator
        while text.hasSuffix("/") { text.removeLast() }
        (base, isEmulator) = (text, true)
    }

    /// Whether a URL is of this server: tokens are sent to no other.
    func serves(_ url: String) -> Bool { url.hasPrefix(base + "/") }

    func bucket(_ bucket: String, _ query: [(String, String)]) -> String {
        "\(base)/storage/v1/b/\(URIEncoding.parameter(bucket))/o" + Self.text(query)
    }

    /// A key is one component of the path, its slashes escaped.
    func object(_ key: String, in bucket: String, _ query: [(String, String)] = []) -> String {
        "\(base)/storage/v1/b/\(URIEncoding.parameter(bucket))/o/\(URIEncoding.parameter(key))" + Self.text(query)
    }

    /// The key of an object's URL; `nil` for a URL of a bucket.
    func key(of url: String) -> String? {
        let components = url.utf8.prefix { $0 != UInt8(ascii: "?") }.split(separator: UInt8(ascii: "/"))
        guard components.count > 2, components[components.count - 2].elementsEqual("o".utf8) else { return nil }
        return components.last.flatMap { URIEncoding.decodeListed(String(Substring($0))) }
    }

    func upload(to bucket: String, _ query: [(String, String)]) -> String {
        "\(base)/upload/storage/v1/b/\(URIEncoding.parameter(bucket))/o" + Self.text(query)
    }

    static func text(_ query: [(String, String)]) -> String {
        query.isEmpty ? "" : "?" + form(query)
    }

    /// `application/x-www-form-urlencoded`, also good as a URL's query.
    static func form(_ pairs: [(String, String)]) -> String {
        pairs.map { "\($0.0)=\(URIEncoding.parameter($0.1))" }.joined(separator: "&")
    }
}
