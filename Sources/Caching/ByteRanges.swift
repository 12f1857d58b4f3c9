/// A set of byte offsets, as sorted ranges that neither touch nor overlap.
public struct ByteRanges: Sendable, Equatable {
    public private(set) var ranges: [Range<Int64>] = []

    public init() {}

    public var count: Int64 { ranges.reduce(0) { $0 + Int64($1.count) } }

    public mutating func insert(_ range: Range<Int64>) {
        guard !range.isEmpty else { return }
        // The usual case first: growing at the end of a range.
        var lower = ranges.firstIndex { $0.upperBound >= range.lowerBound } ?? ranges.endIndex
        if lower == ranges.endIndex { return ranges.append(range) }
        var merged = range
        let first = lower
        while lower < ranges.endIndex, ranges[lower].lowerBound <= merged.upperBound {
            merged = min(merged.lowerBound, ranges[lower].lowerBound)..<max(merged.upperBound, ranges[lower].upperBound)
            lower += 1
        }
        ranges.replaceSubrange(first..<lower, with: [merged])
    }

    /// The first offset from 0 on that is not in the set: how far a reader may follow.
    public var frontier: Int64 {
        guard let first = ranges.first, first.lowerBound == 0 else { return 0 }
        return first.upperBound
    }

    /// What is missing of `[0, size)`, in order.
    public func gaps(upTo size: Int64) -> [Range<Int64>] {
        var gaps: [Range<Int64>] = []
        var offset: Int64 = 0
        for range in ranges where range.lowerBound < size {
            if offset < range.lowerBound { gaps.append(offset..<range.lowerBound) }
            offset = max(offset, range.upperBound)
        }
        if offset < size { gaps.append(offset..<size) }
        return gaps
    }
}
