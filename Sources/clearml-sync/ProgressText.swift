internal import Execution
internal import Platform

/// What a progress display shows at one moment: a value, so that what it looks like needs no terminal to be tested.
struct ProgressText {
    struct Transfer {
        var name: String
        var bytes: Int64
        var size: Int64?
    }

    var bytes: Int64
    /// Bytes to move, as far as known.
    var expected: Int64
    /// Nothing of unknown size is left.
    var isExact: Bool
    var objectsDone: Int
    var objects: Int
    /// Bytes a second.
    var rate: Double
    /// Largest first.
    var transfers: [Transfer]
    /// Whether the terminal shows more than ASCII.
    var usesUnicode = true

    // MARK: Live lines

    /// The total, then the largest transfers; each fits in `width` columns.
    func lines(width: Int, styled: (String, ControlSequence.Style) -> String) -> [String] {
        [total(width: width, styled: styled)] + transfers.map { styled(line($0, width: width), .dim) }
    }

    private func total(width: Int, styled: (String, ControlSequence.Style) -> String) -> String {
        var parts = [amount]
        func fits(_ part: String) -> Bool { used(parts + [part]) <= width }
        for part in [rateText, leftText, objectsText] {
            if let part, fits(part) { parts.append(part) }
        }
        let rest = min(width - used(parts) - 2, 30)
        guard let fraction else {
            return DisplayText.shortened(parts.joined(separator: "  "), to: width, ellipsis: ellipsis)
        }
        let percent = padLeft("\(Int(fraction * 100))%", 4)
        let line = parts.joined(separator: "  ")
        guard rest >= 10 else { return DisplayText.shortened(percent + "  " + line, to: width, ellipsis: ellipsis) }
        let full = Int(Double(rest) * fraction)
        let (done, open) = usesUnicode ? ("━", "─") : ("#", "-")
        let bar =
            styled(String(repeating: done, count: full), .green)
            + styled(String(repeating: open, count: rest - full), .dim)
        return percent + " " + bar + "  " + line
    }

    /// Columns of the line with its percentage.
    private func used(_ parts: [String]) -> Int {
        parts.reduce(fraction == nil ? 0 : 4) { $0 + 2 + DisplayText.columns($1) }
    }

    private func line(_ transfer: Transfer, width: Int) -> String {
        let percent = transfer.size.map { $0 > 0 ? "\(min(100, transfer.bytes * 100 / $0))%" : "100%" } ?? ""
        var numbers = padLeft(percent, 6)
        if width >= 60 { numbers += "  " + ProgressText.amount(transfer.bytes, transfer.size, isExact: true) }
        let room = min(max(8, width - 2 - numbers.count), width >= 60 ? width - 2 - 6 - 24 : width)
        let name = DisplayText.padded(DisplayText.shortened(transfer.name, to: room, ellipsis: ellipsis), to: room)
        return DisplayText.shortened("  " + name + numbers, to: width, ellipsis: ellipsis)
    }

    // MARK: Elsewhere

    /// The same as one plain line.
    var plainLine: String {
        ([fraction.map { "\(Int($0 * 100))%" }, amount, rateText, leftText, objectsText] as [String?])
            .compactMap { $0 }.joined(separator: ", ")
    }

    // MARK: Parts

    /// By bytes where all are known, by objects otherwise.
    private var fraction: Double? {
        if isExact, expected > 0 { return min(Double(bytes) / Double(expected), 1) }
        return objects > 1 ? Double(objectsDone) / Double(objects) : nil
    }

    private var amount: String {
        ProgressText.amount(bytes, expected > 0 ? max(expected, bytes) : nil, isExact: isExact)
    }
    private var rateText: String? { rate >= 1 ? SummaryText.bytes(Int64(rate)) + "/s" : nil }
    private var objectsText: String? { objects > 1 ? "\(objectsDone) of \(objects) objects" : nil }
    private var leftText: String? {
        if isExact, expected > 0, bytes >= expected { return "finishing" }
        guard isExact, rate >= 1 else { return nil }
        let seconds = Double(expected - bytes) / rate
        return seconds < 360_000 ? ProgressText.clock(Int(seconds.rounded(.up))) + " left" : nil
    }
    private var ellipsis: String { usesUnicode ? "…" : "~" }

    /// `1.2 of 2.3 GiB`, `640.0 MiB of 1.0 GiB`, `1.2 of ≥ 2.3 GiB`, `1.2 GiB`
    private static func amount(_ bytes: Int64, _ size: Int64?, isExact: Bool) -> String {
        let done = SummaryText.bytes(bytes)
        guard let size else { return done }
        let all = SummaryText.bytes(size)
        let unit = all.split(separator: " ").last ?? ""
        let short = done.hasSuffix(" " + unit) ? String(done.dropLast(unit.count + 1)) : done
        return "\(short) of \(isExact ? "" : "at least ")\(all)"
    }

    /// `0:07`, `12:30`, `1:02:03`
    static func clock(_ seconds: Int) -> String {
        func two(_ number: Int) -> String { padLeft(String(number), 2, with: "0") }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }
}

private func padLeft(_ text: String, _ width: Int, with filler: Character = " ") -> String {
    String(repeating: filler, count: max(0, width - text.count)) + text
}

/// Bytes a second, smoothed over a few seconds (exponentially, corrected for its start).
struct ProgressRate {
    private static let window = 4.0
    private var bytes: Int64 = 0
    private var average = 0.0
    private var weight = 0.0
    private(set) var perSecond = 0.0

    mutating func note(_ total: Int64, after seconds: Double) {
        guard seconds > 0 else { return }
        let share = seconds / (seconds + ProgressRate.window)
        average += (Double(total - bytes) / seconds - average) * share
        weight += (1 - weight) * share
        bytes = total
        perSecond = average / weight
    }
}
