import Platform
import TestSupport
import Testing

@Suite struct HTTPFaultTests {
    let content = pseudorandomBytes(200_000)

    /// Fetches a file with a fault, and checks that the fault took place.
    private func fetch(
        _ fault: FaultServer.Response.Fault, _ framing: FaultServer.Response.Framing = .contentLength,
        proof: FaultServer.Exchange.Ending, stallTimeout: Duration = .seconds(60)
    ) throws -> Fetched {
        try withServer { (server, client) throws in
            let content = content
            server.route("/file") { _ in .init(body: content, framing: framing, fault: fault) }
            let fetched = try client.fetch(HTTPRequest(.get, server.url("/file"), stallTimeout: stallTimeout))
            #expect(server.exchanges("/file").last?.ending == proof)
            return fetched
        }
    }

    @Test func aBodyShorterThanDeclaredIsTruncated() throws {
        let fetched = try fetch(.closeAfter(150_000), proof: .truncated)
        #expect(fetched.failure?.kind == .truncated)
        #expect(fetched.failure?.isRetryable == true)
        #expect(fetched.bytes == Array(content[..<150_000]))
    }

    @Test func aChunkedBodyWithoutItsLastChunkIsTruncated() throws {
        #expect(try fetch(.closeAfter(100_000), .chunked, proof: .truncated).failure?.kind == .truncated)
    }

    @Test func whatFollowsADeclaredBodyIsNeverTakenForAResponse() throws {
        try withServer { (server, client) throws in
            let content = content
            server.route("/long") { _ in .init(body: content, framing: .declaring(1000)) }
            server.file("/file", content)
            let fetched = try client.fetch(server.url("/long"))
            #expect(fetched.bytes == Array(content[..<1000]))
            let next = try client.fetch(server.url("/file"))
            #expect(next.failure == nil || next.failure?.isRetryable == true)
            #expect(next.bytes.isEmpty || next.bytes == content)
            #expect(try client.fetch(server.url("/file")).bytes == content)
            #expect(server.connectionsAccepted == 2)
        }
    }

    @Test func aResetIsARetryableFailure() throws {
        let fetched = try fetch(.resetAfter(50_000), proof: .reset)
        #expect(fetched.failure?.kind == .reset)
        #expect(fetched.failure?.isRetryable == true)
        #expect(fetched.bytes.elementsEqual(content.prefix(fetched.bytes.count)))
    }

    @Test func aConnectionClosedWithoutAResponseIsAReset() throws {
        #expect(try fetch(.noResponse, proof: .truncated).failure?.kind == .reset)
    }

    @Test func silenceWithinABodyIsAStall() throws {
        let fetched = try fetch(.stallAfter(70_000), proof: .stalled, stallTimeout: .milliseconds(600))
        #expect(fetched.failure?.kind == .stalled)
        #expect(fetched.failure?.isRetryable == true)
        #expect(fetched.bytes == Array(content[..<70_000]))
    }

    @Test func silenceInsteadOfAResponseIsAStall() throws {
        // A server that accepts and never reads: the port listens, nobody serves.
        let server = try FaultServer()
        defer { server.stop() }
        server.route("/") { _ in .init(framing: .declaring(10), fault: .stallAfter(0)) }
        try withClient { (client) throws in
            let fetched = try client.fetch(HTTPRequest(.get, server.url("/"), stallTimeout: .milliseconds(600)))
            #expect(fetched.failure?.kind == .stalled)
        }
    }

    @Test func aSlowBodyIsNoStall() throws {
        try withServer { (server, client) throws in
            let content = Array(content[..<20_000])
            server.route("/slow") { _ in .init(body: content, fault: .trickle(bytesPerSecond: 20_000)) }
            let fetched = try client.fetch(HTTPRequest(.get, server.url("/slow"), stallTimeout: .milliseconds(700)))
            #expect(fetched.bytes == content)
            #expect(fetched.failure == nil)
        }
    }

    @Test func whatIsNotHTTPIsAProtocolViolation() throws {
        try withServer { (server, client) throws in
            server.route("/") { _ in .garbage() }
            let failure = try client.fetch(server.url("/")).failure
            #expect(failure?.kind == .protocolViolation)
            #expect(failure?.isRetryable == false)
            #expect(server.exchanges.count == 1)
        }
    }

    @Test func anEndlessHeadIsRefused() throws {
        try withServer { (server, client) throws in
            server.route("/") { _ in
                .init(headers: (0..<6000).map { ("X-\($0)", String(repeating: "x", count: 90)) }, body: [1])
            }
            #expect(try client.fetch(server.url("/")).failure?.kind == .protocolViolation)
        }
    }

    @Test func aPortThatNobodyListensOnIsAConnectFailure() throws {
        let server = try FaultServer()
        let url = server.url("/?token=hush")
        server.stop()
        try withClient { (client) throws in
            let failure = try client.fetch(url).failure
            #expect(failure?.kind == .connect)
            #expect(failure?.isRetryable == true)
            #expect(failure?.effectiveURL.hasSuffix("/?token=***") == true)
            #expect(failure.map { !"\($0)".contains("hush") } == true)
        }
    }

    @Test func aHostThatDoesNotExistIsAResolveFailure() throws {
        // RFC 6761: names below .invalid never exist; the engine looks it up like any other.
        try withClient { (client) throws in
            let failure = try client.fetch("http://user:hush@no-such-host.invalid/").failure
            #expect(failure?.kind == .resolve)
            #expect(failure.map { !"\($0)".contains("hush") } == true)
        }
    }
}
