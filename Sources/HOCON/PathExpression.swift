/// Paths as they are written in keys and substitutions.
enum PathExpression {
    /// As one would write it: elements that need quotes have them.
    static func render(_ path: [String]) -> String {
        path.map { element in
            let isPlain = !element.isEmpty && element.unicodeScalars.allSatisfy(isPlain)
            return isPlain ? element : "\"" + element + "\""
        }.joined(separator: ".")
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_", "/": true
        default: false
        }
    }
}

extension Parser {
    /// A key, or what stands inside `${ }`: quoted and unquoted texts side by side, split at the unquoted points.
    mutating func pathExpression() throws(HOCONError) -> [String] {
        let start = lexer.offset
        var elements: [String] = []
        var current = ""
        var mayBeEmpty = false
        var isFirst = true
        while true {
            let spaces = lexer.skipSpaces()
            guard let byte = lexer.peek(), !lexer.endsPath(byte) else { break }
            if !isFirst { current += spaces }
            isFirst = false
            if byte == UInt8(ascii: "\"") {
                current += try lexer.quotedString()
                mayBeEmpty = true
                continue
            }
            let pieceStart = lexer.offset
            let text = try lexer.unquotedText()
            for (index, part) in text.split(separator: ".", omittingEmptySubsequences: false).enumerated() {
                if index > 0 {
                    if current.isEmpty && !mayBeEmpty {
                        throw HOCONError(
                            "a path has an empty element here; write \"\" if that is meant",
                            at: lexer.origin(pieceStart))
                    }
                    elements.append(current)
                    (current, mayBeEmpty) = ("", false)
                }
                current += part
            }
        }
        if isFirst {
            throw HOCONError("a key or path is expected, found \(lexer.found)", at: lexer.origin())
        }
        if current.isEmpty && !mayBeEmpty {
            throw HOCONError("a path may not end in a point", at: lexer.origin(start))
        }
        elements.append(current)
        if elements.count + depth > Limit.nesting {
            throw HOCONError("values are nested more than \(Limit.nesting) deep", at: lexer.origin(start))
        }
        return elements
    }
}
