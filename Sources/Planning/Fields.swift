/// What decoding a manifest gathers besides its values.
struct DecodingContext {
    var variables: Variables
    var problems: [ManifestProblem] = []

    mutating func report(_ message: String, at location: SourceLocation) {
        problems.append(ManifestProblem(message, at: location))
    }

    /// The text of a value that has to be a string, its variables expanded; `nil` after reporting why not.
    mutating func string(_ node: ManifestNode, _ label: @autoclosure () -> String) -> String? {
        guard case .scalar(let text, let isPlain) = node.content else {
            report("\(label()): expected a string, found \(node.kind)", at: node.location)
            return nil
        }
        switch isPlain ? ManifestNode.meaning(of: text) : .text {
        case .text: return expand(text, label(), at: node.location)
        case .null: report("\(label()): has no value", at: node.location)
        case .boolean, .integer, .number:
            report("\(label()): expected a string, found \(node.kind); quote it: \"\(text)\"", at: node.location)
        }
        return nil
    }

    mutating func expand(
        _ text: String, _ label: @autoclosure () -> String, at location: SourceLocation
    ) -> String? {
        guard text.utf8.holds(UInt8(ascii: "$")) else { return text }
        do {
            return try variables.expand(text)
        } catch {
            report("\(label()): \(error)", at: location)
            return nil
        }
    }

    /// The meaning of a plain scalar, or of one that a variable fills in.
    mutating func meaning(_ node: ManifestNode, _ label: @autoclosure () -> String) -> ManifestNode.Meaning? {
        guard case .scalar(let text, let isPlain) = node.content else { return nil }
        guard text.utf8.holds(UInt8(ascii: "$")) else { return isPlain ? ManifestNode.meaning(of: text) : .text }
        return expand(text, label(), at: node.location).map(ManifestNode.meaning)
    }
}

/// What messages call a mapping: `models/bert`; nothing for the manifest itself. It is put together when there is a message.
enum FieldsOwner {
    case manifest
    case text(String)
    case entry(Entry.ID)

    fileprivate var prefix: String {
        switch self {
        case .manifest: ""
        case .text(let text): text + ": "
        case .entry(let id): "\(id): "
        }
    }
}

/// The values of one mapping by key. A key that is not of the mapping is reported at once.
struct Fields<Key: RawRepresentable & CaseIterable & Hashable> where Key.RawValue == String {
    private let owner: FieldsOwner
    let location: SourceLocation
    private var pairs: [ManifestNode.Pair] = []
    /// What the key of each pair is, if it is any: a handful, looked through faster than a table is made.
    private var keys: [Key?] = []

    init(_ node: ManifestNode, owner: FieldsOwner, _ context: inout DecodingContext) {
        self.owner = owner
        location = node.location
        guard case .mapping(let pairs) = node.content else {
            if !node.isNull { context.report("\(prefix)expected a mapping of keys, found \(node.kind)", at: location) }
            return
        }
        self.pairs = pairs
        keys.reserveCapacity(pairs.count)
        for pair in pairs {
            let key = Key(rawValue: pair.key)
            keys.append(key)
            guard key == nil else { continue }
            let near = Suggestion.nearest(to: pair.key, among: Key.allCases.map(\.rawValue))
            let hint = near.map { "; did you mean '\($0)'?" } ?? ""
            context.report("\(prefix)unknown key '\(pair.key)'\(hint)", at: pair.keyLocation)
        }
    }

    private var prefix: String { owner.prefix }

    subscript(key: Key) -> ManifestNode? { pair(key)?.value }

    private func pair(_ key: Key) -> ManifestNode.Pair? { keys.firstIndex(of: key).map { pairs[$0] } }

    /// Where the key's value stands; the mapping's place without one.
    func location(of key: Key) -> SourceLocation { pair(key)?.value.location ?? location }

    func keyLocation(of key: Key) -> SourceLocation { pair(key)?.keyLocation ?? location }

    /// What messages call a value: `models/bert: url`.
    func label(_ key: Key) -> String { prefix + key.rawValue }

    func report(_ key: Key, _ message: String, _ context: inout DecodingContext) {
        context.report("\(label(key)): \(message)", at: location(of: key))
    }

    func reportMissing(_ key: Key, _ context: inout DecodingContext) {
        context.report("\(prefix)the key '\(key.rawValue)' is missing", at: location)
    }

    func string(_ key: Key, _ context: inout DecodingContext) -> String? {
        self[key].flatMap { context.string($0, label(key)) }
    }

    func boolean(_ key: Key, _ context: inout DecodingContext) -> Bool? {
        guard let node = self[key] else { return nil }
        let problems = context.problems.count
        if case .boolean(let value) = context.meaning(node, label(key)) { return value }
        if context.problems.count == problems { report(key, "expected true or false, found \(found(node))", &context) }
        return nil
    }

    func integer(_ key: Key, _ context: inout DecodingContext) -> Int64? {
        guard let node = self[key] else { return nil }
        let problems = context.problems.count
        if case .integer(let value) = context.meaning(node, label(key)) { return value }
        if context.problems.count == problems { report(key, "expected a whole number, found \(found(node))", &context) }
        return nil
    }

    /// One word of an enumeration.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: Key, _ context: inout DecodingContext
    ) -> Choice? where Choice.RawValue == String {
        guard let node = self[key] else { return nil }
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        guard case .scalar(let written, _) = node.content, !node.isNull else {
            report(key, "expected one of \(choices), found \(node.kind)", &context)
            return nil
        }
        guard let text = context.expand(written, label(key), at: node.location) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        report(key, "'\(text)' is not one of \(choices)", &context)
        return nil
    }

    /// What messages call an item of a list: `models/bert: tags[0]`.
    func label(_ key: Key, _ number: Int) -> String { "\(label(key))[\(number)]" }

    /// A list's items; nothing for a key without value.
    func items(_ key: Key, of what: String, _ context: inout DecodingContext) -> [ManifestNode] {
        guard let node = self[key], !node.isNull else { return [] }
        guard case .sequence(let nodes) = node.content else {
            report(key, "expected a list of \(what), found \(node.kind)", &context)
            return []
        }
        return nodes
    }

    func strings(_ key: Key, of what: String, _ context: inout DecodingContext) -> [(text: String, node: ManifestNode)]
    {
        items(key, of: what, &context).enumerated().compactMap { number, node in
            context.string(node, label(key, number)).map { ($0, node) }
        }
    }

    private func found(_ node: ManifestNode) -> String {
        guard case .scalar(let text, let isPlain) = node.content, !node.isNull else { return node.kind }
        return isPlain ? "'\(text)'" : "the string \"\(text)\""
    }
}
