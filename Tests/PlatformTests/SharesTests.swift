import Testing

@testable import Platform

@Suite struct SharesTests {
    private struct Broken: Error, Equatable { var part: Int }

    @Test(arguments: [0, 1, 9, 10, 1000, 1001]) func everyThingIsDoneOnceAndInOrder(count: Int) throws {
        let parts = try Shares.map(count, least: 10) { Array($0) }
        #expect(parts.flatMap { $0 } == Array(0..<count))
        #expect(parts.count <= max(1, Processors.count))
    }

    @Test func fewThingsAreDoneByTheCallerAlone() throws {
        #expect(try Shares.map(19, least: 10) { $0 } == [0..<19])
    }

    @Test func theFirstPartThatFailsIsTold() {
        #expect(throws: Broken(part: 0)) { try Shares.map(1000, least: 10) { throw Broken(part: $0.lowerBound) } }
        #expect(throws: Broken.self) {
            try Shares.map(1000, least: 10) { part in if part.upperBound == 1000 { throw Broken(part: 1) } }
        }
    }
}
