/// The rules for values that stand side by side (HOCON.md, "Value concatenation").
extension Concatenation {
    /// Joins pieces that hold no substitution.
    static func join(_ pieces: [Piece], at origin: HOCONOrigin) throws(HOCONError) -> Node {
        var hasContainer = false
        for case .node(let node) in pieces {
            if case .scalar = node { continue }
            hasContainer = true
        }
        if !hasContainer {
            var text = ""
            for piece in pieces {
                switch piece {
                case .space(let space): text += space
                case .node(.scalar(let value)): text += value.text ?? "null"
                case .node: break
                }
            }
            return .scalar(HOCONValue(.string(text), at: origin))
        }
        var joined: Node?
        for case .node(let node) in pieces {
            guard let left = joined else {
                joined = node
                continue
            }
            switch (left, node) {
            case (.array(let left), .array(let right)):
                left.elements += right.elements
            case (.object(let left), .object(let right)):
                left.merge(right)
            default:
                throw mixed(at: node.origin)
            }
        }
        guard let joined else { throw mixed(at: origin) }
        return joined
    }

    /// Joins resolved values. Whitespace counts only between scalars; `nil` when nothing is there at all.
    static func join(_ pieces: [ResolvedPiece], at origin: HOCONOrigin) throws(HOCONError) -> HOCONValue? {
        var values: [HOCONValue] = []
        for case .value(let value) in pieces { values.append(value) }
        if values.contains(where: { $0.object != nil || $0.array != nil }) {
            return try joinContainers(values)
        }
        if pieces.count == 1, let only = values.first { return only }
        if pieces.isEmpty { return nil }
        var text = ""
        for piece in pieces {
            switch piece {
            case .space(let space): text += space
            case .value(let value): text += value.text ?? "null"
            }
            if text.utf8.count > Limit.weight { throw tooLarge(at: origin) }
        }
        return HOCONValue(.string(text), at: origin)
    }

    enum ResolvedPiece {
        case space(String)
        case value(HOCONValue)
    }

    private static func joinContainers(_ values: [HOCONValue]) throws(HOCONError) -> HOCONValue? {
        guard var joined = values.first else { return nil }
        for value in values.dropFirst() {
            if joined.object != nil, value.object != nil {
                joined = value.merged(over: joined)
            } else if let left = joined.array, let right = value.array {
                joined = HOCONValue(.array(left + right), at: joined.origin)
            } else {
                throw mixed(at: value.origin)
            }
        }
        return joined
    }

    private static func mixed(at origin: HOCONOrigin) -> HOCONError {
        HOCONError(
            "an object or array stands beside a value of another kind; only like kinds can be joined", at: origin)
    }

    static func tooLarge(at origin: HOCONOrigin) -> HOCONError {
        HOCONError("the substitutions make a document of more than \(Limit.weight / 1_048_576) MiB", at: origin)
    }
}

extension HOCONValue {
    /// The value once `self` is written after `older`: objects merge, anything else replaces.
    func merged(over older: HOCONValue) -> HOCONValue {
        guard let newer = object, var merged = older.object else { return self }
        for key in newer.keys {
            guard let value = newer[key] else { continue }
            merged[key] = merged[key].map { value.merged(over: $0) } ?? value
        }
        return HOCONValue(.object(merged), at: origin)
    }
}
