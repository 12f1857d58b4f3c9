internal import Execution
internal import Glibc
internal import Platform

/// Shows a run's progress on stderr from a thread of its own: live lines on a terminal, plain ones elsewhere.
enum ProgressDisplay {
    /// Seconds between two redraws.
    private static let redrawInterval = 0.1
    /// A run that is over sooner needs no plain line.
    private static let silence = 5.0
    private static let largeTransfer: Int64 = 1 << 20
    private static let shownTransfers = 4

    static func during<Result>(
        _ progress: Progress, _ options: ConsoleOptions, _ work: () throws -> Result
    ) rethrows -> Result {
        guard !options.quiet, options.progress != .never else { return try work() }
        let isLive = Terminal.isTerminal(STDERR_FILENO) && !isDumbTerminal
        let isEnded = Monitor(false)
        let thread = OwnedThread {
            if isLive { live(progress, isEnded) } else { plain(progress, isEnded, soon: options.progress == .always) }
        }
        defer {
            isEnded.withLock { $0 = true }
            thread.join()
        }
        return try work()
    }

    private static func live(_ progress: Progress, _ isEnded: Monitor<Bool>) {
        let usesUnicode = usesUnicode
        var rate = ProgressRate()
        var last = MonotonicTime.now()
        defer { Console.draw([]) }
        while !waits(redrawInterval, for: isEnded) {
            let now = MonotonicTime.now()
            rate.note(progress.bytes, after: now.seconds(since: last))
            last = now
            guard progress.objects.total > 0 else { continue }
            let width = Terminal.columns(STDERR_FILENO) ?? 80
            // The last column stays free: a character in it makes some terminals begin a new line.
            let lines = text(progress, rate, usesUnicode).lines(width: max(20, width - 1), styled: Console.styled)
            Console.draw(lines)
        }
    }

    private static func plain(_ progress: Progress, _ isEnded: Monitor<Bool>, soon: Bool) {
        var rate = ProgressRate()
        let began = MonotonicTime.now()
        var last = began
        while !waits(interval(MonotonicTime.now().seconds(since: began), soon: soon), for: isEnded) {
            let now = MonotonicTime.now()
            rate.note(progress.bytes, after: now.seconds(since: last))
            last = now
            guard progress.objects.total > 0 else { continue }
            Console.say(text(progress, rate, false).plainLine)
        }
    }

    /// Seconds to the next plain line: a long run does not fill a log.
    private static func interval(_ elapsed: Double, soon: Bool) -> Double {
        switch elapsed {
        case ..<1: soon ? 1 : silence
        case ..<60: silence
        case ..<600: 3 * silence
        default: 12 * silence
        }
    }

    private static func waits(_ seconds: Double, for isEnded: Monitor<Bool>) -> Bool {
        isEnded.wait(until: .now().adding(seconds: seconds)) { $0 ? true : nil } ?? false
    }

    private static func text(_ progress: Progress, _ rate: ProgressRate, _ usesUnicode: Bool) -> ProgressText {
        let expected = progress.expected
        let objects = progress.objects
        let large = progress.transfers.map {
            ProgressText.Transfer(name: shortName($0.name), bytes: $0.bytes, size: $0.size)
        }.filter { max($0.size ?? 0, $0.bytes) >= largeTransfer }
            .sorted { ($1.size ?? $1.bytes, $0.name) < ($0.size ?? $0.bytes, $1.name) }
        return ProgressText(
            bytes: progress.bytes, expected: expected.bytes, isExact: expected.isExact, objectsDone: objects.done,
            objects: objects.total, rate: rate.perSecond, transfers: Array(large.prefix(shownTransfers)),
            usesUnicode: usesUnicode)
    }

    /// A URL's last component.
    private static func shortName(_ url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        return DisplayText.harmless(path.split(separator: "/").last.map(String.init) ?? url, keepingLines: false)
    }

    /// By the locale's variables in their order (setlocale(3)).
    private static var usesUnicode: Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let text = getenv(name), text.pointee != 0 else { continue }
            let locale = String(cString: text).lowercased()
            return locale.contains("utf-8") || locale.contains("utf8")
        }
        return false
    }
}
