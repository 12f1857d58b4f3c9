/// Reads the XML that stores answer with, element by element, without a tree in memory.
///
/// Of XML 1.0 it takes what such answers use: elements, attributes, text, CDATA, comments, processing instructions, the five
/// predefined entities and character references, in UTF-8. A document type, and with it every entity of its own, is refused;
/// depth and size are bounded. Names come without their namespace prefix.
///
/// ```
/// var reader = try XMLReader(bytes)
/// let root = try reader.root()
/// try reader.children { reader, name in
///     if name == "Code" { code = try reader.text() }
/// }
/// ```
public struct XMLReader: Sendable {
    private let bytes: [UInt8]
    private var position: Int
    /// The names of the elements that are open, as they are written.
    private var open: [Range<Int>] = []
    /// What stands behind the name in the latest start tag.
    private var attributes = 0..<0
    /// The latest start tag was `<name/>`: its end has no bytes.
    private var endsAtOnce = false

    public static let deepest = 32

    /// - Parameter limit: more bytes than this are refused.
    public init(_ bytes: [UInt8], limit: Int = 32 << 20) throws(XMLError) {
        guard bytes.count <= limit else { throw XMLError("more than \(limit) bytes", at: limit) }
        self.bytes = bytes
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// Enters the document's element. Call it first.
    public mutating func root() throws(XMLError) -> String {
        while true {
            skipSpace()
            guard position < bytes.count else { throw problem("no element") }
            guard bytes[position] == UInt8(ascii: "<") else { throw problem("text before the first element") }
            if try skipMisc() { continue }
            return try startTag()
        }
    }

    /// Calls `body` with each child of the element just entered, up to the element's end. What `body` leaves unread is skipped.
    public mutating func children(
        _ body: (_ reader: inout XMLReader, _ name: String) throws(XMLError) -> Void
    ) throws(XMLError) {
        let level = open.count
        while try !atEnd() {
            guard bytes[position] == UInt8(ascii: "<") else {
                try skipText()
                continue
            }
            if try skipMisc() { continue }
            let name = try startTag()
            try body(&self, name)
            while open.count > level { try skip() }
        }
    }

    /// The text of the element just entered, which must have no children, up to the element's end.
    public mutating func text() throws(XMLError) -> String {
        var text = ""
        while try !atEnd() {
            if bytes[position] != UInt8(ascii: "<") {
                let start = position
                try skipText()
                text += try decoded(start..<position)
            } else if starts(with: "<![CDATA[") {
                let start = position + 9
                try skip(past: "]]>")
                text += try validated(start..<(position - 3))
            } else if try !skipMisc() {
                throw problem("an element where text belongs")
            }
        }
        return text
    }

    /// Goes past the end of the element just entered.
    public mutating func skip() throws(XMLError) {
        try children { _, _ throws(XMLError) in }
    }

    /// An attribute of the element just entered: ask before going on.
    public func attribute(_ name: String) throws(XMLError) -> String? {
        var rest = XMLReader(self, at: attributes.lowerBound)
        while true {
            rest.skipSpace()
            guard rest.position < attributes.upperBound else { return nil }
            let found = try rest.name()
            let value = try rest.attributeValue()
            if localName(found).elementsEqual(name.utf8) { return try decoded(value) }
        }
    }

    // MARK: Tags

    private init(_ reader: XMLReader, at position: Int) {
        bytes = reader.bytes
        self.position = position
    }

    private mutating func startTag() throws(XMLError) -> String {
        guard open.count < Self.deepest else { throw problem("more than \(Self.deepest) elements in each other") }
        position += 1
        let name = try name()
        let start = position
        while true {
            skipSpace()
            guard position < bytes.count else { throw problem("a tag without an end") }
            if bytes[position] == UInt8(ascii: ">") || bytes[position] == UInt8(ascii: "/") { break }
            _ = try self.name()
            _ = try attributeValue()
        }
        attributes = start..<position
        endsAtOnce = bytes[position] == UInt8(ascii: "/")
        if endsAtOnce { position += 1 }
        try require(UInt8(ascii: ">"))
        open.append(name)
        return try validated(localName(name).indices)
    }

    /// Whether the innermost element ends here; its end tag is then read.
    private mutating func atEnd() throws(XMLError) -> Bool {
        guard let name = open.last else { throw problem("no element is open") }
        if endsAtOnce {
            endsAtOnce = false
            open.removeLast()
            return true
        }
        guard position < bytes.count else { throw problem("the end of an element is missing") }
        guard starts(with: "</") else { return false }
        position += 2
        guard bytes[position...].starts(with: bytes[name]) else { throw problem("the end of another element") }
        position += name.count
        skipSpace()
        try require(UInt8(ascii: ">"))
        open.removeLast()
        return true
    }

    private mutating func name() throws(XMLError) -> Range<Int> {
        let start = position
        while position < bytes.count, bytes[position].isXMLNameByte { position += 1 }
        guard position > start else { throw problem("no name") }
        return start..<position
    }

    /// Reads `= "value"`, and tells where the value is.
    private mutating func attributeValue() throws(XMLError) -> Range<Int> {
        skipSpace()
        try require(UInt8(ascii: "="))
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
        else {
            throw problem("an attribute without quotes")
        }
        let quote = bytes[position]
        let start = position + 1
        guard let end = bytes[start...].firstIndex(of: quote), !bytes[start..<end].contains(UInt8(ascii: "<")) else {
            throw problem("an attribute without an end")
        }
        position = end + 1
        return start..<end
    }

    private func localName(_ name: Range<Int>) -> ArraySlice<UInt8> {
        guard let colon = bytes[name].firstIndex(of: UInt8(ascii: ":")) else { return bytes[name] }
        return bytes[(colon + 1)..<name.upperBound]
    }

    // MARK: Between tags

    /// Passes a comment or a processing instruction. `false`: here is something else.
    private mutating func skipMisc() throws(XMLError) -> Bool {
        guard position + 1 < bytes.count else { throw problem("a tag without an end") }
        switch bytes[position + 1] {
        case UInt8(ascii: "?"):
            try skip(past: "?>")
            return true
        case UInt8(ascii: "!"):
            if starts(with: "<!--") {
                try skip(past: "-->")
            } else if starts(with: "<![CDATA["), !open.isEmpty {
                try skip(past: "]]>")
            } else {
                throw problem("a document type")
            }
            return true
        default: return false
        }
    }

    private mutating func skipText() throws(XMLError) {
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
        guard position < bytes.count else { throw problem("the end of an element is missing") }
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    private mutating func skip(past end: StaticString) throws(XMLError) {
        while position < bytes.count {
            if starts(with: end) {
                position += end.utf8CodeUnitCount
                return
            }
            position += 1
        }
        throw problem("'\(end)' is missing")
    }

    private func starts(with text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[position + offset] != text.utf8Start[offset] { return false }
        return true
    }

    private mutating func require(_ byte: UInt8) throws(XMLError) {
        guard position < bytes.count, bytes[position] == byte else {
            throw problem("'\(Character(Unicode.Scalar(byte)))' is missing")
        }
        position += 1
    }

    // MARK: Text

    private func validated(_ range: Range<Int>) throws(XMLError) -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw XMLError("text that is not UTF-8", at: range.lowerBound)
        }
        return text
    }

    /// Text with its references replaced (XML 1.0, 4.1 and 4.6); line ends as they are.
    private func decoded(_ range: Range<Int>) throws(XMLError) -> String {
        guard var mark = bytes[range].firstIndex(of: UInt8(ascii: "&")) else { return try validated(range) }
        var text: [UInt8] = []
        var start = range.lowerBound
        while true {
            text += bytes[start..<mark]
            // The longest reference is `&#x10FFFF;`; leading zeros may make it a little longer.
            guard let end = bytes[mark..<min(range.upperBound, mark + 16)].firstIndex(of: UInt8(ascii: ";")) else {
                throw XMLError("a '&' that begins no reference", at: mark)
            }
            let name = String(decoding: bytes[(mark + 1)..<end], as: UTF8.self)
            guard let scalar = Self.scalar(name) else { throw XMLError("an unknown reference", at: mark) }
            text += Character(scalar).utf8
            start = end + 1
            guard let next = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: "&")) else { break }
            mark = next
        }
        text += bytes[start..<range.upperBound]
        guard let decoded = String(validating: text, as: UTF8.self) else {
            throw XMLError("text that is not UTF-8", at: range.lowerBound)
        }
        return decoded
    }

    private static func scalar(_ reference: String) -> Unicode.Scalar? {
        switch reference {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard reference.hasPrefix("#") else { return nil }
            let isHex = reference.hasPrefix("#x")
            let digits = reference.dropFirst(isHex ? 2 : 1)
            guard digits.utf8.first.map({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) ?? false else {
                return nil
            }
            return UInt32(digits, radix: isHex ? 16 : 10).flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }
        }
    }

    private func problem(_ message: String) -> XMLError { XMLError(message, at: position) }
}

/// Why bytes are not the XML that they should be.
public struct XMLError: Error, Hashable, CustomStringConvertible {
    public var message: String
    /// Bytes before the problem.
    public var offset: Int

    public init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }

    public var description: String { "\(message) (at byte \(offset))" }
}

extension UInt8 {
    /// Wider than XML's own rule: every byte of a letter beyond ASCII passes.
    fileprivate var isXMLNameByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...0xFF:
            true
        case UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
