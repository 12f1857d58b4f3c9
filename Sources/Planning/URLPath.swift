/// The path of a URL taken apart: a literal folder, and what is named below it.
struct URLPath {
    /// The whole path when it is literal; otherwise the folder before the first component with a wildcard or a range.
    let folder: String
    let shape: LogicalURL.Shape

    /// - Parameter percentEncoded: whether literal text is percent-decoded; wildcards and ranges never are.
    init(_ written: Substring, percentEncoded: Bool) throws(LogicalURLError) {
        guard written.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "{") }) else {
            folder = try Self.literal(written, percentEncoded: percentEncoded)
            shape = folder.utf8.last == UInt8(ascii: "/") ? .prefix : .single
            return
        }
        let tokens = try Self.tokens(of: written, percentEncoded: percentEncoded)
        let hasWildcard = tokens.contains { if case .stars = $0 { true } else { false } }
        let hasRange = tokens.contains { if case .span = $0 { true } else { false } }
        guard !(hasWildcard && hasRange) else { throw .wildcardAndRange }
        let split = tokens.firstIndex { if case .text = $0 { false } else { true } } ?? tokens.endIndex
        var folder: [UInt8] = []
        for case .text(let text) in tokens[..<split] { folder += text }
        guard split < tokens.endIndex else {
            self.folder = String(decoding: folder, as: UTF8.self)
            shape = folder.last == UInt8(ascii: "/") ? .prefix : .single
            return
        }
        let slash = folder.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        let below = [.text(Array(folder[slash...]))] + tokens[split...]
        self.folder = String(decoding: folder[..<slash], as: UTF8.self)
        shape = try hasWildcard ? .glob(Self.glob(below)) : .range(Self.range(below))
    }

    private enum Token {
        case text([UInt8])
        case stars(Int)
        case span(NumberedRange.Span)
    }

    private static func tokens(of written: Substring, percentEncoded: Bool) throws(LogicalURLError) -> [Token] {
        var tokens: [Token] = []
        var rest = written.utf8
        var text = rest[rest.startIndex..<rest.startIndex]
        func flush(_ tokens: inout [Token]) throws(LogicalURLError) {
            guard !text.isEmpty else { return }
            tokens.append(.text(Array(try literal(Substring(text), percentEncoded: percentEncoded).utf8)))
        }
        while let byte = rest.first {
            let next = rest.dropFirst()
            if byte == UInt8(ascii: "\\"), let escaped = next.first,
                escaped == UInt8(ascii: "*") || escaped == UInt8(ascii: "{")
            {
                try flush(&tokens)
                tokens.append(.text([escaped]))
                rest = next.dropFirst()
                text = rest[rest.startIndex..<rest.startIndex]
            } else if byte == UInt8(ascii: "*") {
                try flush(&tokens)
                let stars = rest.prefix { $0 == UInt8(ascii: "*") }.count
                tokens.append(.stars(stars))
                rest = rest.dropFirst(stars)
                text = rest[rest.startIndex..<rest.startIndex]
            } else if byte == UInt8(ascii: "{"), let found = try span(rest) {
                try flush(&tokens)
                tokens.append(.span(found.span))
                rest = found.rest
                text = rest[rest.startIndex..<rest.startIndex]
            } else {
                rest = next
                text = written.utf8[text.startIndex..<rest.startIndex]
            }
        }
        try flush(&tokens)
        return tokens
    }

    private static func span(
        _ text: Substring.UTF8View
    ) throws(LogicalURLError) -> (span: NumberedRange.Span, rest: Substring.UTF8View)? {
        do { return try NumberedRange.Span.parse(text) } catch { throw .range(error) }
    }

    private static func glob(_ tokens: [Token]) throws(LogicalURLError) -> Glob {
        var pattern = ""
        for token in tokens {
            switch token {
            case .text(let text): pattern += Glob.escape(String(decoding: text, as: UTF8.self))
            case .stars(let count): pattern += String(repeating: "*", count: count)
            case .span: break
            }
        }
        do { return try Glob(pattern) } catch { throw .glob(error) }
    }

    private static func range(_ tokens: [Token]) throws(LogicalURLError) -> NumberedRange {
        var literals = [""]
        var spans: [NumberedRange.Span] = []
        for token in tokens {
            switch token {
            case .text(let text): literals[literals.count - 1] += String(decoding: text, as: UTF8.self)
            case .stars: break
            case .span(let span):
                spans.append(span)
                literals.append("")
            }
        }
        guard literals.last?.utf8.last != UInt8(ascii: "/") else { throw .rangeOfFolders }
        do { return try NumberedRange(literals: literals, spans: spans) } catch { throw .range(error) }
    }

    private static func literal(_ text: Substring, percentEncoded: Bool) throws(LogicalURLError) -> String {
        guard percentEncoded else { return String(text) }
        guard let decoded = PercentEncoding.decode(text) else { throw .badPercentEncoding }
        guard !decoded.utf8.contains(0) else { throw .nulCharacter }
        return decoded
    }
}

/// Percent-encoding as RFC 3986 has it.
enum PercentEncoding {
    /// A path with everything escaped that is not unreserved or `/`.
    static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded.append(UInt8(ascii: "%"))
                encoded += Hex.encode(CollectionOfOne(byte)).uppercased().utf8
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// `nil` for a `%` that two hexadecimal digits do not follow, or bytes that are not UTF-8.
    static func decode(_ text: Substring) -> String? {
        guard text.utf8.holds(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let decoded = Hex.decode(Substring(rest.prefix(2))), decoded.count == 1 else { return nil }
            bytes += decoded
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
