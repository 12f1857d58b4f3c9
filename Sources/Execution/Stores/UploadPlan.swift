internal import Remotes

/// How one object goes to its store.
enum UploadPlan: Hashable {
    case whole
    /// In parts of so many bytes, the last one with what is left.
    case parts(size: Int64, count: Int)

    /// | bytes | plan |
    /// |---|---|
    /// | below the threshold, or the store takes no parts | whole |
    /// | at most 64 parts of `partSize` | parts of `partSize` |
    /// | more | 64 parts at most, of whole MiB, as long as they are no larger than `grownPartSize` |
    /// | still more than `mostParts` | `mostParts` parts at most, of whole MiB |
    init(size: Int64, limits: UploadLimits) {
        guard let threshold = limits.threshold, size >= max(threshold, 1), limits.partSize > 0 else {
            self = .whole
            return
        }
        let grown = min(UploadPlan.part(of: size, atMost: UploadPlan.usualParts), limits.grownPartSize)
        var part = max(limits.partSize, grown)
        if (size - 1) / part >= Int64(limits.mostParts) { part = UploadPlan.part(of: size, atMost: limits.mostParts) }
        self = .parts(size: part, count: Int((size - 1) / part + 1))
    }

    private static let usualParts = 64

    /// The smallest whole MiB of which so many parts are enough.
    private static func part(of size: Int64, atMost count: Int) -> Int64 {
        let smallest = (size - 1) / Int64(count) + 1
        return ((smallest - 1) / (1 << 20) + 1) * (1 << 20)
    }

    /// The bytes of a part, counted from 1.
    static func range(ofPart number: Int, size part: Int64, total: Int64) -> Range<Int64> {
        let start = Int64(number - 1) * part
        return start..<min(start + part, total)
    }
}
