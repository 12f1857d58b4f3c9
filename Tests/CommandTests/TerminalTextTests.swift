internal import Platform
internal import Testing

@testable internal import clearml_sync

@Suite struct TerminalTextTests {
    private func text(_ width: Int, _ change: (inout ProgressText) -> Void = { _ in }) -> [String] {
        var text = ProgressText(
            bytes: 300 << 20, expected: 1200 << 20, isExact: true, objectsDone: 3, objects: 8, rate: Double(50 << 20),
            transfers: [.init(name: "model.safetensors", bytes: 100 << 20, size: 1 << 30)])
        change(&text)
        return text.lines(width: width) { text, _ in text }
    }

    @Test func theTotalSaysBytesRateTimeLeftAndObjects() {
        let lines = text(100)
        #expect(lines[0].hasPrefix(" 25% ━"))
        #expect(
            lines[0].hasSuffix("0.3 of 1.2 GiB  50.0 MiB/s  0:18 left  3 of 8 objects")
                || lines[0].contains("50.0 MiB/s  0:18 left  3 of 8 objects"))
        #expect(lines[1].contains("model.safetensors") && lines[1].contains("9%"))
    }

    @Test(arguments: 20...130) func noLineIsWiderThanTheTerminal(width: Int) {
        for line in text(
            width, { $0.transfers.append(.init(name: String(repeating: "模型", count: 60), bytes: 1, size: nil)) })
        {
            #expect(DisplayText.columns(line) <= width, "\(line)")
        }
    }

    @Test func sizesThatAreNotKnownAreSaidToBeALowerBound() {
        let line = text(100) { $0.isExact = false }[0]
        #expect(line.contains("of at least 1.2 GiB") && !line.contains("left") && line.hasPrefix(" 37%"))
    }

    @Test func whenAllBytesCameItIsFinishing() {
        #expect(text(100) { $0.bytes = $0.expected }[0].contains("finishing"))
    }

    @Test func theRateFollowsWhatHappensNow() {
        var rate = ProgressRate()
        rate.note(1000, after: 1)
        #expect(abs(rate.perSecond - 1000) < 1)
        for step in 1...60 { rate.note(1000 + Int64(step) * 10, after: 1) }
        #expect(rate.perSecond < 20)
    }

    @Test(arguments: [(0, "0:00"), (67, "1:07"), (3723, "1:02:03")]) func clocks(seconds: Int, text: String) {
        #expect(ProgressText.clock(seconds) == text)
    }

    @Test(arguments: [
        (Int64(0), "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_048_575, "1.0 MiB"), (5 << 30, "5.0 GiB"),
    ])
    func sizes(bytes: Int64, text: String) { #expect(SummaryText.bytes(bytes) == text) }

    @Test func aLongNameLosesItsMiddle() {
        #expect(DisplayText.shortened("a-rather-long-name.safetensors", to: 15) == "a-rathe…tensors")
        #expect(DisplayText.shortened("short", to: 15) == "short")
        #expect(DisplayText.columns(DisplayText.shortened("模型模型模型模型", to: 7)) <= 7)
    }

    @Test func controlCharactersBecomeVisible() {
        #expect(DisplayText.harmless("a\u{1B}[2Jb\r\u{9B}") == "a\\u{1b}[2Jb\\u{d}\\u{9b}")
        #expect(DisplayText.harmless("two\nlines") == "two\nlines")
        #expect(DisplayText.harmless("two\nlines", keepingLines: false) == "two\\u{a}lines")
    }
}
