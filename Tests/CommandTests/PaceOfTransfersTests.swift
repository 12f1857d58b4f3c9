internal import Glibc
internal import Synchronization
internal import TestSupport
internal import Testing

/// How fast and over how many connections a run asks: of servers with slow connections, of busy ones, and under a limit.
@Suite struct PaceOfTransfersTests {
    @Test func aSlowPartIsAskedForAgainOverAnotherConnection() throws {
        let scene = try PullScene()
        let bytes = LargeObjectTests.largeBytes(40 << 20)
        let wasSlow = Flag()
        // The second of three ranges would take more than a minute.
        scene.server.route("/a.bin") { request in
            let answer = FaultServer.Response.file(bytes, for: request)
            let isSecond = request["Range"] == "bytes=\(16 << 20)-\((32 << 20) - 1)"
            return isSecond && wasSlow.setFirst() ? answer.with(.trickle(bytesPerSecond: 256 << 10)) : answer
        }
        try scene.declareOne("/a.bin", "checksum: \"\(checksum(bytes))\"")
        try scene.pullWell()
        #expect(scene.placed() == bytes)

        let ofSecond = scene.server.exchanges("/a.bin").filter {
            $0.request["Range"]?.hasSuffix("-\((32 << 20) - 1)") == true
        }
        #expect(ofSecond.map(\.ending) == [.clientGone, .complete])
        #expect(Set(ofSecond.map(\.request.connection)).count == 2)
        #expect(ofSecond.map(\.request["Range"])[0] != ofSecond.map(\.request["Range"])[1], "what had come is kept")
    }

    @Test func theLimitHoldsForAllConnectionsTogether() throws {
        let scene = try PullScene()
        let names = ["a", "b", "c", "d"]
        for name in names { scene.server.file("/\(name).bin", pseudorandomBytes(500_000)) }
        try scene.declare(names.map { PullScene.entry($0, scene.server.url("/\($0).bin")) })
        let began = ContinuousClock.now
        try scene.pullWell("--limit-rate", "1000000")
        // Two megabytes at one a second, of which a quarter may have been saved up. A busy machine only takes longer.
        #expect(ContinuousClock.now - began > .seconds(1.6))
        #expect(scene.server.exchanges.map(\.ending).allSatisfy { $0 == .complete })
        for name in names { #expect(scene.placed("artifacts/\(name)/\(name).bin")?.count == 500_000) }
    }

    @Test func aBusyServerIsAskedForLessAtOnceAndForMoreWhenItRecovers() throws {
        let scene = try PullScene()
        let load = Load()
        scene.server.route("/*") { request in
            load.serve() ? .file(Array(request.path.utf8), for: request) : .unavailable()
        }
        try scene.declareOne("/{000..299}.bin")
        try scene.pullWell("--jobs", "\(Load.most)")
        #expect(try scene.tree().count == 300)
        #expect(scene.server.exchanges.count { $0.status == 503 } == Load.most)
        let (afterwards, recovered) = load.peaks
        // Half as many, and one more for each round that went well.
        #expect(afterwards > 0 && afterwards <= 12, "\(afterwards) at once after the refusals")
        #expect(recovered > 12, "\(recovered) at once in the end")
    }

    /// A server that refuses the first requests, all together, and counts how many are at once then.
    private final class Load: Sendable {
        static let most = 16

        private struct State {
            var atOnce = 0
            /// Requests that are refused, as soon as all of them are here.
            var refused = 0
            var served = 0
            var afterwards = 0
            var recovered = 0
        }
        private let state = Mutex(State())

        var peaks: (afterwards: Int, recovered: Int) { state.withLock { ($0.afterwards, $0.recovered) } }

        /// - Returns: whether the request is served.
        func serve() -> Bool {
            let isRefused = state.withLock { state in
                guard state.refused < Load.most else {
                    state.atOnce += 1
                    return false
                }
                state.refused += 1
                return true
            }
            if isRefused {
                _ = waitUntil { state.withLock { $0.refused == Load.most } }
                return false
            }
            // Long enough that those who are asked together are seen together.
            usleep(10_000)
            // By now all that were lost have been given back.
            if state.withLock({ $0.served >= 200 && $0.recovered <= 12 && $0.served < 280 }) {
                _ = waitUntil { state.withLock { $0.atOnce > 12 || $0.recovered > 12 } }
            }
            return state.withLock { state in
                switch state.served {
                // The first ones are those that were refused.
                case Load.most..<40: state.afterwards = max(state.afterwards, state.atOnce)
                case 200...: state.recovered = max(state.recovered, state.atOnce)
                default: break
                }
                state.atOnce -= 1
                state.served += 1
                return true
            }
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        /// - Returns: whether it was set for the first time.
        func setFirst() -> Bool { !value.exchange(true, ordering: .relaxed) }
    }
}
