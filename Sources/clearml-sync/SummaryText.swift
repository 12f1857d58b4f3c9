internal import Execution
internal import Planning

/// A run's closing words, and sizes as people read them.
enum SummaryText {
    static func line(_ summary: Summary) -> String {
        var parts = ["\(summary.entries) entries, \(summary.objects) objects"]
        if summary.objectsTransferred > 0 {
            parts.append(
                "\(summary.objectsTransferred) fetched (\(bytes(summary.bytesTransferred)), "
                    + "\(bytes(Int64(Double(summary.bytesTransferred) / max(summary.seconds, 0.001))))/s)")
        }
        if summary.objectsFromCache > 0 { parts.append("\(summary.objectsFromCache) from cache") }
        if summary.unchanged > 0 { parts.append("\(summary.unchanged) unchanged") }
        if !summary.removed.isEmpty { parts.append("\(summary.removed.count) removed") }
        let modes = summary.linkModes.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
        if !modes.isEmpty { parts.append("links: " + modes.joined(separator: ", ")) }
        parts.append(seconds(summary.seconds))
        return parts.joined(separator: "; ")
    }

    /// `1.5 MiB`
    static func bytes(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(tenths(value)) \(units[unit])"
    }

    static func seconds(_ value: Double) -> String { value < 60 ? "\(tenths(value)) s" : "\(Int(value) / 60) min \(Int(value) % 60) s" }

    private static func tenths(_ value: Double) -> String {
        let rounded = Int((value * 10).rounded())
        return "\(rounded / 10).\(rounded % 10)"
    }
}
