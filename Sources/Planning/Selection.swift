/// Which entries of a manifest a command is about.
public struct Selection: Hashable, Sendable {
    /// `bert` (of any kind), `models/bert`, or a glob of either: `models/*`, `bert-*`. Empty selects every entry.
    public var names: [String]
    /// Only entries of these kinds; empty for any.
    public var kinds: Set<Entry.Kind>
    /// Only entries with at least one of these tags; empty for any.
    public var tags: [String]
    /// As `names`; an entry that both name is left out.
    public var exclude: [String]

    public init(names: [String] = [], kinds: Set<Entry.Kind> = [], tags: [String] = [], exclude: [String] = []) {
        self.names = names
        self.kinds = kinds
        self.tags = tags
        self.exclude = exclude
    }

    /// Whether it selects every entry of any manifest.
    public var isEverything: Bool { names.isEmpty && kinds.isEmpty && tags.isEmpty && exclude.isEmpty }

    /// The selected entries, in their order.
    /// - Throws: for a name or tag that no entry has: that is a mistake, not an empty selection.
    public func select(from entries: [Entry]) throws(SelectionError) -> [Entry] {
        guard !isEverything else { return entries }
        let wanted = try names.isEmpty ? nil : ids(of: names, in: entries)
        let unwanted = try ids(of: exclude, in: entries)
        let known = Set(entries.lazy.flatMap(\.tags))
        for tag in tags where !known.contains(tag) {
            throw .unknownTag(tag, suggestion: Suggestion.nearest(to: tag, among: known.sorted()))
        }
        return entries.filter { entry in
            wanted?.contains(entry.id) ?? true && !unwanted.contains(entry.id)
                && (kinds.isEmpty || kinds.contains(entry.id.kind))
                && (tags.isEmpty || entry.tags.contains(where: tags.contains))
        }
    }

    private func ids(of names: [String], in entries: [Entry]) throws(SelectionError) -> Set<Entry.ID> {
        var exact: [String: [Entry.ID]] = [:]
        for entry in entries {
            exact[entry.id.name, default: []].append(entry.id)
            exact[entry.id.description, default: []].append(entry.id)
        }
        var ids: Set<Entry.ID> = []
        for name in names {
            if let found = exact[name] {
                ids.formUnion(found)
                continue
            }
            let glob: Glob
            do { glob = try Glob(name) } catch { throw .badPattern(name, error) }
            let found = entries.map(\.id).filter { glob.matches($0.name) || glob.matches($0.description) }
            if found.isEmpty {
                throw .unknownName(name, suggestion: Suggestion.nearest(to: name, among: exact.keys.sorted()))
            }
            ids.formUnion(found)
        }
        return ids
    }
}

/// A selection that names what is not there.
public enum SelectionError: Error, Hashable, Sendable {
    case unknownName(String, suggestion: String?)
    case unknownTag(String, suggestion: String?)
    case badPattern(String, GlobError)
}

extension SelectionError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownName(let name, let suggestion): "no entry is called '\(name)'" + Self.hint(suggestion)
        case .unknownTag(let tag, let suggestion): "no entry has the tag '\(tag)'" + Self.hint(suggestion)
        case .badPattern(let name, let error): "'\(name)' is neither a name nor a pattern: \(error)"
        }
    }

    private static func hint(_ suggestion: String?) -> String { suggestion.map { "; did you mean '\($0)'?" } ?? "" }
}
