internal import Remotes

/// How one object goes to its store.
enum UploadPlan: Hashable {
    case whole
    /// In parts of so many bytes, the last one with what is left.
    case parts(size: Int64, count: Int)

    /// | bytes | plan |
    /// |---|---|
    /// | below the threshold, or the store takes no parts | whole |
    /// | at most `mostParts` parts of `partSize` | parts of `partSize` |
    /// | more | `mostParts` parts at most, of whole MiB |
    init(size: Int64, limits: UploadLimits) {
        guard let threshold = limits.threshold, size >= max(threshold, 1), limits.partSize > 0 else {
            self = .whole
            return
        }
        var part = limits.partSize
        if (size - 1) / part >= Int64(limits.mostParts) {
            let smallest = (size - 1) / Int64(limits.mostParts) + 1
            part = ((smallest - 1) / (1 << 20) + 1) * (1 << 20)
        }
        self = .parts(size: part, count: Int((size - 1) / part + 1))
    }

    /// The bytes of a part, counted from 1.
    static func range(ofPart number: Int, size part: Int64, total: Int64) -> Range<Int64> {
        let start = Int64(number - 1) * part
        return start..<min(start + part, total)
    }
}
