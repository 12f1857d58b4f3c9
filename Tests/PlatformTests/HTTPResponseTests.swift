import Platform
import TestSupport
import Testing

@Suite struct HTTPResponseTests {
    let content = pseudorandomBytes(300_000)

    @Test func aBodyArrivesByteForByteWithItsHead() throws {
        try withServer { (server, client) throws in
            server.file("/file", content, eTag: "\"abc\"")
            let fetched = try client.fetch(server.url("/file"))
            #expect(fetched.status == 200)
            #expect(fetched.bytes == content)
            #expect(fetched.end?.bodyLength == Int64(content.count))
            #expect(fetched.head?.contentLength == Int64(content.count))
            #expect(fetched.head?.eTag?.text == "\"abc\"")
            #expect(fetched.head?.eTag?.isWeak == false)
            #expect(fetched.head?.lastModified == 1_445_412_480)
            #expect(fetched.head?.acceptsRanges == true)
            #expect(fetched.head?.httpVersion == "1.1")
            #expect(fetched.head?.effectiveURL == server.url("/file"))
        }
    }

    @Test func everyRequestRefusesContentCodingsAndDoesNotExpect100() throws {
        try withServer { (server, client) throws in
            server.route("/put") { .text(String($0.body.count)) }
            let request = HTTPRequest(.put, server.url("/put"), body: .bytes([UInt8](repeating: 7, count: 3 << 20)))
            #expect(try client.fetch(request).bytes == Array("3145728".utf8))
            let received = try #require(server.requests("/put").first)
            #expect(received["Accept-Encoding"] == "identity")
            #expect(received["Expect"] == nil)
            #expect(received["User-Agent"] == "clearml-sync")
        }
    }

    @Test func aBodyFromASourceIsReadWhileItIsSent() throws {
        try withServer { (server, client) throws in
            server.route("/put") { _ in .text("stored") }
            let source = HTTPBody.source(length: content.count) { [content] buffer, offset in
                buffer.copyBytes(from: content[offset..<min(offset + buffer.count, content.count)])
                return min(buffer.count, content.count - offset)
            }
            #expect(source.hash(.sha256) == HashFunction.sha256.hash(content))
            _ = try client.fetch(HTTPRequest(.put, server.url("/put"), body: source))
            #expect(server.requests("/put").map(\.body) == [content])
            #expect(server.requests("/put").first?["Content-Length"] == "300000")
        }
    }

    @Test func aSourceThatGivesLessThanItHasEndsTheTransfer() throws {
        try withServer { (server, client) throws in
            server.route("/put") { _ in .text("stored") }
            let source = HTTPBody.source(length: 300_000) { buffer, offset in offset == 0 ? buffer.count : 0 }
            let failure = try client.fetch(HTTPRequest(.put, server.url("/put"), body: source)).failure
            #expect(failure?.kind == .unreadableBody && failure?.isRetryable == false)
            #expect(server.requests("/put").isEmpty)
        }
    }

    @Test func aCodedBodyIsGivenAsItIsAndSaysSo() throws {
        try withServer { (server, client) throws in
            // The start of a gzip member: would be an error if anything tried to decode it.
            let coded: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]
            server.route("/coded") { _ in .init(headers: [("Content-Encoding", "GZIP")], body: coded) }
            let fetched = try client.fetch(server.url("/coded"))
            #expect(fetched.bytes == coded)
            #expect(fetched.head?.contentEncoding == "gzip")
        }
    }

    @Test func rangesAreAskedForAsBytes() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            var request = HTTPRequest(.get, server.url("/file"), range: 1000..<2500)
            let middle = try client.fetch(request)
            #expect(middle.status == 206)
            #expect(middle.bytes == Array(content[1000..<2500]))
            #expect(middle.head?.contentRange?.range == 1000..<2500)
            #expect(middle.head?.contentRange?.total == Int64(content.count))
            request.range = 299_990 ..< .max
            #expect(try client.fetch(request).bytes == Array(content[299_990...]))
            request.range = 300_000 ..< .max
            let beyond = try client.fetch(request)
            #expect(beyond.status == 416)
            #expect(beyond.head?.contentRange?.range == nil)
            #expect(beyond.head?.contentRange?.total == Int64(content.count))
            #expect(
                server.requests("/file").map { $0["Range"] } == [
                    "bytes=1000-2499", "bytes=299990-", "bytes=300000-",
                ])
        }
    }

    @Test func anIgnoredRangeIsVisibleAsStatus200() throws {
        try withServer { (server, client) throws in
            let content = content
            server.route("/file") { .file(content, for: $0, servesRanges: false) }
            let fetched = try client.fetch(HTTPRequest(.get, server.url("/file"), range: 5..<10))
            #expect(fetched.status == 200)
            #expect(fetched.bytes == content)
        }
    }

    @Test func conditionsReachTheServer() throws {
        try withServer { (server, client) throws in
            let content = content
            server.route("/file") { .file(content, for: $0, eTag: "\"v\($0.number)\"") }
            let first = try client.fetch(server.url("/file"))
            let tag = try #require(first.head?.eTag?.text)
            let second = try client.fetch(HTTPRequest(.get, server.url("/file"), headers: [HTTPField("If-Match", tag)]))
            #expect(second.status == 412)
        }
    }

    @Test func headHasALengthAndNoBody() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            let fetched = try client.fetch(HTTPRequest(.head, server.url("/file")))
            #expect(fetched.end?.bodyLength == 0)
            #expect(fetched.head?.contentLength == Int64(content.count))
            // The handle that did it goes back to fetching bodies.
            #expect(try client.fetch(server.url("/file")).bytes == content)
        }
    }

    @Test func aHandleForgetsTheMethodAndBodyOfItsLastRequest() throws {
        var configuration = HTTPConfiguration()
        configuration.connections = 1
        try withServer(configuration) { (server, client) throws in
            server.route("/echo") { .text("\($0.method) \($0.body.count) \($0["Content-Length"] ?? "-")") }
            func said(_ method: HTTPRequest.Method, _ body: HTTPBody? = nil) throws -> String {
                String(
                    decoding: try client.fetch(HTTPRequest(method, server.url("/echo"), body: body)).bytes,
                    as: UTF8.self)
            }
            for _ in 0..<2 {
                #expect(try said(.get) == "GET 0 -")
                #expect(try said(.put, [1, 2, 3]) == "PUT 3 3")
                #expect(try said(.delete) == "DELETE 0 -")
                #expect(try said(.post, HTTPBody("a=b")) == "POST 3 3")
                #expect(try said(.head) == "")
                #expect(try said(.put, []) == "PUT 0 0")
            }
            #expect(server.connectionsAccepted == 1)
            #expect(server.requests("/echo").allSatisfy { $0.method != "POST" || $0["Content-Type"] == nil })
        }
    }

    @Test func anEmptyBodyEndsWithoutBytes() throws {
        try withServer { (server, client) throws in
            server.file("/empty", [])
            let fetched = try client.fetch(server.url("/empty"))
            #expect(fetched.status == 200)
            #expect(fetched.head?.contentLength == 0)
            #expect(fetched.end?.bodyLength == 0)
        }
    }

    @Test func bodiesWithoutALengthEndWithTheirChunksOrConnection() throws {
        try withServer { (server, client) throws in
            let content = content
            server.route("/chunked") { _ in
                var response = FaultServer.Response(body: content, framing: .chunked)
                response.trailers = [("X-Checksum", "1"), ("Location", "/elsewhere")]
                return response
            }
            server.route("/close") { _ in .init(body: content, framing: .untilClose) }
            let chunked = try client.fetch(server.url("/chunked"))
            #expect(chunked.bytes == content)
            #expect(chunked.head?.contentLength == nil)
            #expect(chunked.head?["X-Checksum"] == nil)
            #expect(try client.fetch(server.url("/close")).bytes == content)
        }
    }

    @Test func interimResponsesAreNotTheResponse() throws {
        try withServer { (server, client) throws in
            server.route("/") { _ in
                var response = FaultServer.Response.text("final")
                response.interim = ["HTTP/1.1 103 Early Hints\r\nLink: </x>", "HTTP/1.1 102 Processing"]
                return response
            }
            let fetched = try client.fetch(server.url("/"))
            #expect(fetched.status == 200)
            #expect(fetched.head?["Link"] == nil)
            #expect(fetched.bytes == Array("final".utf8))
        }
    }

    @Test func errorStatusesAreResponsesWithTheirBody() throws {
        try withServer { (server, client) throws in
            server.route("/busy") { request in
                request.number < 3 ? .unavailable(retryAfter: "7") : .text("served")
            }
            #expect(try client.fetch(server.url("/nothing")).status == 404)
            let busy = try client.fetch(server.url("/busy"))
            #expect(busy.status == 503)
            #expect(busy.head?.retryAfter == 7)
            #expect(busy.bytes == Array("later\n".utf8))
            #expect(try client.fetch(server.url("/busy")).status == 503)
            #expect(try client.fetch(server.url("/busy")).status == 200)
        }
    }

    @Test func theURLGoesOutAsWrittenSaveForBytesThatNoURLMayHold() throws {
        try withServer { (server, client) throws in
            server.route("/*") { .text($0.target) }
            func target(_ path: String) throws -> String {
                String(decoding: try client.fetch(server.url(path)).bytes, as: UTF8.self)
            }
            #expect(try target("/a/../b/./c%2Fd?x=%41&y=a+b") == "/a/../b/./c%2Fd?x=%41&y=a+b")
            #expect(try target("/two words/ü") == "/two%20words/%C3%BC")
            #expect(try target("/line\nbreak\r\nX-Injected: 1") == "/line%0Abreak%0D%0AX-Injected:%201")
            #expect(!server.exchanges.contains { $0.request["X-Injected"] != nil })
        }
    }

    @Test func aHeaderThatWouldStartAnotherIsRefused() throws {
        try withServer { (server, client) throws in
            for field in [HTTPField("X-A", "1\r\nX-B: 2"), HTTPField("X A", "1"), HTTPField("", "1")] {
                let fetched = try client.fetch(HTTPRequest(.get, server.url("/"), headers: [field]))
                #expect(fetched.failure?.kind == .invalidRequest)
            }
            #expect(server.exchanges.isEmpty)
        }
    }

    @Test func aHeaderMayBeEmpty() throws {
        try withServer { (server, client) throws in
            server.route("/") { .text($0["X-Empty"] ?? "absent") }
            let fetched = try client.fetch(HTTPRequest(.get, server.url("/"), headers: [HTTPField("X-Empty", "")]))
            #expect(fetched.bytes == [])
        }
    }

    @Test func onlyHTTPIsSpoken() throws {
        try withClient { (client) throws in
            #expect(try client.fetch("ftp://127.0.0.1/x").failure?.kind == .unsupportedScheme)
            #expect(try client.fetch("file:///etc/passwd").failure?.kind == .unsupportedScheme)
            #expect(try client.fetch("gopher://127.0.0.1/x").failure?.kind == .unsupportedScheme)
            #expect(try client.fetch("http://").failure?.kind == .invalidURL)
            #expect(try client.fetch("http://127.0.0.1:99999/").failure?.kind == .invalidURL)
        }
    }
}
