/// The events of JSON as programs write it: ASCII, no escapes, no tabs. For such a text they are libyaml's, in a fraction of its
/// time; for any other `next()` fails, and the text is libyaml's to read, or to refuse.
struct JSONEvents: ManifestEvents, ~Copyable {
    private enum State { case start, document, value, afterValue, end }

    private let text: UnsafeBufferPointer<UInt8>
    private var offset = 0
    private var line = 1
    private var lineStart = 0
    private var state = State.start
    /// The brackets that are open, innermost last.
    private var open: [UInt8] = []
    private var isKey = false

    /// libyaml takes a little more for a key, which stands on one line with its colon.
    private static let longestKey = 1000
    private static let deepest = 512

    /// - Parameter text: it must outlive the value.
    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    mutating func next() throws(ManifestEventFailure) -> (event: ManifestEvent, mark: ManifestMark) {
        switch state {
        case .start:
            state = .document
            return (.streamStart, mark)
        case .document:
            state = .value
            return (.documentStart, mark)
        case .value: return try value()
        case .afterValue: return try afterValue()
        case .end: return (.streamEnd, mark)
        }
    }

    private var notSimple: ManifestEventFailure { .character(problem: "more than simple JSON", offset: offset) }

    private var mark: ManifestMark { ManifestMark(line: line, column: offset - lineStart + 1) }

    /// The next byte that is no space; 0 at the end.
    private mutating func peek() throws(ManifestEventFailure) -> UInt8 {
        while offset < text.count {
            switch text[offset] {
            case UInt8(ascii: " "): offset += 1
            case UInt8(ascii: "\n"):
                offset += 1
                (line, lineStart) = (line + 1, offset)
            case 0: throw notSimple
            case let byte: return byte
            }
        }
        return 0
    }

    // MARK: Values

    private mutating func value() throws(ManifestEventFailure) -> (event: ManifestEvent, mark: ManifestMark) {
        let byte = try peek()
        let mark = mark
        if isKey, byte != UInt8(ascii: "\"") { throw notSimple }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard open.count < Self.deepest else { throw notSimple }
            open.append(byte)
            offset += 1
            isKey = byte == UInt8(ascii: "{")
            // An empty one has no first value.
            if try peek() == closing(byte) { state = .afterValue }
            return (isKey ? .mappingStart(anchor: nil) : .sequenceStart(anchor: nil), mark)
        case UInt8(ascii: "\""): return (try string(), mark)
        default: return (try word(), mark)
        }
    }

    private func closing(_ bracket: UInt8) -> UInt8 {
        bracket == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]")
    }

    private mutating func string() throws(ManifestEventFailure) -> ManifestEvent {
        let start = offset + 1
        offset = start
        while offset < text.count, text[offset] != UInt8(ascii: "\"") {
            // A control character, an escape, or what is not ASCII.
            guard (0x20..<0x7F).contains(text[offset]), text[offset] != UInt8(ascii: "\\") else { throw notSimple }
            offset += 1
        }
        guard offset < text.count else { throw notSimple }
        let event = scalar(start, isPlain: false)
        offset += 1
        guard isKey else {
            state = .afterValue
            return event
        }
        let (length, line) = (offset - start, line)
        guard try peek() == UInt8(ascii: ":"), length < Self.longestKey, line == self.line else { throw notSimple }
        offset += 1
        isKey = false
        return event
    }

    /// A number, `true`, `false` or `null`.
    private mutating func word() throws(ManifestEventFailure) -> ManifestEvent {
        let start = offset
        while offset < text.count, Self.isOfWord(text[offset]) { offset += 1 }
        guard
            (try? JSON(parsing: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[start..<offset]))) != nil
        else {
            throw notSimple
        }
        state = .afterValue
        return scalar(start, isPlain: true)
    }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private func scalar(_ start: Int, isPlain: Bool) -> ManifestEvent {
        let bytes = UnsafeBufferPointer(rebasing: text[start..<offset])
        return .scalar(String(decoding: bytes, as: UTF8.self), tag: nil, anchor: nil, isPlain: isPlain)
    }

    // MARK: Behind values

    private mutating func afterValue() throws(ManifestEventFailure) -> (event: ManifestEvent, mark: ManifestMark) {
        let byte = try peek()
        guard let bracket = open.last else {
            guard byte == 0 else { throw notSimple }
            state = .end
            return (.documentEnd, mark)
        }
        let mark = mark
        offset += 1
        switch byte {
        case closing(bracket):
            open.removeLast()
            isKey = false
            return (bracket == UInt8(ascii: "{") ? .mappingEnd : .sequenceEnd, mark)
        case UInt8(ascii: ","):
            isKey = bracket == UInt8(ascii: "{")
            state = .value
            return try value()
        default: throw notSimple
        }
    }
}
