internal import Planning

/// `api.files_server`: a server, or a folder of one.
struct FileServerAddress: Sendable {
    /// As configured, without a slash at the end.
    let url: String
    /// What its objects' URLs begin with, in the form in which URLs are compared: scheme, host and port as they count.
    private let prefix: String

    /// `nil` for what is no web server: ClearML also takes `s3://bucket` and the like there, which are stores of their own.
    init?(_ configured: String) {
        var url = configured
        while url.utf8.last == UInt8(ascii: "/") { url.removeLast() }
        guard let below = try? LogicalURL(url + "/x"), below.scheme.isHTTP, below.query == nil, below.shape == .single
        else {
            return nil
        }
        self.url = url
        prefix = String(below.comparable.dropLast())
    }

    /// Whether an object lies there, by whole components of the path: credentials for it are for no other URL.
    func holds(_ url: LogicalURL) -> Bool { url.scheme.isHTTP && url.comparable.utf8.starts(with: prefix.utf8) }

    /// An object's path on the server, decoded as the server itself decodes it.
    func path(of url: LogicalURL) -> String? {
        guard holds(url) else { return nil }
        let rest = url.comparable[url.comparable.utf8.index(url.comparable.startIndex, offsetBy: prefix.utf8.count)...]
        let path = rest.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return url.relativePath(ofMember: String(Substring(path)))
    }

    /// Whether it is ClearML's own hosted service.
    var isHosted: Bool { prefix == "https://files.clear.ml/" }

    /// The API server of the hosted service.
    static let hostedAPI = "https://api.clear.ml"
}
