/// The YAML or JSON text of one manifest file as a `ManifestNode`. YAML reads JSON, but for the escapes of JSON's surrogate pairs.
struct ManifestText {
    private(set) var root: ManifestNode?
    private(set) var problems: [ManifestProblem] = []
    private let file: String

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        if let nodes = bytes.withUnsafeBufferPointer({ Self.simpleNodes($0, file: file) }) {
            (root, problems) = (nodes.root, nodes.problems)
            return
        }
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        guard let text = String(validating: isMarked ? bytes[3...] : bytes[...], as: UTF8.self) else {
            problems.append(ManifestProblem("the file is not UTF-8 text", at: Self.firstInvalid(bytes, file: file)))
            return
        }
        var joined = Self.joiningSurrogates(text)
        switch joined.withUTF8({ Self.nodes($0, file: file) }) {
        case .success(let nodes): (root, problems) = (nodes.root, nodes.problems)
        case .failure(let failure): problems = [problem(failure, text: joined)]
        }
    }

    /// - Returns: `nil` for all but simple JSON.
    private static func simpleNodes(_ text: UnsafeBufferPointer<UInt8>, file: String) -> ManifestNodes? {
        guard text.first == UInt8(ascii: "{") else { return nil }
        var events = JSONEvents(text)
        return try? ManifestNodes(&events, size: text.count, file: file)
    }

    private static func nodes(
        _ text: UnsafeBufferPointer<UInt8>, file: String
    ) -> Result<ManifestNodes, ManifestEventFailure> {
        var events = YAMLEvents(text)
        do throws(ManifestEventFailure) {
            return .success(try ManifestNodes(&events, size: text.count, file: file))
        } catch {
            return .failure(error)
        }
    }
}

/// The nodes that the events of one document make.
private struct ManifestNodes {
    private(set) var root: ManifestNode?
    private(set) var problems: [ManifestProblem] = []
    private let file: String
    private var anchors: [String: Anchored] = [:]
    /// Nodes that may still be made: aliases can make a short text mean an enormous document.
    private var budget: Int

    /// A node that aliases may repeat, what it costs, and how deep it nests.
    private struct Anchored {
        var node: ManifestNode
        var count: Int
        var height: Int
        var isPlain: Bool
    }

    /// What a node came to.
    private struct Built {
        var node: ManifestNode
        var height = 0
        /// Written without quotes, whatever its tag.
        var isPlain = false
    }

    /// A manifest nests four deep; text that nests deeper than this is refused without looking at it.
    private static let maximumDepth = 32
    private static let knownTags: Set<String> = Set(
        ["str", "int", "float", "bool", "null"].map { "tag:yaml.org,2002:" + $0 } + ["", "!"])

    /// - Parameter size: bytes of the text.
    init<Events: ManifestEvents & ~Copyable>(
        _ events: inout Events, size: Int, file: String
    ) throws(ManifestEventFailure) {
        self.file = file
        budget = 10 * size + 10_000
        _ = try events.next()
        guard case .documentStart = try events.next().event else { return }
        let node = try build(&events, try events.next(), depth: 0)?.node
        _ = try events.next()
        let (event, mark) = try events.next()
        guard case .streamEnd = event else {
            throw .structure(
                problem: "but found another document", context: "expected a single document in the stream", mark: mark)
        }
        // An exhausted budget leaves holes: what they would be blamed for is not the user's mistake.
        if budget > 0 { root = node }
    }

    private func location(_ mark: ManifestMark) -> SourceLocation {
        SourceLocation(file: file, line: mark.line, column: mark.column)
    }

    private mutating func report(_ message: String, at mark: ManifestMark) {
        problems.append(ManifestProblem(message, at: location(mark)))
    }

    /// - Returns: `nil` for the end of a list or mapping.
    private mutating func build<Events: ManifestEvents & ~Copyable>(
        _ events: inout Events, _ first: (event: ManifestEvent, mark: ManifestMark), depth: Int
    ) throws(ManifestEventFailure) -> Built? {
        let location = location(first.mark)
        let left = budget
        budget -= 1
        var built: Built
        let anchor: String?
        switch first.event {
        case .alias(let name): return try alias(name, at: first.mark, depth: depth)
        case .scalar(let text, let tag, let name, let isPlain):
            if let tag, !Self.knownTags.contains(tag) {
                report("the tag '\(tag)' has no meaning here", at: first.mark)
            }
            let isText = tag == "tag:yaml.org,2002:str"
            built = Built(
                node: ManifestNode(content: .scalar(text, isPlain: isPlain && !isText), location: location),
                isPlain: isPlain)
            anchor = name
        case .sequenceStart(let name):
            built = Built(node: ManifestNode(content: .sequence([]), location: location))
            var nodes: [ManifestNode] = []
            while let item = try build(&events, try events.next(), depth: depth + 1) {
                nodes.append(item.node)
                built.height = max(built.height, item.height + 1)
            }
            built.node.content = .sequence(nodes)
            anchor = name
        case .mappingStart(let name):
            built = Built(node: ManifestNode(content: .mapping([]), location: location))
            built.node.content = .mapping(try pairs(&events, depth: depth, &built.height))
            anchor = name
        case .sequenceEnd, .mappingEnd, .streamStart, .streamEnd, .documentStart, .documentEnd: return nil
        }
        // Once, and not for each of its children.
        if depth == Self.maximumDepth { report("the value is nested too deeply", at: first.mark) }
        if let anchor {
            anchors[anchor] = Anchored(
                node: built.node, count: left - budget, height: built.height, isPlain: built.isPlain)
        }
        return built
    }

    private mutating func alias(
        _ name: String, at mark: ManifestMark, depth: Int
    ) throws(ManifestEventFailure) -> Built {
        guard let anchored = anchors[name] else {
            throw .structure(problem: "found undefined alias", context: nil, mark: mark)
        }
        if budget > 0, budget <= anchored.count {
            report("aliases make this document enormous; write it without them", at: mark)
        }
        budget -= min(budget, anchored.count)
        if depth < Self.maximumDepth, depth + anchored.height >= Self.maximumDepth {
            report("the value is nested too deeply", at: mark)
        }
        return Built(node: anchored.node, height: anchored.height, isPlain: anchored.isPlain)
    }

    private mutating func pairs<Events: ManifestEvents & ~Copyable>(
        _ events: inout Events, depth: Int, _ height: inout Int
    ) throws(ManifestEventFailure) -> [ManifestNode.Pair] {
        var pairs = UniquePairs()
        var merged: [ManifestNode.Pair] = []
        while let key = try build(&events, try events.next(), depth: depth + 1) {
            let known = problems.count
            guard let value = try build(&events, try events.next(), depth: depth + 1) else { break }
            height = max(height, value.height + 1)
            let place = key.node.location
            guard case .scalar(let name, _) = key.node.content else {
                // What stands below such a key has no meaning, so it has no problems of its own.
                problems.removeSubrange(known...)
                problems.append(ManifestProblem("a key is a plain word, not a list or a mapping", at: place))
                continue
            }
            if name == "<<", key.isPlain {
                merged += merge(value.node)
            } else if let first = pairs.place(of: name) {
                let message = "duplicate key '\(name)', first given at line \(first.line), column \(first.column)"
                problems.append(ManifestProblem(message, at: place))
            } else {
                pairs.append(.init(key: name, keyLocation: place, value: value.node))
            }
        }
        // A merged key gives way to one that the mapping has itself, and to an earlier merge.
        for pair in merged where pairs.place(of: pair.key) == nil { pairs.append(pair) }
        return pairs.all
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

/// The pairs of a mapping: an entry has a handful, which are looked through; more get a table.
private struct UniquePairs {
    private(set) var all: [ManifestNode.Pair] = []
    private var places: [String: SourceLocation] = [:]
    private static let few = 16

    func place(of key: String) -> SourceLocation? {
        all.count <= Self.few ? all.first { $0.key == key }?.keyLocation : places[key]
    }

    mutating func append(_ pair: ManifestNode.Pair) {
        all.append(pair)
        guard all.count > Self.few else { return }
        if places.isEmpty { for known in all { places[known.key] = known.keyLocation } }
        places[pair.key] = pair.keyLocation
    }
}

// MARK: - Text and places

extension ManifestText {
    private func problem(_ failure: ManifestEventFailure, text: String) -> ManifestProblem {
        switch failure {
        case .structure(let problem, let context, let mark):
            let location = SourceLocation(file: file, line: mark.line, column: mark.column)
            if let index = Self.index(of: mark, in: text), text.unicodeScalars[index] == "\t" {
                return ManifestProblem("a tab cannot indent YAML; use spaces", at: location)
            }
            let detail = context.map { " (\($0))" } ?? ""
            return ManifestProblem("the text is not YAML: \(problem)\(detail)", at: location)
        case .character(let problem, let offset):
            let before = String(decoding: text.utf8.prefix(offset), as: UTF8.self)
            return ManifestProblem(
                "the text is not YAML: \(problem)",
                at: Self.location(ofCharacter: before.count, in: text, file: file))
        }
    }

    /// The scalar at a mark; libyaml breaks lines at CR, LF, CRLF, NEL, LS and PS.
    private static func index(of mark: ManifestMark, in text: String) -> String.UnicodeScalarView.Index? {
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
        guard isJSON, text.utf8.holds(UInt8(ascii: "\\")) else { return text }
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
