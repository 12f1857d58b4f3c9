import Platform
import TestSupport
import Testing

@Suite struct HTTPRedirectTests {
    private static let secrets = [
        HTTPField("Authorization", "Bearer hush"), HTTPField("Cookie", "session=hush"),
        HTTPField("X-Api-Key", "hush", isSecret: true),
        HTTPField("X-Plain", "1"),
    ]

    @Test(arguments: [301, 302, 303, 307, 308]) func aRedirectIsFollowedAndOnlyTheLastResponseSeen(status: Int) throws {
        try withServer { (server, client) throws in
            server.route("/dir/start") { _ in .redirect(to: "../end?x=1", status: status) }
            server.route("/end") { _ in .text("there") }
            let fetched = try client.fetch(server.url("/dir/start"))
            #expect(fetched.status == 200)
            #expect(fetched.bytes == Array("there".utf8))
            #expect(fetched.end?.redirects == 1)
            #expect(fetched.head?.effectiveURL == server.url("/end?x=1"))
        }
    }

    @Test(arguments: [
        ("/abs", "/abs"), ("rel", "/a/b/rel"), ("../up", "/a/up"), ("?q=2", "/a/b/c?q=2"),
        ("//127.0.0.1:PORT/net", "/net"),
        ("http://127.0.0.1:PORT/full#part", "/full"), ("with space/ü", "/a/b/with%20space/%c3%bc"),
        ("./same/../x", "/a/b/x"),
    ]) func aLocationIsResolvedAgainstTheURLThatGaveIt(location: String, target: String) throws {
        try withServer { (server, client) throws in
            let location = location.replacing("PORT", with: String(server.port))
            server.route("/*") { .text($0.target) }
            server.route("/a/b/c") { request in
                request.target == "/a/b/c?q=1" ? .redirect(to: location) : .text(request.target)
            }
            let fetched = try client.fetch(server.url("/a/b/c?q=1"))
            #expect(String(decoding: fetched.bytes, as: UTF8.self) == target)
        }
    }

    @Test func secretsStayWithTheirOrigin() throws {
        let other = try FaultServer()
        defer { other.stop() }
        other.route("/*") { _ in .text("other") }
        try withServer { (server, client) throws in
            server.route("/port") { [other] _ in .redirect(to: other.url("/port")) }
            server.route("/host") { [port = server.port] _ in .redirect(to: "http://localhost:\(port)/end") }
            server.route("/same") { _ in .redirect(to: "/end") }
            server.route("/end") { _ in .text("end") }
            let own = server.url("").replacing("http://", with: "http://alice:hush@")

            #expect(try client.fetch(HTTPRequest(.get, own + "/port", headers: Self.secrets)).status == 200)
            let received = try #require(other.requests("/port").first)
            #expect(received["X-Plain"] == "1")
            #expect(received.headers.allSatisfy { !$0.value.contains("hush") })
            #expect(received["Authorization"] == nil)

            #expect(try client.fetch(HTTPRequest(.get, own + "/host", headers: Self.secrets)).status == 200)
            #expect(server.requests("/end").last?.headers.allSatisfy { !$0.value.contains("hush") } == true)
            #expect(server.requests("/end").last?["Authorization"] == nil)

            let same = try client.fetch(HTTPRequest(.get, server.url("/same"), headers: Self.secrets))
            #expect(same.status == 200)
            #expect(server.requests("/end").last?["Authorization"] == "Bearer hush")
            #expect(server.requests("/end").last?["X-Api-Key"] == "hush")
            #expect(server.requests("/end").last?["Cookie"] == "session=hush")
        }
    }

    @Test func secretsDoNotComeBackByWayOfAnotherOrigin() throws {
        let other = try FaultServer()
        defer { other.stop() }
        try withServer { (server, client) throws in
            server.route("/start") { [other] _ in .redirect(to: other.url("/bounce")) }
            let back = server.url("/end")
            other.route("/bounce") { _ in .redirect(to: back) }
            server.route("/end") { _ in .text("end") }
            #expect(try client.fetch(HTTPRequest(.get, server.url("/start"), headers: Self.secrets)).status == 200)
            #expect(server.requests("/end").first?["Authorization"] == nil)
        }
    }

    @Test func userAndPasswordOfTheURLStayForTheSameOrigin() throws {
        try withServer { (server, client) throws in
            let end = server.url("/end")
            server.route("/start") { _ in .redirect(to: end) }
            server.route("/end") { .text($0["Authorization"] ?? "none") }
            let url = server.url("/start").replacing("http://", with: "http://alice:wonder%20land@")
            let fetched = try client.fetch(url)
            // base64 of "alice:wonder land"
            #expect(String(decoding: fetched.bytes, as: UTF8.self) == "Basic YWxpY2U6d29uZGVyIGxhbmQ=")
            #expect(fetched.head?.effectiveURL == end)
            // Nor do they stay in the handle for whoever uses it next.
            #expect(try client.fetch(end).bytes == Array("none".utf8))
        }
    }

    @Test func netrcIsForTheFirstOriginOnly() throws {
        let folder = try TemporaryFolder()
        var configuration = HTTPConfiguration()
        configuration.netrcFile = try folder.write(
            "netrc", "machine 127.0.0.1 login alice password hush\n", mode: 0o600)
        let other = try FaultServer()
        defer { other.stop() }
        try withServer(configuration) { (server, client) throws in
            for each in [server, other] { each.route("/end") { .text($0["Authorization"] ?? "none") } }
            server.route("/start") { [other] _ in .redirect(to: other.url("/end")) }
            func said(_ url: String, netrc: Bool, _ headers: [HTTPField] = []) throws -> String {
                let fetched = try client.fetch(HTTPRequest(.get, url, headers: headers, usesNetrc: netrc))
                return String(decoding: fetched.bytes, as: UTF8.self)
            }
            #expect(try said(server.url("/end"), netrc: true) == "Basic YWxpY2U6aHVzaA==")
            #expect(try said(server.url("/end"), netrc: false) == "none")
            #expect(try said(server.url("/start"), netrc: true) == "none")
            #expect(try said(server.otherHostURL("/end"), netrc: true) == "none")
            #expect(try said(server.url("/end"), netrc: true, [HTTPField("Authorization", "Bearer b")]) == "Bearer b")
        }
    }

    @Test func aLoopEndsAfterTenRedirects() throws {
        try withServer { (server, client) throws in
            server.route("/loop") { _ in .redirect(to: "/loop?token=hush") }
            let failure = try client.fetch(server.url("/loop")).failure
            #expect(failure?.kind == .tooManyRedirects)
            #expect(failure?.effectiveURL == server.url("/loop?token=***"))
            #expect(server.requests("/loop").count == 11)
            #expect(server.connectionsAccepted == 1)
        }
    }

    @Test func redirectsToOtherProtocolsAreRefused() throws {
        try withServer { (server, client) throws in
            server.route("/file") { _ in .redirect(to: "file:///etc/passwd") }
            server.route("/ftp") { _ in .redirect(to: "ftp://127.0.0.1/") }
            server.route("/nonsense") { _ in .redirect(to: "http://") }
            #expect(try client.fetch(server.url("/file")).failure?.kind == .unsupportedScheme)
            #expect(try client.fetch(server.url("/ftp")).failure?.kind == .unsupportedScheme)
            #expect(try client.fetch(server.url("/nonsense")).failure?.kind == .invalidURL)
        }
    }

    @Test func aRedirectIsAResponseForWhoDoesNotFollow() throws {
        try withServer { (server, client) throws in
            server.route("/start") { _ in .redirect(to: "/end", status: 307) }
            let fetched = try client.fetch(HTTPRequest(.get, server.url("/start"), followsRedirects: false))
            #expect(fetched.status == 307)
            #expect(fetched.head?["Location"] == "/end")
            #expect(server.requests("/end").isEmpty)
        }
    }

    @Test func aRedirectStatusWithoutALocationIsTheResponse() throws {
        try withServer { (server, client) throws in
            server.route("/") { _ in .text("choose", status: 302) }
            #expect(try client.fetch(server.url("/")).status == 302)
        }
    }

    @Test func methodAndBodyFollowTheStatus() throws {
        try withServer { (server, client) throws in
            server.route("/*") { request in
                guard let status = Int(request.path.dropFirst()) else {
                    return .text("\(request.method) \(request.body.count)")
                }
                return .redirect(to: "/end", status: status)
            }
            func said(_ method: HTTPRequest.Method, _ status: Int) throws -> String {
                let request = HTTPRequest(method, server.url("/\(status)"), body: method == .get ? nil : [1, 2, 3])
                return String(decoding: try client.fetch(request).bytes, as: UTF8.self)
            }
            #expect(try said(.post, 302) == "GET 0")
            #expect(try said(.post, 303) == "GET 0")
            #expect(try said(.post, 307) == "POST 3")
            #expect(try said(.put, 301) == "PUT 3")
            #expect(try said(.put, 303) == "GET 0")
            #expect(try said(.put, 308) == "PUT 3")
            _ = try said(.head, 303)
            #expect(server.requests("/end").last?.method == "HEAD")
        }
    }

    @Test func aRequestBodyIsNotSentToAnotherOrigin() throws {
        let other = try FaultServer()
        defer { other.stop() }
        try withServer { (server, client) throws in
            server.route("/start") { [other] _ in .redirect(to: other.url("/end"), status: 307) }
            let fetched = try client.fetch(HTTPRequest(.post, server.url("/start"), body: HTTPBody("secret=hush")))
            #expect(fetched.failure?.kind == .redirectRefused)
            #expect(other.exchanges.isEmpty)
        }
    }

    @Test func theBodyOfARedirectIsNotReadToAnEndlessEnd() throws {
        try withServer { (server, client) throws in
            server.route("/start") { _ in
                .init(status: 302, headers: [("Location", "/end")], body: [UInt8](repeating: 0, count: 64 << 20))
            }
            server.route("/end") { _ in .text("end") }
            #expect(try client.fetch(server.url("/start")).bytes == Array("end".utf8))
            let wasCut = waitUntil { server.exchanges("/start").first?.ending == .clientGone }
            #expect(wasCut)
        }
    }
}
