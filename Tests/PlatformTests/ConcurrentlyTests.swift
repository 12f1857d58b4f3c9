import Platform
import Testing

@Suite struct ConcurrentlyTests {
    private struct Broken: Error {}

    @Test func givesBothResults() throws {
        let (one, two) = try concurrently({ 1 }, { "two" })
        #expect(one == 1)
        #expect(two == "two")
    }

    @Test func waitsForTheSecondWhenTheFirstFails() throws {
        let ended = Monitor(false)
        #expect(throws: Broken.self) {
            _ = try concurrently({ throw Broken() }, { ended.withLock { $0 = true } })
        }
        #expect(ended.read { $0 })
    }

    @Test func tellsOfTheSecondsFailure() {
        #expect(throws: Broken.self) { _ = try concurrently({ 1 }, { throw Broken() }) }
    }
}
