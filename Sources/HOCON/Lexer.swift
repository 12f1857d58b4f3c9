/// Reads a text's smallest pieces. Nothing here looks ahead more than three bytes.
struct Lexer {
    let source: SourceText
    /// See `HOCONDocument.Options.isWide`.
    let isWide: Bool
    var offset = 0

    init(_ source: SourceText, isWide: Bool) {
        self.source = source
        self.isWide = isWide
    }

    func peek(_ ahead: Int = 0) -> UInt8? {
        let index = offset + ahead
        return index < source.bytes.count ? source.bytes[index] : nil
    }

    func origin(_ at: Int? = nil) -> HOCONOrigin { HOCONOrigin(source, at ?? offset) }

    /// What stands here, for messages.
    var found: String {
        guard let byte = peek() else { return "the end of the file" }
        if byte == UInt8(ascii: "\n") { return "the end of the line" }
        let end = source.bytes[offset...].dropFirst().firstIndex { $0 & 0xC0 != 0x80 } ?? source.bytes.count
        return "'" + source.text(offset..<end) + "'"
    }

    // MARK: Between values

    /// The length of the whitespace character here, 0 if there is none. A newline is none.
    private var spaceLength: Int {
        guard let byte = peek() else { return 0 }
        switch byte {
        case 0x20, 0x09, 0x0B, 0x0C, 0x0D, 0x1C...0x1F: return 1
        case 0xC2: return peek(1) == 0xA0 ? 2 : 0
        case 0xE1: return peek(1) == 0x9A && peek(2) == 0x80 ? 3 : 0
        case 0xE2:
            guard let second = peek(1), let third = peek(2) else { return 0 }
            switch (second, third) {
            case (0x80, 0x80...0x8A), (0x80, 0xA8), (0x80, 0xA9), (0x80, 0xAF), (0x81, 0x9F): return 3
            default: return 0
            }
        case 0xE3: return peek(1) == 0x80 && peek(2) == 0x80 ? 3 : 0
        case 0xEF: return peek(1) == 0xBB && peek(2) == 0xBF ? 3 : 0
        default: return 0
        }
    }

    var atComment: Bool {
        peek() == UInt8(ascii: "#") || (peek() == UInt8(ascii: "/") && peek(1) == UInt8(ascii: "/"))
    }

    /// Skips whitespace, not newlines, and returns it.
    @discardableResult
    mutating func skipSpaces() -> String {
        let start = offset
        while true {
            let length = spaceLength
            if length == 0 { break }
            offset += length
        }
        return start == offset ? "" : source.text(start..<offset)
    }

    /// Skips whitespace, newlines and comments; true when a newline was among them.
    @discardableResult
    mutating func skipBlank() -> Bool {
        var sawNewline = false
        while let byte = peek() {
            let length = spaceLength
            if length > 0 {
                offset += length
            } else if byte == UInt8(ascii: "\n") {
                sawNewline = true
                offset += 1
            } else if atComment {
                while let next = peek(), next != UInt8(ascii: "\n") { offset += 1 }
            } else {
                break
            }
        }
        return sawNewline
    }

    // MARK: Texts

    private static func isReserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "$"), UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "+"),
            UInt8(ascii: "#"), UInt8(ascii: "`"), UInt8(ascii: "^"), UInt8(ascii: "?"), UInt8(ascii: "!"),
            UInt8(ascii: "@"), UInt8(ascii: "*"), UInt8(ascii: "&"), UInt8(ascii: "\\"), UInt8(ascii: "\n"):
            true
        default: false
        }
    }

    /// Whether unquoted text may go on here.
    var atUnquoted: Bool {
        guard let byte = peek() else { return false }
        return !Self.isReserved(byte) && spaceLength == 0 && !atComment
    }

    /// Whether a value ends before this byte.
    func endsValue(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"): true
        default: atComment
        }
    }

    /// Whether a key or path ends before this byte.
    func endsPath(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "{"), UInt8(ascii: "["): true
        case UInt8(ascii: "+"): peek(1) == UInt8(ascii: "=")
        default: endsValue(byte)
        }
    }

    /// The unquoted text here; a number with a `+` inside counts as one.
    mutating func unquotedText() throws(HOCONError) -> String {
        if let number = number() { return number.text }
        let start = offset
        while atUnquoted { offset += 1 }
        if start == offset {
            throw HOCONError("the character \(found) must stand inside quotes here", at: origin())
        }
        return source.text(start..<offset)
    }

    /// Consumes a number; leaves everything in place when the text here is none.
    mutating func number() -> HOCONNumber? {
        guard let first = peek(), first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else { return nil }
        var end = offset
        while end < source.bytes.count {
            switch source.bytes[end] {
            case 0x30...0x39, UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "."):
                end += 1
                continue
            default: break
            }
            break
        }
        guard let number = HOCONNumber(source.text(offset..<end)) else { return nil }
        offset = end
        return number
    }

    /// Unquoted text inside a value. The words `true`, `false` and `null` end where they are complete, as in the
    /// reference: `truex` is `true` and `x`.
    mutating func unquotedValue() throws(HOCONError) -> HOCONValue {
        let start = offset
        if let number = number() { return HOCONValue(.number(number), at: origin(start)) }
        while true {
            if atUnquoted {
                offset += 1
            } else if colonIsText {
                offset += 1
                while peek() == UInt8(ascii: "/") { offset += 1 }
            } else {
                break
            }
            switch offset - start {
            case 4 where source.bytes[start..<offset].elementsEqual("true".utf8):
                return HOCONValue(.bool(true), at: origin(start))
            case 4 where source.bytes[start..<offset].elementsEqual("null".utf8):
                return HOCONValue(.null, at: origin(start))
            case 5 where source.bytes[start..<offset].elementsEqual("false".utf8):
                return HOCONValue(.bool(false), at: origin(start))
            default: break
            }
        }
        if start == offset {
            throw HOCONError("the character \(found) must stand inside quotes here", at: origin())
        }
        return HOCONValue(.string(source.text(start..<offset)), at: origin(start))
    }

    /// Whether a colon here is part of the unquoted text or substitution that it touches on both sides.
    var colonIsText: Bool {
        guard isWide, peek() == UInt8(ascii: ":"), offset > 0, let next = peek(1) else { return false }
        let previous = source.bytes[offset - 1]
        guard previous == UInt8(ascii: "}") || !Self.isReserved(previous), previous > 0x20 else { return false }
        return !(next <= 0x20 || endsValue(next)) && next != UInt8(ascii: "\"") && next != UInt8(ascii: "{")
            && next != UInt8(ascii: "[") && next != UInt8(ascii: ":") && next != UInt8(ascii: "=")
    }

    /// `True` and `FALSE`, alone and unquoted, as the booleans they are meant to be.
    func looseBoolean(_ value: HOCONValue) -> HOCONValue? {
        guard isWide, case .string(let text) = value.content else { return nil }
        switch text.lowercased() {
        case "true": return HOCONValue(.bool(true), at: value.origin)
        case "false": return HOCONValue(.bool(false), at: value.origin)
        default: return nil
        }
    }
}
