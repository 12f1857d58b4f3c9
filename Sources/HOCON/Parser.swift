/// Turns one text into nodes. Substitutions stay as they are; includes are read at once.
struct Parser {
    var lexer: Lexer
    /// The keys around the current place, from this text's root.
    var path: [String] = []
    /// Where this text is included, from the document's root.
    let prefix: [String]
    var depth: Int
    /// Arrays around the current place: inside one, a path does not name a place.
    private(set) var arrays = 0
    private(set) var hasReferences = false
    let includer: Includer

    init(
        _ source: SourceText, options: HOCONDocument.Options, prefix: [String], depth: Int, includer: Includer
    ) {
        // The readers of the wider language refuse a byte order mark: nobody's file has both.
        lexer = Lexer(source, isWide: options.isWide && !source.startsWithByteOrderMark)
        self.prefix = prefix
        self.depth = depth
        self.includer = includer
    }

    /// A whole text: an object, with or without braces, or an array.
    mutating func root() throws(HOCONError) -> Node {
        try checkEncoding()
        lexer.skipBlank()
        let node: Node
        switch lexer.peek() {
        case UInt8(ascii: "{")?: node = .object(try object())
        case UInt8(ascii: "[")?: node = .array(try array())
        default:
            let object = ObjectNode(at: lexer.origin())
            try fields(into: object)
            node = .object(object)
        }
        lexer.skipBlank()
        if lexer.peek() != nil {
            throw HOCONError("the end of the file is expected, found \(lexer.found)", at: lexer.origin())
        }
        return node
    }

    private func checkEncoding() throws(HOCONError) {
        let bytes = lexer.source.bytes
        if String(validating: bytes, as: UTF8.self) != nil { return }
        // Rare enough to look for the place only now.
        var low = 0
        while low < bytes.count {
            let length: Int
            switch bytes[low] {
            case 0..<0x80: length = 1
            case 0xC0..<0xE0: length = 2
            case 0xE0..<0xF0: length = 3
            default: length = 4
            }
            let end = min(low + length, bytes.count)
            if String(validating: bytes[low..<end], as: UTF8.self) == nil { break }
            low = end
        }
        throw HOCONError("the file is not UTF-8 from here", at: lexer.origin(low))
    }

    // MARK: Objects and arrays

    private mutating func nested<Value>(
        _ body: (inout Parser) throws(HOCONError) -> Value
    ) throws(HOCONError) -> Value {
        depth += 1
        defer { depth -= 1 }
        if depth > Limit.nesting {
            throw HOCONError("values are nested more than \(Limit.nesting) deep", at: lexer.origin())
        }
        return try body(&self)
    }

    private mutating func object() throws(HOCONError) -> ObjectNode {
        let start = lexer.offset
        let object = ObjectNode(at: lexer.origin())
        try nested { (parser) throws(HOCONError) in
            parser.lexer.offset += 1
            try parser.fields(into: object)
            guard parser.lexer.peek() == UInt8(ascii: "}") else {
                throw HOCONError("this '{' is not closed", at: parser.lexer.origin(start))
            }
            parser.lexer.offset += 1
        }
        return object
    }

    /// Fields up to a closing brace or the end.
    private mutating func fields(into object: ObjectNode) throws(HOCONError) {
        lexer.skipBlank()
        while let byte = lexer.peek(), byte != UInt8(ascii: "}") {
            if atInclude {
                try include(into: object)
            } else {
                try field(into: object)
            }
            guard try separator(closing: UInt8(ascii: "}")) else { return }
        }
    }

    private mutating func array() throws(HOCONError) -> ArrayNode {
        let start = lexer.offset
        let array = ArrayNode([], at: lexer.origin())
        try nested { (parser) throws(HOCONError) in
            parser.arrays += 1
            defer { parser.arrays -= 1 }
            parser.lexer.offset += 1
            parser.lexer.skipBlank()
            while let byte = parser.lexer.peek(), byte != UInt8(ascii: "]") {
                array.elements.append(try parser.value())
                guard try parser.separator(closing: UInt8(ascii: "]")) else { break }
            }
            guard parser.lexer.peek() == UInt8(ascii: "]") else {
                throw HOCONError("this '[' is not closed", at: parser.lexer.origin(start))
            }
            parser.lexer.offset += 1
        }
        return array
    }

    /// One comma, or a newline; false at the end.
    private mutating func separator(closing: UInt8) throws(HOCONError) -> Bool {
        let sawNewline = lexer.skipBlank()
        guard let byte = lexer.peek(), byte != closing else { return false }
        if byte == UInt8(ascii: ",") {
            lexer.offset += 1
            lexer.skipBlank()
            if lexer.peek() == UInt8(ascii: ",") {
                throw HOCONError("two commas in a row", at: lexer.origin())
            }
            return true
        }
        if !sawNewline {
            throw HOCONError(
                "a comma or a new line is expected before \(lexer.found); put text that holds it in quotes",
                at: lexer.origin())
        }
        return true
    }

    // MARK: Fields

    private mutating func field(into object: ObjectNode) throws(HOCONError) {
        let keys = try pathExpression()
        lexer.skipBlank()
        let separator = lexer.origin()
        var appends = false
        var isBare = false
        switch lexer.peek() {
        case UInt8(ascii: "{")?:
            // Without a separator the object is all of the value: nothing is joined to it.
            isBare = true
        case UInt8(ascii: ":")?, UInt8(ascii: "=")?:
            lexer.offset += 1
        case UInt8(ascii: "+")? where lexer.peek(1) == UInt8(ascii: "="):
            lexer.offset += 2
            appends = true
        default:
            throw HOCONError(
                "':', '=' or '{' is expected after the key \(PathExpression.render(keys)), found \(lexer.found)",
                at: lexer.origin())
        }
        if appends && arrays > 0 {
            throw HOCONError("+= cannot be used inside an array: no path leads to the field", at: separator)
        }
        lexer.skipBlank()
        path += keys
        depth += keys.count - 1
        defer {
            path.removeLast(keys.count)
            depth -= keys.count - 1
        }
        // What is appended becomes an array's element, and the same restriction holds inside it.
        arrays += appends ? 1 : 0
        defer { arrays -= appends ? 1 : 0 }
        let hadReferences = hasReferences
        hasReferences = false
        let node = isBare ? Node.object(try self.object()) : try value()
        let isStatic = !hasReferences
        hasReferences = hasReferences || hadReferences
        if appends {
            append(node, isStatic: isStatic, to: keys, in: object)
        } else {
            object.set(keys, node)
        }
    }

    /// `a += b` is `a = ${?a} [b]`. Where what it adds to is known to be an array already, the element goes straight
    /// into it: a file of ten thousand such lines is otherwise a chain of as many substitutions.
    private mutating func append(_ node: Node, isStatic: Bool, to keys: [String], in root: ObjectNode) {
        var object = root
        for key in keys.dropLast() { object = object.child(key, at: node.origin) }
        guard let key = keys.last else { return }
        if isStatic {
            switch object.fields[key] {
            case .array(let array)?:
                array.elements.append(node)
                return
            case .concatenation(let concatenation)?:
                if case .node(.array(let array))? = concatenation.pieces.last {
                    array.elements.append(node)
                    return
                }
            default: break
            }
        }
        hasReferences = true
        let itself = Reference(path, prefix: prefix, isOptional: true, at: node.origin)
        let element = ArrayNode([node], at: node.origin)
        object.set(
            key,
            .concatenation(
                Concatenation([.node(.reference(itself)), .node(.array(element))], at: node.origin)))
    }

    // MARK: Values

    mutating func value() throws(HOCONError) -> Node {
        let start = lexer.origin()
        var pieces: [Concatenation.Piece] = []
        var isStatic = true
        var bareWord: HOCONValue?
        while true {
            let before = lexer.offset
            let spaces = lexer.skipSpaces()
            guard let byte = lexer.peek(), !lexer.endsValue(byte) else { break }
            if !pieces.isEmpty && lexer.offset > before { pieces.append(.space(spaces)) }
            let node: Node
            switch byte {
            case UInt8(ascii: "{"): node = .object(try object())
            case UInt8(ascii: "["): node = .array(try array())
            case UInt8(ascii: "$"):
                node = .reference(try reference())
                isStatic = false
            case UInt8(ascii: "\""):
                let origin = lexer.origin()
                node = .scalar(HOCONValue(.string(try lexer.quotedString()), at: origin))
            default:
                let text = try lexer.unquotedValue()
                node = .scalar(text)
                bareWord = pieces.isEmpty ? text : nil
            }
            pieces.append(.node(node))
        }
        guard let first = pieces.first else {
            throw HOCONError("a value is expected, found \(lexer.found)", at: lexer.origin())
        }
        if pieces.count == 1, case .node(let node) = first {
            return bareWord.flatMap(lexer.looseBoolean).map(Node.scalar) ?? node
        }
        return isStatic ? try Concatenation.join(pieces, at: start) : .concatenation(Concatenation(pieces, at: start))
    }

    private mutating func reference() throws(HOCONError) -> Reference {
        let origin = lexer.origin()
        lexer.offset += 1
        guard lexer.peek() == UInt8(ascii: "{") else {
            throw HOCONError("the character '$' must stand inside quotes here, or begin a substitution", at: origin)
        }
        lexer.offset += 1
        let isOptional = lexer.peek() == UInt8(ascii: "?")
        if isOptional { lexer.offset += 1 }
        let target = try pathExpression()
        var isList = false
        if lexer.peek() == UInt8(ascii: "["), lexer.peek(1) == UInt8(ascii: "]") {
            isList = true
            lexer.offset += 2
            lexer.skipSpaces()
        }
        guard lexer.peek() == UInt8(ascii: "}") else {
            throw HOCONError("'}' is expected at the end of a substitution, found \(lexer.found)", at: lexer.origin())
        }
        lexer.offset += 1
        hasReferences = true
        return Reference(target, prefix: prefix, isOptional: isOptional, isList: isList, at: origin)
    }

    // MARK: Includes

    private var atInclude: Bool {
        let word = "include".utf8
        guard lexer.source.bytes[lexer.offset...].starts(with: word) else { return false }
        var after = lexer
        after.offset += word.count
        return !after.atUnquoted
    }

    private mutating func include(into object: ObjectNode) throws(HOCONError) {
        let statement = try includeStatement()
        let included = try includer.read(statement, from: lexer.source, prefix: prefix + path, depth: depth)
        for (root, holdsReferences) in included {
            if holdsReferences && arrays > 0 {
                throw HOCONError(
                    "a file that holds substitutions cannot be included inside an array: no path leads to its values",
                    at: statement.origin)
            }
            hasReferences = hasReferences || holdsReferences
            object.merge(root)
        }
    }
}
