internal import Yams

/// The YAML or JSON text of one manifest file as a `ManifestNode`. YAML reads JSON, but for the escapes of JSON's surrogate pairs.
struct ManifestText {
    private(set) var root: ManifestNode?
    private(set) var problems: [ManifestProblem] = []
    private let file: String
    /// Disguised characters by their disguise, see `compose`.
    private var disguised: [Unicode.Scalar: Unicode.Scalar] = [:]
    /// Nodes that may still be made: aliases can make a short text mean an enormous document.
    private var budget: Int

    /// A manifest nests four deep; text that nests deeper than this is refused without looking at it.
    private static let maximumDepth = 32
    private static let knownTags = Set(
        [Tag.Name.implicit, .nonSpecific, .str, .int, .float, .bool, .null].map(\.rawValue))
    /// How many duplicate keys are looked for before the rest is left for the next run.
    private static let maximumDuplicates = 20

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        budget = 10 * bytes.count + 10_000
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        guard let text = String(validating: isMarked ? bytes[3...] : bytes[...], as: UTF8.self) else {
            problems.append(ManifestProblem("the file is not UTF-8 text", at: Self.firstInvalid(bytes, file: file)))
            return
        }
        guard let node = compose(Self.joiningSurrogates(text)) else { return }
        let converted = convert(node, depth: 0)
        // An exhausted budget leaves holes: what they would be blamed for is not the user's mistake.
        if budget > 0 { root = converted }
    }

    private func location(_ mark: Mark?) -> SourceLocation {
        SourceLocation(file: file, line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
    }

    /// Parses, and goes on where Yams gives up at the first duplicate key: that key's first character is disguised as one from
    /// a private plane, which moves no other character, and the text is parsed again. `convert` then reports all duplicates.
    private mutating func compose(_ text: String) -> Node? {
        var text = text
        while true {
            do {
                return try Yams.compose(yaml: text, .basic, .default, .utf8)
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                if disguised.count < Self.maximumDuplicates, disguise(keys.first, at: context.mark, in: &text) {
                    continue
                }
                let key = keys.first.map(original) ?? ""
                problems.append(ManifestProblem("duplicate key '\(key)'", at: location(context.mark)))
            } catch let error as YamlError {
                problems.append(problem(error, text: text))
            } catch {
                problems.append(ManifestProblem("\(error)", at: location(nil)))
            }
            return nil
        }
    }

    private mutating func disguise(_ key: String?, at mark: Mark, in text: inout String) -> Bool {
        guard let first = key?.unicodeScalars.first,
            let disguise = Unicode.Scalar(0xF_0000 + UInt32(disguised.count)),
            var index = Self.index(of: mark, in: text)
        else { return false }
        let scalars = text.unicodeScalars
        if scalars[index] == "\"" || scalars[index] == "'" { index = scalars.index(after: index) }
        guard index < scalars.endIndex, scalars[index] == first, first != "\\", first != "'" else { return false }
        text.unicodeScalars.replaceSubrange(index...index, with: CollectionOfOne(disguise))
        disguised[disguise] = first
        return true
    }

    private func original(_ key: String) -> String {
        guard !disguised.isEmpty, let first = key.unicodeScalars.first, let real = disguised[first] else { return key }
        return String(real) + String(key.unicodeScalars.dropFirst())
    }

    // MARK: - Yams' nodes to ours

    private mutating func convert(_ node: Node, depth: Int) -> ManifestNode {
        let location = location(node.mark)
        let nothing = ManifestNode(content: .scalar("", isPlain: true), location: location)
        budget -= 1
        guard budget > 0 else {
            if budget == 0 {
                problems.append(
                    ManifestProblem("aliases make this document enormous; write it without them", at: location))
            }
            return nothing
        }
        guard depth < Self.maximumDepth else {
            problems.append(ManifestProblem("the value is nested too deeply", at: location))
            return nothing
        }
        switch node {
        case .scalar(let scalar):
            let tag = scalar.tag.rawValue
            if !Self.knownTags.contains(tag) {
                problems.append(ManifestProblem("the tag '\(tag)' has no meaning here", at: location))
            }
            let isPlain = scalar.style == .plain && tag != Tag.Name.str.rawValue
            return ManifestNode(content: .scalar(scalar.string, isPlain: isPlain), location: location)
        case .sequence(let sequence):
            return ManifestNode(content: .sequence(sequence.map { convert($0, depth: depth + 1) }), location: location)
        case .mapping(let mapping):
            return ManifestNode(content: .mapping(convert(mapping, depth: depth)), location: location)
        case .alias:
            return nothing
        }
    }

    private mutating func convert(_ mapping: Node.Mapping, depth: Int) -> [ManifestNode.Pair] {
        var pairs: [ManifestNode.Pair] = []
        var merged: [ManifestNode.Pair] = []
        var seen: [String: SourceLocation] = [:]
        for (keyNode, valueNode) in mapping {
            let keyLocation = location(keyNode.mark)
            guard case .scalar(let scalar) = keyNode else {
                problems.append(ManifestProblem("a key is a plain word, not a list or a mapping", at: keyLocation))
                continue
            }
            let value = convert(valueNode, depth: depth + 1)
            let key = original(scalar.string)
            if key == "<<", scalar.style == .plain {
                merged += merge(value)
            } else if let first = seen[key] {
                let place = "line \(first.line), column \(first.column)"
                problems.append(ManifestProblem("duplicate key '\(key)', first given at \(place)", at: keyLocation))
            } else {
                seen[key] = keyLocation
                pairs.append(.init(key: key, keyLocation: keyLocation, value: value))
            }
        }
        // A merged key gives way to one that the mapping has itself, and to an earlier merge.
        for pair in merged where seen[pair.key] == nil {
            seen[pair.key] = pair.keyLocation
            pairs.append(pair)
        }
        return pairs
    }

    private mutating func merge(_ value: ManifestNode) -> [ManifestNode.Pair] {
        switch value.content {
        case .mapping(let pairs): return pairs
        case .sequence(let nodes): return nodes.flatMap { merge($0) }
        case .scalar:
            problems.append(ManifestProblem("'<<' merges a mapping, not \(value.kind)", at: value.location))
            return []
        }
    }
}

// MARK: - Text and places

extension ManifestText {
    private func problem(_ error: YamlError, text: String) -> ManifestProblem {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            if let index = Self.index(of: mark, in: text), text.unicodeScalars[index] == "\t" {
                return ManifestProblem("a tab cannot indent YAML; use spaces", at: location(mark))
            }
            let detail = context.map { " (\($0.text))" } ?? ""
            return ManifestProblem("the text is not YAML: \(problem)\(detail)", at: location(mark))
        case .reader(let problem, let offset, _, _):
            return ManifestProblem(
                "the text is not YAML: \(problem)", at: Self.location(ofCharacter: offset ?? 0, in: text, file: file))
        default:
            return ManifestProblem("the text is not YAML: \(error)", at: location(nil))
        }
    }

    /// The scalar at a mark; libyaml breaks lines at CR, LF, CRLF, NEL, LS and PS.
    private static func index(of mark: Mark, in text: String) -> String.UnicodeScalarView.Index? {
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        var line = 1
        while line < mark.line {
            guard index < scalars.endIndex else { return nil }
            let scalar = scalars[index]
            index = scalars.index(after: index)
            if scalar == "\r", index < scalars.endIndex, scalars[index] == "\n" { index = scalars.index(after: index) }
            if ["\r", "\n", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar) { line += 1 }
        }
        guard let found = scalars.index(index, offsetBy: mark.column - 1, limitedBy: scalars.endIndex) else {
            return nil
        }
        return found < scalars.endIndex ? found : nil
    }

    private static func location(ofCharacter offset: Int, in text: String, file: String) -> SourceLocation {
        var location = SourceLocation(file: file, line: 1, column: 1)
        for character in text.prefix(offset) {
            location.column += 1
            if character.isNewline {
                location.line += 1
                location.column = 1
            }
        }
        return location
    }

    private static func firstInvalid(_ bytes: [UInt8], file: String) -> SourceLocation {
        // Repair puts U+FFFD where decoding fails; a text that has one of its own is read up to that one.
        let repaired = String(decoding: bytes, as: UTF8.self)
        let offset =
            repaired.firstIndex(of: "\u{FFFD}").map { repaired.distance(from: repaired.startIndex, to: $0) } ?? 0
        return location(ofCharacter: offset, in: repaired, file: file)
    }

    /// JSON writes a character beyond the basic plane as two escapes, which YAML does not know.
    private static func joiningSurrogates(_ text: String) -> String {
        let isJSON = text.utf8.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
        guard isJSON, text.utf8.contains(UInt8(ascii: "\\")) else { return text }
        var joined: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            joined.append(byte)
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else { continue }
            joined.append(kind)
            guard kind == UInt8(ascii: "u"), let high = hex(rest.prefix(4)), (0xD800...0xDBFF).contains(high),
                rest.dropFirst(4).starts(with: #"\u"#.utf8), let low = hex(rest.dropFirst(6).prefix(4)),
                (0xDC00...0xDFFF).contains(low)
            else { continue }
            let value = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
            let digits = String(value, radix: 16)
            joined[joined.count - 1] = UInt8(ascii: "U")
            joined += (String(repeating: "0", count: 8 - digits.utf8.count) + digits).utf8
            rest = rest.dropFirst(10)
        }
        return String(decoding: joined, as: UTF8.self)
    }

    private static func hex(_ digits: Substring.UTF8View) -> UInt32? {
        digits.count == 4 ? UInt32(Substring(digits), radix: 16) : nil
    }
}
