/// A pattern over relative paths, matched component by component and byte for byte, without regard to locale.
///
/// - `*` any run of characters within a component, a leading dot included; `?` one Unicode scalar.
/// - `[abc]`, `[a-z]`, `[!abc]` one scalar of (or not of) a set.
/// - `**`, alone between slashes: any number of components; at the end, one or more.
/// - `\` makes the next character literal. A pattern that ends in `/` selects everything below that folder.
///
/// Matching takes no more than (length of path) × (length of pattern) steps, whatever the pattern.
public struct Glob: Sendable {
    /// The pattern as it was written.
    public let pattern: String
    /// What every matching path begins with, as far as the pattern says it without a wildcard: bounds a listing.
    public let literalPrefix: String
    private let components: [Component]

    private enum Component: Hashable {
        case anyDepth
        case literal([UInt8])
        case tokens([Token])
    }

    enum Token: Hashable {
        case byte(UInt8)
        case one
        case many
        case set(ScalarSet)
    }

    struct ScalarSet: Hashable {
        var negated = false
        var ranges: [ClosedRange<UInt32>] = []
        func contains(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } != negated }
    }

    public init(_ pattern: String) throws(GlobError) {
        guard !pattern.isEmpty else { throw .empty }
        var pieces = Glob.split(pattern)
        if pieces.count > 1, pieces.last == [] { pieces[pieces.count - 1] = Array("**".utf8) }
        var components: [Component] = []
        for piece in pieces {
            let component = try Glob.parse(piece)
            if component == .anyDepth, components.last == .anyDepth { continue }
            components.append(component)
        }
        self.pattern = pattern
        self.components = components
        literalPrefix = Glob.literalPrefix(of: components)
    }

    /// A pattern that matches exactly this text when put into a longer pattern.
    public static func escape(_ text: some StringProtocol) -> String {
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            if #"\*?[{"#.utf8.contains(byte) { escaped.append(UInt8(ascii: "\\")) }
            escaped.append(byte)
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    /// Whether the whole relative path matches; components are separated by `/`.
    public func matches(_ path: some StringProtocol) -> Bool {
        let answer = path.utf8.withContiguousStorageIfAvailable { matches($0[...]) }
        return answer ?? Array(path.utf8).withUnsafeBufferPointer { matches($0[...]) }
    }

    // A wildcard is retried only from the latest `**` (below: the latest `*`): whatever an earlier one could still give up, the
    // latest can take as well. This keeps the worst case at a product of the lengths.
    private func matches(_ path: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var index = 0
        var position = path.startIndex
        var retry: (index: Int, position: Int)?
        while true {
            if index < components.count, components[index] == .anyDepth {
                if index == components.count - 1 { return position < path.endIndex }
                retry = (index, position)
                index += 1
                continue
            }
            let end = path[position...].firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
            if index < components.count, Glob.matches(components[index], path[position..<end]) {
                index += 1
                // At the end of the path an earlier `**` cannot help: it would leave even less for the rest of the pattern.
                if end == path.endIndex { return index == components.count }
                position = end + 1
                continue
            }
            guard let from = retry,
                let slash = path[from.position...].firstIndex(of: UInt8(ascii: "/"))
            else { return false }
            retry = (from.index, slash + 1)
            index = from.index + 1
            position = slash + 1
        }
    }

    private static func matches(_ component: Component, _ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        switch component {
        case .anyDepth: true
        case .literal(let bytes): bytes.count == name.count && bytes.elementsEqual(name)
        case .tokens(let tokens): matches(tokens, name)
        }
    }

    private static func matches(_ tokens: [Token], _ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        var index = 0
        var position = name.startIndex
        var retry: (index: Int, position: Int)?
        while true {
            if index == tokens.count {
                if position == name.endIndex { return true }
            } else if tokens[index] == .many {
                index += 1
                retry = (index, position)
                continue
            } else if let length = length(of: tokens[index], at: position, in: name) {
                index += 1
                position += length
                continue
            }
            guard let from = retry, from.position < name.endIndex else { return false }
            retry = (from.index, from.position + 1)
            index = from.index
            position = from.position + 1
        }
    }

    /// Bytes that the token takes at the position, or `nil` when it does not match there.
    private static func length(of token: Token, at position: Int, in name: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard position < name.endIndex else { return nil }
        switch token {
        case .byte(let byte): return name[position] == byte ? 1 : nil
        case .many: return nil
        case .one: return scalar(at: position, in: name)?.length
        case .set(let set):
            guard let (value, length) = scalar(at: position, in: name), set.contains(value) else { return nil }
            return length
        }
    }

    private static func scalar(
        at position: Int, in name: Slice<UnsafeBufferPointer<UInt8>>
    ) -> (value: UInt32, length: Int)? {
        let lead = name[position]
        // A `*` may have stopped inside a scalar; no scalar begins there.
        guard lead & 0xC0 != 0x80 else { return nil }
        let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard position + length <= name.endIndex else { return nil }
        var value = length == 1 ? UInt32(lead) : UInt32(lead) & (0x7F >> UInt32(length))
        for byte in name[(position + 1)..<(position + length)] { value = value << 6 | UInt32(byte & 0x3F) }
        return (value, length)
    }
}

extension Glob: Hashable, CustomStringConvertible {
    // By bytes: Swift compares strings by canonical equivalence, and file names are bytes.
    public static func == (left: Glob, right: Glob) -> Bool { left.pattern.utf8.elementsEqual(right.pattern.utf8) }
    public func hash(into hasher: inout Hasher) { hasher.combine(pattern) }
    public var description: String { pattern }
}

extension Glob {
    /// The pattern's components; a slash inside a set or behind a backslash does not occur in file names and still separates.
    private static func split(_ pattern: String) -> [[UInt8]] {
        pattern.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
    }

    private static func parse(_ piece: [UInt8]) throws(GlobError) -> Component {
        if piece.isEmpty { throw .emptyComponent }
        if piece == Array("**".utf8) { return .anyDepth }
        if piece == Array(".".utf8) || piece == Array("..".utf8) { throw .dotComponent }
        var tokens: [Token] = []
        var rest = piece[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0: throw .nulCharacter
            case UInt8(ascii: "*"):
                if tokens.last == .many { throw .doubleStar }
                tokens.append(.many)
            case UInt8(ascii: "?"): tokens.append(.one)
            case UInt8(ascii: "["): tokens.append(.set(try parseSet(&rest)))
            case UInt8(ascii: "{"): throw .braces
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst() else { throw .trailingBackslash }
                tokens.append(.byte(next))
            default: tokens.append(.byte(byte))
            }
        }
        var literal: [UInt8] = []
        for case .byte(let byte) in tokens { literal.append(byte) }
        return literal.count == tokens.count ? .literal(literal) : .tokens(tokens)
    }

    /// Parses behind `[` and takes the closing `]`. A `]` that comes first is a member.
    private static func parseSet(_ rest: inout ArraySlice<UInt8>) throws(GlobError) -> ScalarSet {
        var set = ScalarSet()
        if let first = rest.first, first == UInt8(ascii: "!") || first == UInt8(ascii: "^") {
            set.negated = true
            rest = rest.dropFirst()
        }
        var scalars: [(value: UInt32, escaped: Bool)] = []
        var closed = false
        var text = String(decoding: rest, as: UTF8.self).unicodeScalars[...]
        while let scalar = text.popFirst() {
            if scalar == "]", !scalars.isEmpty {
                closed = true
                break
            }
            if scalar == "\\" {
                guard let next = text.popFirst() else { throw .unclosedSet }
                scalars.append((next.value, true))
            } else {
                scalars.append((scalar.value, false))
            }
        }
        guard closed else { throw .unclosedSet }
        rest = rest.suffix(String(text).utf8.count)
        var index = 0
        while index < scalars.count {
            let isRange = index + 2 < scalars.count && scalars[index + 1] == (UInt32(UInt8(ascii: "-")), false)
            let low = scalars[index].value
            let high = isRange ? scalars[index + 2].value : low
            guard low <= high else { throw .descendingSet }
            set.ranges.append(low...high)
            index += isRange ? 3 : 1
        }
        return set
    }

    private static func literalPrefix(of components: [Component]) -> String {
        var prefix: [UInt8] = []
        for (index, component) in components.enumerated() {
            switch component {
            case .anyDepth: return String(decoding: prefix, as: UTF8.self)
            case .literal(let bytes):
                prefix += bytes
                if index < components.count - 1 { prefix.append(UInt8(ascii: "/")) }
            case .tokens(let tokens):
                for case .byte(let byte) in tokens.prefix(while: { if case .byte = $0 { true } else { false } }) {
                    prefix.append(byte)
                }
                return String(decoding: prefix, as: UTF8.self)
            }
        }
        return String(decoding: prefix, as: UTF8.self)
    }
}

/// Why a text is not a pattern.
public enum GlobError: Error, Hashable, Sendable {
    case empty, emptyComponent, dotComponent, doubleStar, unclosedSet, descendingSet, trailingBackslash, braces,
        nulCharacter
}

extension GlobError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "a pattern cannot be empty"
        case .emptyComponent: "a pattern is a relative path: it cannot begin with '/' or hold '//'"
        case .dotComponent: "'.' and '..' never match: paths are relative and have no such component"
        case .doubleStar: "'**' stands alone between slashes; within a name write '*'"
        case .unclosedSet: "'[' has no ']'; write '\\[' for a literal bracket"
        case .descendingSet: "a range in '[…]' runs backwards"
        case .trailingBackslash: "a '\\' at the end makes nothing literal"
        case .braces: "'{' has no meaning in a pattern; list the alternatives as patterns of their own, or write '\\{'"
        case .nulCharacter: "a path cannot hold a NUL character"
        }
    }
}
