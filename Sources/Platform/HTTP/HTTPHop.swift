/// One request of a chain of redirects: what is asked of whom, and whether our credentials may go along.
struct HTTPHop: Sendable {
    static let limit = 10

    var method: HTTPRequest.Method
    /// With user and password where it has them.
    var url: String
    var sendsBody: Bool
    /// False for good once the chain left the first origin, even when it comes back.
    var carriesCredentials = true
    /// Redirects followed so far.
    var number = 0

    init(_ request: HTTPRequest) {
        method = request.method
        url = request.url.encodedForRequest
        sendsBody = request.body != nil && (request.method == .put || request.method == .post)
    }

    var isTLS: Bool { url.utf8.prefix(6).equalsIgnoringCase("https:".utf8) }

    /// Where a redirect leads (RFC 9110, 15.4).
    ///
    /// | status   | GET  | HEAD | POST | PUT, DELETE |
    /// |----------|------|------|------|-------------|
    /// | 301, 302 | GET  | HEAD | GET  | unchanged   |
    /// | 303      | GET  | HEAD | GET  | GET         |
    /// | 307, 308 | same method and body                |
    func following(status: Int, location: String) throws(HTTPFailure) -> HTTPHop {
        guard number < Self.limit else {
            throw HTTPFailure(.tooManyRedirects, "More than \(Self.limit) redirects in a row", url: url)
        }
        guard var target = CurlURL(url), let before = target.origin else {
            throw HTTPFailure(.invalidURL, "Not a URL", url: url)
        }
        guard target.follow(location), let after = target.origin, let text = target.text else {
            throw HTTPFailure(.invalidURL, "Redirect to something that is not a URL: \(location)", url: url)
        }
        guard after.scheme == "http" || after.scheme == "https" else {
            throw HTTPFailure(.unsupportedScheme, "Redirect to another protocol: \(text)", url: url)
        }
        guard before.scheme == after.scheme || after.scheme == "https" else {
            throw HTTPFailure(.redirectRefused, "Redirect from https to plain http: \(text)", url: url)
        }
        var next = self
        next.url = text
        next.number += 1
        if status == 303 && method != .head || (status == 301 || status == 302) && method == .post {
            next.method = .get
            next.sendsBody = false
        }
        if before != after {
            next.carriesCredentials = false
            guard !next.sendsBody else {
                throw HTTPFailure(.redirectRefused, "Redirect of a request body to another host: \(text)", url: url)
            }
        }
        return next
    }

    /// Header fields of the request that may be sent on this hop.
    func fields(of request: HTTPRequest) -> [HTTPField] {
        if number == 0 { return request.headers }
        return request.headers.filter { field in
            let name = field.name.lowercased()
            if !carriesCredentials, field.isBoundToOrigin || name == "host" { return false }
            return sendsBody || !name.hasPrefix("content-")
        }
    }
}
