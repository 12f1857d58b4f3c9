import Testing

@testable import Execution

@Suite struct DownloadPartsTests {
    private func parts(_ pending: [Range<Int64>], rate: Double?) -> [Range<Int64>] {
        var state = Download.State()
        state.pending = pending.map { $0.lowerBound << 20..<$0.upperBound << 20 }
        state.usualRate = rate
        var parts: [Range<Int64>] = []
        while let part = state.takePart() { parts.append(part.lowerBound >> 20..<part.upperBound >> 20) }
        #expect(state.pending.isEmpty)
        return parts
    }

    @Test("A part is what a connection brings in a quarter of a second, between 16 and 32 MiB")
    func lengths() {
        #expect(parts([0..<40], rate: nil) == [0..<16, 16..<32, 32..<40])
        #expect(parts([0..<40], rate: 20e6) == [0..<16, 16..<32, 32..<40])
        #expect(parts([0..<50], rate: 100e6) == [0..<23, 23..<46, 46..<50])
        #expect(parts([0..<70], rate: 5e9) == [0..<32, 32..<64, 64..<70])
    }

    @Test("What is missing in several places is asked for in order, each place by itself")
    func gaps() {
        #expect(parts([3..<5, 10..<30, 40..<41], rate: nil) == [3..<5, 10..<26, 26..<30, 40..<41])
        #expect(parts([], rate: nil) == [])
    }
}
