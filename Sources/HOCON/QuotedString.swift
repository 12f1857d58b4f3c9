extension Lexer {
    /// A string in quotes, or in triple quotes.
    mutating func quotedString() throws(HOCONError) -> String {
        if peek(1) == UInt8(ascii: "\""), peek(2) == UInt8(ascii: "\"") { return try tripleQuotedString() }
        let start = offset
        offset += 1
        var bytes: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                offset += 1
                return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &bytes)
            case UInt8(ascii: "\n"):
                throw HOCONError("a quoted string ends with its line; its closing quote is missing", at: origin(start))
            case 0..<0x20:
                let code = "\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
                throw HOCONError("a quoted string may not hold this control character; write \(code)", at: origin())
            default:
                bytes.append(byte)
                offset += 1
            }
        }
        throw HOCONError("a quoted string is not closed", at: origin(start))
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(HOCONError) {
        let start = offset
        offset += 2
        switch peek(-1) {
        case UInt8(ascii: "\"")?: bytes.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\")?: bytes.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/")?: bytes.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b")?: bytes.append(0x08)
        case UInt8(ascii: "f")?: bytes.append(0x0C)
        case UInt8(ascii: "n")?: bytes.append(0x0A)
        case UInt8(ascii: "r")?: bytes.append(0x0D)
        case UInt8(ascii: "t")?: bytes.append(0x09)
        case UInt8(ascii: "u")?:
            bytes += try Array(String(unicodeEscape(from: start)).utf8)
        default:
            throw HOCONError(
                "a backslash in a quoted string is followed by one of \" \\ / b f n r t u; write \\\\ for a backslash",
                at: origin(start))
        }
    }

    /// The four digits after `\u`, and a second escape where the first is half of a surrogate pair. A lone half, which
    /// no Unicode text can hold, becomes U+FFFD.
    private mutating func unicodeEscape(from start: Int) throws(HOCONError) -> Unicode.Scalar {
        let first = try hexadecimal(from: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        if (0xD800...0xDBFF).contains(first), peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") {
            let before = offset
            offset += 2
            let second = try hexadecimal(from: before)
            let pair = 0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF)
            if (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(pair) { return scalar }
            offset = before
        }
        return "\u{FFFD}"
    }

    private mutating func hexadecimal(from start: Int) throws(HOCONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw HOCONError("\\u is followed by four hexadecimal digits", at: origin(start))
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    /// Everything up to the last of three or more quotes in a row, unchanged.
    private mutating func tripleQuotedString() throws(HOCONError) -> String {
        let start = offset
        offset += 3
        var quotes = 0
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") {
                quotes += 1
            } else if quotes >= 3 {
                break
            } else {
                quotes = 0
            }
            offset += 1
        }
        guard quotes >= 3 else { throw HOCONError("a string in triple quotes is not closed", at: origin(start)) }
        return source.text(start + 3..<offset - 3)
    }
}
