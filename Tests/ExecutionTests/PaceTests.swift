import Platform
import Testing

@testable import Execution

@Suite struct PaceTests {
    private let start = MonotonicTime.now()

    /// Lets a server give bytes for some tenths of a second.
    /// - Parameter rate: bytes a second, by the parts under way.
    /// - Returns: the parts at the end of each tenth.
    private func run(_ pace: Pace, tenths: Int, from first: Int = 0, rate: (Int) -> Double) -> [Int] {
        (1...tenths).map { tenth in
            let now = start.adding(seconds: 0.1 * Double(first + tenth) + 0.001)
            pace.moved(Int(rate(pace.parts) * 0.1), at: now)
            return pace.parts
        }
    }

    @Test("A server that gives each connection little is asked over as many as bring more")
    func slowConnections() {
        let pace = Pace(limit: nil, connections: 64, at: start)
        pace.began()
        #expect(pace.parts == 4)
        #expect(run(pace, tenths: 6) { Double($0) * 20e6 }.last == 32)
        // Half a second for four doublings: little of a large object has gone by.
        #expect(pace.parts <= Pace.most)
    }

    @Test("A line that is full is asked over no more connections than it takes")
    func fullLine() {
        let pace = Pace(limit: nil, connections: 64, at: start)
        pace.began()
        let parts = run(pace, tenths: 20) { _ in 60e6 }
        #expect(parts.contains(8) && parts.last == 4)
    }

    @Test("What is fast over a few connections stays at a few")
    func fastConnections() {
        let pace = Pace(limit: nil, connections: 64, at: start)
        pace.began()
        #expect(run(pace, tenths: 20) { Double($0) * 200e6 }.allSatisfy { $0 == 4 })
    }

    @Test("The configuration's connections are not exceeded, and many objects share them")
    func bounds() {
        let narrow = Pace(limit: nil, connections: 6, at: start)
        narrow.began()
        #expect(run(narrow, tenths: 10) { Double($0) * 1e6 }.last == 6)
        #expect(Pace(limit: nil, connections: 2).parts == 2)
        let shared = Pace(limit: nil, connections: 64, at: start)
        shared.began()
        _ = run(shared, tenths: 8) { Double($0) * 1e6 }
        for _ in 0..<7 { shared.began() }
        #expect(shared.parts == 4)
    }

    @Test("A busy server is asked over half as many, and is given time")
    func busy() {
        let pace = Pace(limit: nil, connections: 64)
        pace.began()
        pace.slowDown()
        #expect(pace.parts == 4)
        pace.slowDown()
        pace.slowDown()
        #expect(pace.parts >= 1)
    }

    @Test("Bytes beyond the limit have to be waited for, just as long as they take")
    func limit() {
        let pace = Pace(limit: 1_000_000, connections: 64, at: start)
        #expect(Pace(limit: nil, connections: 64).spend(1 << 40) == nil)
        var now = start
        var waited = 0.0
        // Ten megabytes at one a second.
        for _ in 0..<100 {
            let wait = pace.spend(100_000, at: now) ?? 0
            waited += wait
            now = now.adding(seconds: wait)
        }
        #expect(abs(waited - 10) < 0.3)
    }

    @Test("Servers that bear less get fewer objects at once; each good round gives one back")
    func objects() {
        var window = JobWindow(most: 64)
        #expect(window.reduce(at: start) && window.now == 32)
        // Refused together.
        #expect(!window.reduce(at: start.adding(seconds: 0.2)) && window.now == 32)
        for second in 1...10 { _ = window.reduce(at: start.adding(seconds: Double(2 * second))) }
        #expect(window.now == 1)
        window.grow()
        #expect(window.now == 2)
        for _ in 0..<3 { window.grow() }
        #expect(window.now == 3)
        for _ in 0..<10_000 { window.grow() }
        #expect(window.now == 64)
    }
}
