internal import Execution
internal import Planning

/// A run's closing words, and sizes as people read them.
enum SummaryText {
    /// `done in 1.3 s: 4 entries; 3 objects fetched, 1.2 MiB at 0.9 MiB/s, 1 from cache; 3 hardlinks, 1 symlink`
    static func line(_ summary: Summary) -> String {
        let failed = summary.failures.count { !$0.isOptional }
        let word =
            summary.interruption != nil ? "interrupted after" : failed > 0 ? "failed after" : "done in"
        var parts = [count(summary.entries, "entry", "entries")]
        if failed > 0 { parts[0] += ", \(failed) failed" }
        let skipped = summary.failures.count - failed
        if skipped > 0 { parts[0] += ", \(skipped) optional not there" }
        if summary.unchanged > 0 {
            parts[0] += summary.unchanged == summary.entries ? ", nothing to do" : ", \(summary.unchanged) unchanged"
        }
        let brought = objects(summary)
        if !brought.isEmpty { parts.append(brought) }
        let modes = summary.linkModes.sorted { $0.key.rawValue < $1.key.rawValue }.filter { $0.value > 0 }
        if !modes.isEmpty {
            parts.append(modes.map { count($0.value, singular($0.key), plural($0.key)) }.joined(separator: ", "))
        }
        if !summary.removed.isEmpty { parts.append("\(summary.removed.count) removed") }
        if !summary.drift.isEmpty { parts.append("\(summary.drift.count) changed by somebody and kept") }
        if summary.interruption != nil { parts.append("the same command goes on from here") }
        return "\(word) \(seconds(summary.seconds)): " + parts.joined(separator: "; ")
    }

    /// The same words for a run that saw at once that everything is in place.
    static func nothingToDo(entries: Int, seconds: Double) -> String {
        "done in \(self.seconds(seconds)): \(count(entries, "entry", "entries")), nothing to do"
    }

    private static func objects(_ summary: Summary) -> String {
        var parts: [String] = []
        if summary.bytesTransferred > 0 || summary.objectsTransferred > 0 {
            let rate = Int64(Double(summary.bytesTransferred) / max(summary.seconds, 0.001))
            // A rate over an instant says nothing.
            let speed = summary.seconds >= 0.1 ? " at \(bytes(rate))/s" : ""
            parts.append(
                count(summary.objectsTransferred, "object", "objects")
                    + " fetched, \(bytes(summary.bytesTransferred))\(speed)")
        }
        // Of a run that had nothing to do, everything is from the cache, and that is no news.
        if summary.objectsFromCache > 0, summary.unchanged < summary.entries {
            parts.append("\(summary.objectsFromCache) from cache")
        }
        return parts.joined(separator: ", ")
    }

    static func count(_ number: Int, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }

    private static func singular(_ mode: Entry.LinkMode) -> String { mode == .auto ? "file" : mode.rawValue }
    private static func plural(_ mode: Entry.LinkMode) -> String {
        switch mode {
        case .auto: "files"
        case .copy: "copies"
        case .reflink, .hardlink, .symlink: mode.rawValue + "s"
        }
    }

    /// `1.5 MiB`
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1023.95, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(tenths(value)) \(units[unit])"
    }

    /// `20 ms`, `0.3 s`, `2 min 5 s`, `3 h 12 min`
    static func seconds(_ value: Double) -> String {
        if value < 0.0995 { return "\(Int((value * 1000).rounded())) ms" }
        if value < 59.95 { return "\(tenths(value)) s" }
        let whole = Int(value.rounded())
        return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
    }

    private static func tenths(_ value: Double) -> String {
        let rounded = Int((value * 10).rounded())
        return "\(rounded / 10).\(rounded % 10)"
    }
}
