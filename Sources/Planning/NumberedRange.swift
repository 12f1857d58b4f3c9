/// The names that a text with numbered ranges stands for: `train-{00000..01023}.tar`. Several ranges in one text give every
/// combination, the last range running fastest.
///
/// A range ascends and includes both ends. When either end has a leading zero, numbers are padded to the longer end's width.
/// The names are made when asked for: the collection costs the same for two names and for a million.
public struct NumberedRange: Hashable, Sendable {
    /// More names than this in one text are an error.
    public static let maximumCount = 1_000_000

    struct Span: Hashable {
        var first: Int
        var last: Int
        var width: Int
        var count: Int { last - first + 1 }

        func text(at offset: Int) -> String {
            let digits = String(first + offset)
            return String(repeating: "0", count: Swift.max(0, width - digits.utf8.count)) + digits
        }
    }

    /// One more literal than spans: what stands before, between and after them.
    private let literals: [String]
    private let spans: [Span]
    public let count: Int

    init(literals: [String], spans: [Span]) throws(NumberedRangeError) {
        var count = 1
        for span in spans {
            // Each factor is bounded before it is multiplied, so the product cannot overflow.
            guard span.count <= Self.maximumCount else { throw .tooMany }
            count *= span.count
            guard count <= Self.maximumCount else { throw .tooMany }
        }
        self.literals = literals
        self.spans = spans
        self.count = count
    }
}

extension NumberedRange: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(position: Int) -> String {
        var parts = [literals[spans.count]]
        var rest = position
        for index in spans.indices.reversed() {
            parts.append(spans[index].text(at: rest % spans[index].count))
            parts.append(literals[index])
            rest /= spans[index].count
        }
        return parts.reversed().joined()
    }
}

extension NumberedRange.Span {
    /// Parses `{00000..01023}` at the front of the text. `nil` when the text does not begin with `{`, digits and `..`.
    static func parse(_ text: Substring.UTF8View) throws(NumberedRangeError) -> (span: Self, rest: Substring.UTF8View)?
    {
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard text.first == UInt8(ascii: "{") else { return nil }
        let first = text.dropFirst().prefix(while: isDigit)
        var rest = text.dropFirst(1 + first.count)
        guard !first.isEmpty, rest.starts(with: "..".utf8) else { return nil }
        rest = rest.dropFirst(2)
        let last = rest.prefix(while: isDigit)
        rest = rest.dropFirst(last.count)
        guard !last.isEmpty, rest.first == UInt8(ascii: "}") else { throw .malformed }
        guard let low = Int(Substring(first)), let high = Int(Substring(last)), high < Int.max else { throw .tooMany }
        guard low <= high else { throw .descending }
        let zero = UInt8(ascii: "0")
        let isPadded = first.count > 1 && first.first == zero || last.count > 1 && last.first == zero
        let width = isPadded ? max(first.count, last.count) : 0
        return (Self(first: low, last: high, width: width), rest.dropFirst())
    }
}

/// Why a text in braces is not a numbered range.
public enum NumberedRangeError: Error, Hashable, Sendable {
    case malformed, descending, tooMany
}

extension NumberedRangeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed: "a numbered range is written {000..123}; write '\\{' for a literal brace"
        case .descending: "a numbered range runs upwards: the smaller number comes first"
        case .tooMany: "a URL's numbered ranges may name 1,000,000 objects together, not more"
        }
    }
}
