/// Java's `.properties` files, which an include without an ending also finds: flat keys, every value a string.
///
/// Source: java.util.Properties.load, and HOCON.md, "Java properties mapping".
enum JavaProperties {
    static func object(_ source: SourceText) -> ObjectNode {
        let root = ObjectNode(at: HOCONOrigin(source, 0))
        var entries: [(path: [String], value: HOCONValue)] = []
        var offset = 0
        while offset < source.bytes.count {
            let start = offset
            let line = logicalLine(source, from: &offset)
            guard let first = line.first, first != "#", first != "!" else { continue }
            let (key, value) = split(line)
            let path = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            entries.append((path, HOCONValue(.string(value), at: HOCONOrigin(source, start))))
        }
        // Where `a` and `a.b` are both there the object wins, whatever their order: a properties file has none.
        for entry in entries.sorted(by: { $0.path.count < $1.path.count }) {
            root.set(entry.path, .scalar(entry.value))
        }
        return root
    }

    /// One line without its leading whitespace; a backslash at its end joins the next.
    private static func logicalLine(_ source: SourceText, from offset: inout Int) -> String {
        var text = ""
        while offset < source.bytes.count {
            let end = source.bytes[offset...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? source.bytes.count
            let line = source.text(offset..<end).drop { $0 == " " || $0 == "\t" || $0 == "\u{0C}" }
            offset = min(end + 1, source.bytes.count)
            text += line
            guard line.reversed().prefix(while: { $0 == "\\" }).count % 2 == 1 else { break }
            text.removeLast()
        }
        return text
    }

    private static func split(_ line: String) -> (key: String, value: String) {
        var key = ""
        var rest = Substring(line)
        while let character = rest.first {
            if character == "=" || character == ":" || character == " " || character == "\t" { break }
            key += unescaped(&rest)
        }
        rest = rest.drop { $0 == " " || $0 == "\t" }
        if rest.first == "=" || rest.first == ":" { rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" } }
        var value = ""
        while !rest.isEmpty { value += unescaped(&rest) }
        return (key, value)
    }

    /// Takes one character, or one escape.
    private static func unescaped(_ rest: inout Substring) -> String {
        let first = rest.removeFirst()
        guard first == "\\", let second = rest.popFirst() else { return String(first) }
        switch second {
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "f": return "\u{0C}"
        case "u":
            let digits = rest.prefix(4)
            guard digits.count == 4, let code = UInt32(digits, radix: 16) else { return "u" }
            rest = rest.dropFirst(4)
            return String(Unicode.Scalar(code) ?? "\u{FFFD}")
        default: return String(second)
        }
    }
}
