/// Where a value was written: a place in a text, or an environment variable that a substitution fell back to.
public struct HOCONOrigin: Sendable, Hashable, CustomStringConvertible {
    let source: SourceText
    let offset: Int
    /// The environment variable whose value this is; the place is then that of the substitution.
    public internal(set) var environmentVariable: String?

    init(_ source: SourceText, _ offset: Int) {
        self.source = source
        self.offset = offset
    }

    /// The name that the text was parsed under.
    public var file: String { source.name }
    /// From 1.
    public var line: Int { source.position(of: offset).line }
    /// From 1, in Unicode scalars.
    public var column: Int { source.position(of: offset).column }

    /// `file:line:column`.
    public var description: String {
        let (line, column) = source.position(of: offset)
        return "\(source.name):\(line):\(column)"
    }

    public static func == (left: HOCONOrigin, right: HOCONOrigin) -> Bool {
        left.source === right.source && left.offset == right.offset
            && left.environmentVariable == right.environmentVariable
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(source))
        hasher.combine(offset)
        hasher.combine(environmentVariable)
    }
}

/// One text that is parsed. Values keep an offset into it; lines and columns are counted only when somebody asks.
final class SourceText: Sendable {
    let name: String
    let bytes: [UInt8]
    private let lineStarts: [Int]

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
        lineStarts = starts
    }

    var startsWithByteOrderMark: Bool { bytes.starts(with: [0xEF, 0xBB, 0xBF]) }

    func position(of offset: Int) -> (line: Int, column: Int) {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let start = lineStarts[low]
        var column = 1
        for byte in bytes[start..<min(max(offset, start), bytes.count)] where byte & 0xC0 != 0x80 { column += 1 }
        if low == 0, startsWithByteOrderMark, column > 1 { column -= 1 }
        return (low + 1, column)
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}
