extension HOCONValue {
    /// The value as JSON text. Numbers keep their digits.
    /// - Parameter pretty: with new lines and indentation of two spaces.
    public func json(pretty: Bool = false) -> String {
        var text = ""
        write(to: &text, pretty: pretty, indentation: 0)
        return text
    }

    private func write(to text: inout String, pretty: Bool, indentation: Int) {
        switch content {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let number): text += number.json
        case .string(let string): Self.quote(string, to: &text)
        case .array(let elements):
            Self.list(elements, "[", "]", to: &text, pretty, indentation) { element, text in
                element.write(to: &text, pretty: pretty, indentation: indentation + 1)
            }
        case .object(let object):
            Self.list(object.keys, "{", "}", to: &text, pretty, indentation) { key, text in
                Self.quote(key, to: &text)
                text += pretty ? ": " : ":"
                object[key]?.write(to: &text, pretty: pretty, indentation: indentation + 1)
            }
        }
    }

    private static func list<Element>(
        _ elements: [Element], _ open: String, _ close: String, to text: inout String, _ pretty: Bool,
        _ indentation: Int, _ write: (Element, inout String) -> Void
    ) {
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if pretty { text += "\n" + String(repeating: "  ", count: indentation + 1) }
            write(element, &text)
        }
        if pretty && !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indentation) }
        text += close
    }

    /// A JSON string (RFC 8259, section 7).
    static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{00}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
