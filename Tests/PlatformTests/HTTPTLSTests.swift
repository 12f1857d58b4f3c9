import Platform
import Synchronization
import TestSupport
import Testing

/// Against a real nginx: TLS, HTTP/2, and the parts of HTTP that a test server of our own might get wrong as we do.
@Suite struct HTTPTLSTests {
    let nginx: Nginx
    let content = pseudorandomBytes(400_000)

    init() throws {
        nginx = try Nginx()
        try nginx.files.write("file.bin", content)
        try nginx.files.write("empty", [])
        for index in 0..<20 { try nginx.files.write("small/\(index)", pseudorandomBytes(2000, seed: UInt64(index))) }
    }

    private var trust: HTTPRequest.TLSTrust { .certificateFile(nginx.certificateFile) }

    @Test func anUnknownAuthorityIsRefused() throws {
        try withClient { (client) throws in
            let fetched = try client.fetch(nginx.https("/file.bin"))
            #expect(fetched.failure?.kind == .tls(.unknownAuthority))
            #expect(fetched.failure?.isRetryable == false)
            #expect(fetched.head == nil)
        }
    }

    @Test func theAuthorityMayComeFromTheRequestOrTheConfiguration() throws {
        try withClient { (client) throws in
            #expect(try client.fetch(HTTPRequest(.get, nginx.https("/file.bin"), tls: trust)).bytes == content)
            // The trust of one request is not the next one's, even on the same connection.
            #expect(try client.fetch(nginx.https("/file.bin")).failure?.kind == .tls(.unknownAuthority))
        }
        var configuration = HTTPConfiguration()
        configuration.certificateFile = nginx.certificateFile
        try withClient(configuration) { (client) throws in
            #expect(try client.fetch(nginx.https("/file.bin")).bytes == content)
        }
    }

    @Test func trustOffTakesAnyCertificate() throws {
        try withClient { (client) throws in
            #expect(try client.fetch(HTTPRequest(.get, nginx.https("/file.bin"), tls: .off)).bytes == content)
            #expect(try client.fetch(HTTPRequest(.get, nginx.httpsWrongHost("/file.bin"), tls: .off)).bytes == content)
            #expect(try client.fetch(nginx.https("/file.bin")).failure?.kind == .tls(.unknownAuthority))
        }
    }

    @Test func aCertificateForAnotherHostIsRefused() throws {
        try withClient { (client) throws in
            let fetched = try client.fetch(HTTPRequest(.get, nginx.httpsWrongHost("/file.bin"), tls: trust))
            #expect(fetched.failure?.kind == .tls(.wrongHost), "\(String(describing: fetched.failure))")
        }
    }

    @Test func aMissingOrBrokenCertificateFileIsSaid() throws {
        let folder = try TemporaryFolder()
        try folder.write("broken.pem", "no certificate\n")
        try withClient { (client) throws in
            for name in ["missing.pem", "broken.pem"] {
                let fetched = try client.fetch(
                    HTTPRequest(.get, nginx.https("/file.bin"), tls: .certificateFile(folder[name])))
                #expect(fetched.failure?.kind == .tls(.badCertificateFile))
            }
        }
    }

    @Test func http2IsUsedWhereItIsOfferedAndNotRefused() throws {
        try withClient { (client) throws in
            let offered = try client.fetch(HTTPRequest(.get, nginx.https("/file.bin"), tls: trust))
            #expect(offered.head?.httpVersion == "2")
            #expect(offered.bytes == content)
            #expect(offered.head?.contentLength == Int64(content.count))
            let refused = try client.fetch(HTTPRequest(.get, nginx.https("/file.bin"), tls: trust, version: .http1))
            #expect(refused.head?.httpVersion == "1.1")
            #expect(try client.fetch(nginx.http("/file.bin")).head?.httpVersion == "1.1")
        }
    }

    @Test func http2RequestsShareOneConnection() throws {
        try withClient { (client) throws in
            let recorders = (0..<200).map { _ in HTTPRecorder() }
            for (index, recorder) in recorders.enumerated() {
                client.send(HTTPRequest(.get, nginx.https("/small/\(index % 20)"), tls: trust), to: recorder)
            }
            #expect(waitUntil { recorders.allSatisfy { $0.hasEnded } })
            let ends = recorders.compactMap { try? $0.state.withLock { $0.results.first }?.get() }
            #expect(ends.count == 200)
            #expect(ends.count { !$0.reusedConnection } == 1)
            let right = recorders.enumerated().count { index, recorder in
                recorder.state.withLock { $0.bytes == pseudorandomBytes(2000, seed: UInt64(index % 20)) }
            }
            #expect(right == 200)
        }
    }

    @Test func onePausedStreamDoesNotHoldTheOthers() throws {
        let large = pseudorandomBytes(8_000_000)
        try nginx.files.write("large", large)
        try withClient { (client) throws in
            let recorder = HTTPRecorder { chunk in chunk == 2 ? .pause : .more }
            let transfer = client.send(HTTPRequest(.get, nginx.https("/large"), tls: trust), to: recorder)
            #expect(waitUntil { recorder.state.withLock { $0.chunks == 2 } })
            for _ in 0..<5 {
                #expect(try client.fetch(HTTPRequest(.get, nginx.https("/file.bin"), tls: trust)).bytes == content)
            }
            #expect(recorder.state.withLock { $0.chunks } == 2)
            transfer.resume()
            #expect(try client.fetched(recorder, transfer).bytes == large)
        }
    }

    @Test func aRedirectFromHTTPSToHTTPIsRefused() throws {
        try withServer { (server, client) throws in
            // http to https is fine, back is not.
            let secure = nginx.https("/file.bin")
            server.route("/up") { _ in .redirect(to: secure) }
            let up = try client.fetch(HTTPRequest(.get, server.url("/up"), tls: trust))
            #expect(up.bytes == content)
            let down = try client.fetch(
                HTTPRequest(.get, nginx.https("/redirect?to=" + server.url("/end")), tls: trust))
            #expect(down.failure?.kind == .redirectRefused)
            #expect(server.requests("/end").isEmpty)
        }
    }

    @Test func nginxServesRangesTagsAndEmptyFiles() throws {
        try withClient { (client) throws in
            let middle = try client.fetch(HTTPRequest(.get, nginx.http("/file.bin"), range: 10..<20))
            #expect(middle.status == 206)
            #expect(middle.bytes == Array(content[10..<20]))
            let tag = try #require(middle.head?.eTag)
            #expect(!tag.isWeak)
            let wrong = HTTPRequest(.get, nginx.http("/file.bin"), headers: [HTTPField("If-Match", "\"other\"")])
            #expect(try client.fetch(wrong).status == 412)
            let ignored = try client.fetch(HTTPRequest(.get, nginx.http("/noranges/file.bin"), range: 10..<20))
            #expect(ignored.status == 200)
            #expect(ignored.bytes == content)
            #expect(try client.fetch(nginx.http("/empty")).end?.bodyLength == 0)
            let beyond = try client.fetch(HTTPRequest(.get, nginx.http("/empty"), range: 0 ..< .max))
            #expect([200, 416].contains(beyond.status))
        }
    }

    @Test func nginxCompressesOnlyForWhoAcceptsIt() throws {
        try withClient { (client) throws in
            let plain = try client.fetch(nginx.http("/gzip/file.bin"))
            #expect(plain.head?.contentEncoding == nil)
            #expect(plain.bytes == content)
        }
    }

    @Test func basicAuthenticationComesFromTheURLOrNetrc() throws {
        let folder = try TemporaryFolder()
        var configuration = HTTPConfiguration()
        configuration.netrcFile = try folder.write(
            "netrc", "machine 127.0.0.1\nlogin alice\npassword \"wonder land\"\n", mode: 0o600)
        try withClient(configuration) { (client) throws in
            let url = nginx.http("/private/file.bin")
            #expect(try client.fetch(url).status == 401)
            #expect(try client.fetch(HTTPRequest(.get, url, usesNetrc: true)).bytes == content)
            let own = url.replacing("http://", with: "http://alice:wonder%20land@")
            let fetched = try client.fetch(own)
            #expect(fetched.bytes == content)
            #expect(fetched.head?.effectiveURL == url)
        }
    }
}
