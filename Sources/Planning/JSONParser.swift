extension JSON {
    /// Why a text is not JSON, and where.
    public struct ParseError: Error, Sendable, CustomStringConvertible {
        /// Bytes from the start.
        public var offset: Int
        public var problem: String
        public var description: String { "\(problem) at byte \(offset)" }
    }

    /// Parses one value with nothing but white space around it. Nesting is limited to 512.
    public init(parsing bytes: UnsafeRawBufferPointer) throws(ParseError) {
        var parser = Parser(bytes: bytes)
        self = try parser.document()
    }

    public init(parsing text: String) throws(ParseError) {
        var text = text
        let result = text.withUTF8 { bytes -> Result<JSON, ParseError> in
            do throws(ParseError) { return .success(try JSON(parsing: UnsafeRawBufferPointer(bytes))) } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    private struct Parser {
        let bytes: UnsafeRawBufferPointer
        var offset = 0
        var depth = 0

        init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        mutating func document() throws(ParseError) -> JSON {
            let value = try value()
            skipSpace()
            guard offset == bytes.count else { throw failure("something follows the value") }
            return value
        }

        private func failure(_ problem: String) -> ParseError { ParseError(offset: offset, problem: problem) }

        private mutating func skipSpace() {
            while offset < bytes.count {
                switch bytes[offset] {
                case 0x20, 0x0A, 0x0D, 0x09: offset += 1
                default: return
                }
            }
        }

        private mutating func take(_ byte: Unicode.Scalar) -> Bool {
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: byte) else { return false }
            offset += 1
            return true
        }

        private mutating func value() throws(ParseError) -> JSON {
            skipSpace()
            guard offset < bytes.count else { throw failure("the text ends where a value should be") }
            switch bytes[offset] {
            case UInt8(ascii: "{"): return try object()
            case UInt8(ascii: "["): return try array()
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return try number()
            }
        }

        private mutating func word(_ word: StaticString, _ value: JSON) throws(ParseError) -> JSON {
            let count = word.utf8CodeUnitCount
            guard offset + count <= bytes.count,
                bytes[offset..<offset + count].elementsEqual(
                    UnsafeRawBufferPointer(start: word.utf8Start, count: count))
            else { throw failure("not a JSON value") }
            offset += count
            return value
        }

        private mutating func enter() throws(ParseError) {
            depth += 1
            offset += 1
            guard depth <= 512 else { throw failure("nested too deeply") }
        }

        private mutating func object() throws(ParseError) -> JSON {
            try enter()
            defer { depth -= 1 }
            var members: [Member] = []
            skipSpace()
            if take("}") { return .object([]) }
            repeat {
                skipSpace()
                guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { throw failure("expected a key") }
                let key = try string()
                skipSpace()
                guard take(":") else { throw failure("expected ':'") }
                members.append(Member(key, try value()))
                skipSpace()
            } while take(",")
            guard take("}") else { throw failure("expected ',' or '}'") }
            return .object(members)
        }

        private mutating func array() throws(ParseError) -> JSON {
            try enter()
            defer { depth -= 1 }
            var items: [JSON] = []
            skipSpace()
            if take("]") { return .array([]) }
            repeat {
                items.append(try value())
                skipSpace()
            } while take(",")
            guard take("]") else { throw failure("expected ',' or ']'") }
            return .array(items)
        }

        private mutating func number() throws(ParseError) -> JSON {
            let start = offset
            var isInteger = true
            _ = take("-")
            var isRight = take("0") || takeDigits()
            if take(".") {
                isInteger = false
                isRight = takeDigits() && isRight
            }
            if take("e") || take("E") {
                isInteger = false
                _ = take("+") || take("-")
                isRight = takeDigits() && isRight
            }
            let text = String(decoding: bytes[start..<offset], as: UTF8.self)
            if isRight, isInteger, let value = Int64(text) { return .integer(value) }
            guard isRight, let value = Double(text), value.isFinite else {
                offset = start
                throw failure("not a JSON value")
            }
            return .number(value)
        }

        /// - Returns: false when there is none.
        private mutating func takeDigits() -> Bool {
            let start = offset
            while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
            return offset > start
        }

        private mutating func string() throws(ParseError) -> String {
            offset += 1
            let start = offset
            while offset < bytes.count {
                switch bytes[offset] {
                case UInt8(ascii: "\""):
                    offset += 1
                    // Mostly there is no escape, and the bytes are the string.
                    return String(decoding: bytes[start..<offset - 1], as: UTF8.self)
                case UInt8(ascii: "\\"): return try escapedString(from: start)
                case 0..<0x20: throw failure("a control character in a string")
                default: offset += 1
                }
            }
            throw failure("a string without an end")
        }

        private mutating func escapedString(from start: Int) throws(ParseError) -> String {
            var text = Array(bytes[start..<offset])
            while offset < bytes.count {
                let byte = bytes[offset]
                offset += 1
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
                case 0..<0x20: throw failure("a control character in a string")
                case UInt8(ascii: "\\"): try escape(into: &text)
                default: text.append(byte)
                }
            }
            throw failure("a string without an end")
        }

        private mutating func escape(into text: inout [UInt8]) throws(ParseError) {
            guard offset < bytes.count else { throw failure("a string without an end") }
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
            case UInt8(ascii: "b"): text.append(8)
            case UInt8(ascii: "f"): text.append(12)
            case UInt8(ascii: "n"): text.append(10)
            case UInt8(ascii: "r"): text.append(13)
            case UInt8(ascii: "t"): text.append(9)
            case UInt8(ascii: "u"):
                var unit = UInt32(try hexUnit())
                if (0xD800..<0xDC00).contains(unit) {
                    guard take("\\"), take("u") else { throw failure("half of a surrogate pair") }
                    let low = UInt32(try hexUnit())
                    guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
                    unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
                }
                guard let scalar = Unicode.Scalar(unit) else { throw failure("half of a surrogate pair") }
                text += String(Character(scalar)).utf8
            default: throw failure("an unknown escape")
            }
        }

        private mutating func hexUnit() throws(ParseError) -> UInt16 {
            guard offset + 4 <= bytes.count,
                let unit = Hex.decode(String(decoding: bytes[offset..<offset + 4], as: UTF8.self))
            else { throw failure("\\u wants four hexadecimal digits") }
            offset += 4
            return UInt16(unit[0]) << 8 | UInt16(unit[1])
        }
    }
}
