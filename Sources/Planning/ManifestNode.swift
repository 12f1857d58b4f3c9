/// A value of a manifest that knows where it stands.
struct ManifestNode {
    enum Content {
        /// A plain scalar may be a number, a boolean or nothing; any other is text.
        case scalar(String, isPlain: Bool)
        case sequence([ManifestNode])
        case mapping([Pair])
    }

    struct Pair {
        var key: String
        var keyLocation: SourceLocation
        var value: ManifestNode
    }

    var content: Content
    var location: SourceLocation

    /// What a plain scalar means by YAML 1.2's core schema.
    enum Meaning { case null, boolean(Bool), integer(Int64), number, text }

    static func meaning(of plain: String) -> Meaning {
        guard let first = plain.utf8.first else { return .null }
        guard first < UInt8(ascii: ":") else {
            // Most texts begin with a letter, and few are as short as a word with a meaning of its own.
            guard plain.utf8.count <= 5 else { return .text }
            switch plain {
            case "~", "null", "Null", "NULL": return .null
            case "true", "True", "TRUE": return .boolean(true)
            case "false", "False", "FALSE": return .boolean(false)
            default: return .text
            }
        }
        if let integer = Int64(plain) { return .integer(integer) }
        return isNumber(plain) ? .number : .text
    }

    /// Digits with at most one point and an exponent, `0x…`, `0o…`, `.inf` or `.nan`.
    private static func isNumber(_ text: String) -> Bool {
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        if text.hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16) != nil }
        if text.hasPrefix("0o") { return Int64(text.dropFirst(2), radix: 8) != nil }
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(where: { rest.elementsEqual($0.utf8) }) {
            return true
        }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        var fraction = rest[rest.startIndex..<rest.startIndex]
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: isDigit)
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return false }
        guard let exponent = rest.first else { return true }
        guard exponent == UInt8(ascii: "e") || exponent == UInt8(ascii: "E") else { return false }
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    /// Whether the value is a plain `null`, `~` or nothing at all.
    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content, case .null = Self.meaning(of: text) { true } else { false }
    }

    /// What the value is, for messages.
    var kind: String {
        switch content {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .scalar(_, isPlain: false): return "a string"
        case .scalar(let text, isPlain: true):
            switch Self.meaning(of: text) {
            case .null: return "nothing"
            case .boolean: return "a boolean"
            case .integer, .number: return "a number"
            case .text: return "a string"
            }
        }
    }
}
