import Platform
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func add() { count.wrappingAdd(1, ordering: .relaxed) }
    }

    @Test("All work is done before the pool has ended, however patient it is", arguments: [0, 1, 8])
    func drains(patience: Int) {
        let counter = Counter()
        let pool = WorkerPool(threads: 3, patience: patience)
        for _ in 0..<1_000 { pool.submit { counter.add() } }
        pool.shutdown()
        #expect(counter.value == 1_000)
    }

    @Test("Work that waits for work submitted after it goes on, as long as there are threads")
    func waitsForLaterWork() {
        let pool = WorkerPool(threads: 4)
        let arrived = Monitor(0)
        for _ in 0..<4 {
            pool.submit {
                arrived.withLock { $0 += 1 }
                _ = arrived.wait { $0 == 4 ? true : nil }
            }
        }
        pool.shutdown()
        #expect(arrived.read { $0 } == 4)
    }

    @Test("A patient pool runs little work in the order in which it came, on one thread")
    func keepsOrder() {
        let pool = WorkerPool(threads: 4, patience: 1_000)
        let list = Monitor([Int]())
        for number in 0..<100 { pool.submit { list.withLock { $0.append(number) } } }
        pool.shutdown()
        #expect(list.read { $0 } == Array(0..<100))
    }
}
