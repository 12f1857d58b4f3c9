/// `include "name"`, `include file("name")`, `include required(url("name"))`, …
struct IncludeStatement {
    enum Location: String {
        /// A bare name: beside the including file.
        case heuristic
        case file, url, classpath
    }

    var location: Location
    var name: String
    var isRequired: Bool
    var origin: HOCONOrigin
}

extension Parser {
    mutating func includeStatement() throws(HOCONError) -> IncludeStatement {
        let origin = lexer.origin()
        lexer.offset += "include".utf8.count
        lexer.skipBlank()
        let isRequired = try opens("required")
        var location = IncludeStatement.Location.heuristic
        for candidate in [IncludeStatement.Location.file, .url, .classpath] where try opens(candidate.rawValue) {
            location = candidate
            break
        }
        guard lexer.peek() == UInt8(ascii: "\"") else {
            throw HOCONError(
                "include is followed by a name in quotes, or by file(), url(), classpath() or required() around one, "
                    + "found \(lexer.found)", at: lexer.origin())
        }
        let name = try lexer.quotedString()
        for _ in 0..<(isRequired ? 1 : 0) + (location == .heuristic ? 0 : 1) {
            lexer.skipBlank()
            guard lexer.peek() == UInt8(ascii: ")") else {
                throw HOCONError("')' is expected after the included name, found \(lexer.found)", at: lexer.origin())
            }
            lexer.offset += 1
        }
        return IncludeStatement(location: location, name: name, isRequired: isRequired, origin: origin)
    }

    /// Consumes `word(` and the whitespace after it.
    private mutating func opens(_ word: String) throws(HOCONError) -> Bool {
        guard lexer.source.bytes[lexer.offset...].starts(with: word.utf8) else { return false }
        let start = lexer.origin()
        lexer.offset += word.utf8.count
        guard lexer.peek() == UInt8(ascii: "(") else {
            throw HOCONError("'(' directly after \(word) is expected", at: start)
        }
        lexer.offset += 1
        lexer.skipBlank()
        return true
    }
}
