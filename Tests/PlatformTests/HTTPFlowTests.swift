import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@Suite struct HTTPFlowTests {
    let content = pseudorandomBytes(3_000_000)

    @Test func nothingComesBetweenPauseAndResume() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            let recorder = HTTPRecorder { chunk in chunk == 3 ? .pause : .more }
            let transfer = client.send(HTTPRequest(.get, server.url("/file")), to: recorder)
            #expect(waitUntil { recorder.state.withLock { $0.chunks >= 3 } })
            // Another whole transfer goes by meanwhile on the same thread.
            #expect(try client.fetch(server.url("/file")).bytes == content)
            #expect(recorder.state.withLock { $0.chunks } == 3)
            transfer.resume()
            #expect(try client.fetched(recorder, transfer).bytes == content)
        }
    }

    @Test func aPauseAtTheHeadHoldsBackTheWholeBody() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            let recorder = HTTPRecorder(atHead: .pause)
            let transfer = client.send(HTTPRequest(.get, server.url("/file")), to: recorder)
            #expect(waitUntil { recorder.state.withLock { !$0.heads.isEmpty } })
            #expect(try client.fetch(server.url("/file")).bytes == content)
            #expect(recorder.state.withLock { $0.chunks } == 0)
            transfer.resume()
            #expect(try client.fetched(recorder, transfer).bytes == content)
        }
    }

    @Test func aPauseAfterEveryChunkLosesNothing() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            let recorder = HTTPRecorder { _ in .pause }
            let transfer = client.send(HTTPRequest(.get, server.url("/file")), to: recorder)
            let hasEnded = waitUntil {
                transfer.resume()
                return recorder.hasEnded
            }
            #expect(hasEnded)
            #expect(try client.fetched(recorder, transfer).bytes == content)
        }
    }

    @Test func aPausedTransferIsNoStall() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            let recorder = HTTPRecorder { chunk in chunk == 1 ? .pause : .more }
            let request = HTTPRequest(.get, server.url("/file"), stallTimeout: .milliseconds(300))
            let transfer = client.send(request, to: recorder)
            server.route("/silent") { _ in .init(body: [1], fault: .stallAfter(0)) }
            // As long as it takes another transfer to be found stalled three times over.
            for _ in 0..<3 {
                let stalled = try client.fetch(
                    HTTPRequest(.get, server.url("/silent"), stallTimeout: .milliseconds(300)), HTTPRecorder())
                #expect(stalled.failure?.kind == .stalled)
            }
            #expect(!recorder.hasEnded)
            transfer.resume()
            #expect(try client.fetched(recorder, transfer).bytes == content)
        }
    }

    @Test func stopEndsATransferAtTheHeadOrAtAnyChunk() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            let request = HTTPRequest(.get, server.url("/file"))
            let atHead = try client.fetch(request, HTTPRecorder(atHead: .stop))
            #expect(atHead.failure?.kind == .stopped)
            #expect(atHead.bytes.isEmpty)
            let atChunk = try client.fetch(request, HTTPRecorder { chunk in chunk == 2 ? .stop : .more })
            #expect(atChunk.failure?.kind == .stopped)
            #expect(atChunk.failure?.isRetryable == false)
            #expect(!atChunk.bytes.isEmpty && content.starts(with: atChunk.bytes))
        }
    }

    @Test func cancelEndsATransferThatRunsIsPausedOrWaits() throws {
        var configuration = HTTPConfiguration()
        configuration.connectionsPerHost = 1
        try withServer(configuration) { (server, client) throws in
            let content = content
            server.route("/stall") { _ in .init(body: content, fault: .stallAfter(100_000)) }
            server.file("/file", content)
            let running = HTTPRecorder()
            let first = client.send(HTTPRequest(.get, server.url("/stall")), to: running)
            let waiting = HTTPRecorder()
            let second = client.send(HTTPRequest(.get, server.url("/file")), to: waiting)
            #expect(waitUntil { running.state.withLock { $0.bytes.count == 100_000 } })
            second.cancel()
            #expect(try client.fetched(waiting, second).failure?.kind == .cancelled)
            #expect(!running.hasEnded)
            first.cancel()
            #expect(try client.fetched(running, first).failure?.kind == .cancelled)
            #expect(server.requests("/file").isEmpty)

            let paused = HTTPRecorder { _ in .pause }
            let third = client.send(HTTPRequest(.get, server.url("/file")), to: paused)
            #expect(waitUntil { paused.state.withLock { $0.chunks == 1 } })
            third.cancel()
            #expect(try client.fetched(paused, third).failure?.kind == .cancelled)
            // Steering what has ended does nothing.
            third.cancel()
            third.resume()
            #expect(try client.fetch(server.url("/file")).bytes == content)
            #expect(paused.state.withLock { $0.results.count } == 1)
        }
    }

    @Test func shutdownEndsEverythingAsCancelled() throws {
        var configuration = HTTPConfiguration()
        configuration.connectionsPerHost = 2
        let server = try FaultServer()
        defer { server.stop() }
        server.route("/stall") { _ in .init(body: [1, 2, 3], fault: .stallAfter(1)) }
        let client = HTTPClient(configuration)
        let recorders = (0..<5).map { _ in HTTPRecorder() }
        for recorder in recorders { client.send(HTTPRequest(.get, server.url("/stall")), to: recorder) }
        #expect(waitUntil { recorders.count { $0.state.withLock { !$0.bytes.isEmpty } } == 2 })
        client.shutdown()
        let late = HTTPRecorder()
        client.send(HTTPRequest(.get, server.url("/stall")), to: late)
        for recorder in recorders + [late] {
            // Already ended when shutdown() and send(_:to:) returned.
            let results = recorder.state.withLock { $0.results }
            #expect(results.count == 1)
            #expect(throws: HTTPFailure.self) { try results.first?.get() }
        }
        #expect(server.requests("/stall").count == 2)
        #expect(waitUntil { server.connectionsOpen == 0 })
    }

    @Test func aReceiverMaySendTheNextRequest() throws {
        final class Chain: HTTPReceiver {
            let client: HTTPClient
            let url: String
            let left = Atomic(50)
            init(_ client: HTTPClient, _ url: String) { (self.client, self.url) = (client, url) }
            func received(head: HTTPHead) -> HTTPDemand { .more }
            func received(bytes: UnsafeRawBufferPointer) -> HTTPDemand { .more }
            func ended(_ result: Result<HTTPEnd, HTTPFailure>) {
                if left.subtract(1, ordering: .relaxed).newValue > 0 { client.send(HTTPRequest(.get, url), to: self) }
            }
        }
        try withServer { (server, client) throws in
            server.file("/file", [1, 2, 3])
            let chain = Chain(client, server.url("/file"))
            client.send(HTTPRequest(.get, chain.url), to: chain)
            #expect(waitUntil { chain.left.load(ordering: .relaxed) == 0 })
            #expect(server.requests("/file").count == 50)
            #expect(server.connectionsAccepted == 1)
        }
    }

    @Test func manySmallRequestsShareFewConnections() throws {
        var configuration = HTTPConfiguration()
        configuration.connectionsPerHost = 8
        try withServer(configuration) { (server, client) throws in
            let files = (0..<20).map { pseudorandomBytes(500 + $0, seed: UInt64($0)) }
            for (index, file) in files.enumerated() { server.file("/\(index)", file) }
            let recorders = (0..<2000).map { _ in HTTPRecorder() }
            for (index, recorder) in recorders.enumerated() {
                client.send(HTTPRequest(.get, server.url("/\(index % 20)")), to: recorder)
            }
            #expect(waitUntil(.seconds(60)) { recorders.allSatisfy { $0.hasEnded } })
            let wrong = recorders.enumerated().count { index, recorder in
                recorder.state.withLock { $0.bytes != files[index % 20] || $0.disorders > 0 || $0.results.count != 1 }
            }
            #expect(wrong == 0)
            #expect(server.exchanges.count == 2000)
            #expect(server.connectionsAccepted <= 8)
        }
    }

    @Test func requestsThatGatherAllCome() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            // The client's thread is there and asleep by now.
            #expect(try client.fetch(server.url("/file")).bytes == content)
            let recorders = (0..<3).map { _ in HTTPRecorder { _ in .more } }
            var transfers: [HTTPTransfer] = []
            client.gather {
                transfers = recorders.map { client.send(HTTPRequest(.get, server.url("/file")), to: $0) }
            }
            for (recorder, transfer) in zip(recorders, transfers) {
                #expect(try client.fetched(recorder, transfer).bytes == content)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func whoWaitsForAnAnswerWhileOthersGatherIsServedAtOnce() throws {
        try withServer { (server, client) throws in
            server.file("/file", content)
            #expect(try client.fetch(server.url("/file")).bytes == content)
            var answer: Result<HTTPAnswer, any Error>?
            client.gather { answer = Result { try client.exchange(HTTPRequest(.get, server.url("/file"))) } }
            #expect(try answer?.get().body == content)
        }
    }

    /// Each response costs its connection, told beforehand or not; the kernel gives the next one the lowest free number.
    @Test(arguments: [true, false]) func aSocketNumberThatIsUsedAgainIsANewConnection(_ isTold: Bool) throws {
        var configuration = HTTPConfiguration()
        configuration.connectionsPerHost = 4
        try withServer(configuration) { (server, client) throws in
            let file = pseudorandomBytes(3000)
            server.route("/*") { _ in
                isTold ? .init(body: file, framing: .untilClose) : .init(body: file, fault: .closeAfter(file.count))
            }
            let ports = Mutex<[Int32: Set<UInt16>]>([:])
            var left = Array(0..<400)
            // A request that is sent while the server closes without a word may end as a reset, and is made again.
            for _ in 0..<20 where !left.isEmpty {
                let recorders = left.map { _ in
                    // Called on the client's thread, while the connection is there.
                    HTTPRecorder { _ in
                        let sockets = clientSockets(of: server.port)
                        ports.withLock { ports in
                            for (descriptor, port) in sockets { ports[descriptor, default: []].insert(port) }
                        }
                        return .more
                    }
                }
                let transfers = zip(left, recorders).map { index, recorder in
                    client.send(HTTPRequest(.get, server.url("/\(index)"), stallTimeout: .seconds(10)), to: recorder)
                }
                var reset: [Int] = []
                for (index, (recorder, transfer)) in zip(left, zip(recorders, transfers)) {
                    let fetched = try client.fetched(recorder, transfer)
                    if !isTold, fetched.failure?.kind == .reset, fetched.bytes.isEmpty {
                        reset.append(index)
                    } else {
                        #expect(fetched.failure == nil)
                        #expect(fetched.bytes == file)
                    }
                }
                left = reset
            }
            #expect(left.isEmpty)
            // What really happened: a connection for each response, over and over under the same few numbers.
            #expect(server.exchanges.count == 400)
            #expect(server.connectionsAccepted == 400)
            // One that the server has reset by the time it is looked at no longer tells its peer: it is not seen.
            #expect(ports.withLock { $0.values.reduce(0) { $0 + $1.count } } >= 200)
            #expect(ports.withLock { $0.count } < 200)
        }
    }

    @Test func theCapOnConnectionsHoldsPerHostAndInAll() throws {
        var configuration = HTTPConfiguration()
        (configuration.connectionsPerHost, configuration.connections) = (3, 4)
        let other = try FaultServer()
        defer { other.stop() }
        try withServer(configuration) { (server, client) throws in
            let most = Mutex((one: 0, all: 0))
            for each in [server, other] {
                each.route("/") { [server, other] _ in
                    let (first, second) = (server.connectionsOpen, other.connectionsOpen)
                    most.withLock { $0 = (max($0.one, first, second), max($0.all, first + second)) }
                    return .init(body: [1, 2, 3, 4], fault: .trickle(bytesPerSecond: 40))
                }
            }
            let recorders = (0..<24).map { _ in HTTPRecorder() }
            for (index, recorder) in recorders.enumerated() {
                client.send(HTTPRequest(.get, (index % 2 == 0 ? server : other).url("/")), to: recorder)
            }
            #expect(waitUntil { recorders.allSatisfy { $0.hasEnded } })
            #expect(recorders.allSatisfy { $0.state.withLock { $0.bytes == [1, 2, 3, 4] } })
            // A connection that the client has closed is open to the server for a moment more.
            #expect(most.withLock { $0.one } <= 4)
            #expect(most.withLock { $0.all } <= 6)
        }
    }

    @Test func clientsLeaveNoDescriptorsBehind() throws {
        let server = try FaultServer()
        defer { server.stop() }
        server.file("/file", [1])
        func round() throws {
            try withClient { (client) throws in _ = try client.fetch(server.url("/file")) }
        }
        try round()
        let before = try openDescriptorCount()
        for _ in 0..<300 { try round() }
        // Tests beside this one open and close some; a leak would be one a round at least.
        #expect(try openDescriptorCount() < before + 250)
        #expect(waitUntil { server.connectionsOpen == 0 })
        #expect(server.connectionsAccepted == 301)
    }

    @Test func aClientThatIsDroppedEndsItself() throws {
        let server = try FaultServer()
        defer { server.stop() }
        server.route("/stall") { _ in .init(body: [1, 2], fault: .stallAfter(1)) }
        let recorder = HTTPRecorder()
        do {
            let client = HTTPClient(HTTPConfiguration())
            client.send(HTTPRequest(.get, server.url("/stall")), to: recorder)
            #expect(waitUntil { recorder.state.withLock { !$0.bytes.isEmpty } })
        }
        #expect(waitUntil { recorder.hasEnded })
    }
}

/// This process's connections to a port of this machine: each with its own port, which tells them apart.
private func clientSockets(of server: UInt16) -> [(descriptor: Int32, port: UInt16)] {
    func port(_ name: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name($0, &length) }
        }
        return code == 0 && address.sin_family == AF_INET ? UInt16(bigEndian: address.sin_port) : nil
    }
    return (0..<Int32(1024)).compactMap { descriptor in
        guard port({ getpeername(descriptor, $0, $1) }) == server, let own = port({ getsockname(descriptor, $0, $1) })
        else { return nil }
        return (descriptor, own)
    }
}
