/// A value as parsed: merged as far as that needs no substitution.
enum Node {
    case scalar(HOCONValue)
    case array(ArrayNode)
    case object(ObjectNode)
    case reference(Reference)
    case concatenation(Concatenation)
    case stack(Stack)

    var origin: HOCONOrigin {
        switch self {
        case .scalar(let value): value.origin
        case .array(let array): array.origin
        case .object(let object): object.origin
        case .reference(let reference): reference.origin
        case .concatenation(let concatenation): concatenation.origin
        case .stack(let stack): stack.layers[stack.layers.count - 1].origin
        }
    }

    /// What a field holds once `self` is written after `older` for the same key.
    func merged(over older: Node?) -> Node {
        switch (self, older) {
        case (_, nil), (.scalar, _), (.array, _), (.object, .scalar?), (.object, .array?):
            return self
        case (.object(let new), .object(let old)?):
            old.merge(new)
            return .object(old)
        case (.object(let new), .stack(let old)?):
            if case .object(let top) = old.layers[old.layers.count - 1] {
                top.merge(new)
            } else {
                old.layers.append(self)
            }
            return .stack(old)
        case (.stack(let new), .some(let old)):
            // A non-object at the bottom hides whatever lies below.
            switch new.layers[0] {
            case .scalar, .array: return self
            default: break
            }
            if case .stack(let older) = old {
                older.layers += new.layers
                return .stack(older)
            }
            return .stack(Stack([old] + new.layers))
        case (_, .stack(let old)?):
            old.layers.append(self)
            return .stack(old)
        case (_, .some(let old)):
            return .stack(Stack([old, self]))
        }
    }
}

final class ArrayNode {
    var elements: [Node]
    let origin: HOCONOrigin

    init(_ elements: [Node], at origin: HOCONOrigin) {
        self.elements = elements
        self.origin = origin
    }
}

final class ObjectNode {
    private(set) var keys: [String] = []
    private(set) var fields: [String: Node] = [:]
    let origin: HOCONOrigin

    init(at origin: HOCONOrigin) { self.origin = origin }

    /// Writes a field as if it stood below all that was written before.
    func set(_ key: String, _ node: Node) {
        if let older = fields.removeValue(forKey: key) {
            fields[key] = node.merged(over: older)
        } else {
            keys.append(key)
            fields[key] = node
        }
    }

    /// The same for a path of keys: `a.b : 1` is `a { b : 1 }`.
    func set(_ path: [String], _ node: Node) {
        var object = self
        for key in path.dropLast() { object = object.child(key, at: node.origin) }
        if let last = path.last { object.set(last, node) }
    }

    /// Replaces a field, merging nothing.
    func replace(_ key: String, _ node: Node) { fields[key] = node }

    func merge(_ newer: ObjectNode) {
        for key in newer.keys {
            if let node = newer.fields[key] { set(key, node) }
        }
    }

    /// The object to write `key`'s members into: the one that is there, or a new one on top.
    func child(_ key: String, at origin: HOCONOrigin) -> ObjectNode {
        switch fields[key] {
        case .object(let object)?: return object
        case .stack(let stack)?:
            if case .object(let top) = stack.layers[stack.layers.count - 1] { return top }
        default: break
        }
        let object = ObjectNode(at: origin)
        set(key, .object(object))
        return object
    }
}

/// `${path}` or `${?path}`. Its identity is the occurrence in the text: that is what is resolved once.
final class Reference {
    let path: [String]
    /// Where the file that holds it is included: looked up below that first, then from the root.
    let prefix: [String]
    let isOptional: Bool
    /// `${path[]}`: the environment's `path_0`, `path_1`, … as an array.
    let isList: Bool
    let origin: HOCONOrigin

    init(_ path: [String], prefix: [String], isOptional: Bool, isList: Bool = false, at origin: HOCONOrigin) {
        self.path = path
        self.prefix = prefix
        self.isOptional = isOptional
        self.isList = isList
        self.origin = origin
    }

    var description: String {
        "${" + (isOptional ? "?" : "") + PathExpression.render(path) + (isList ? "[]" : "") + "}"
    }
}

/// Values side by side, at least one of them a substitution.
final class Concatenation {
    enum Piece {
        /// Whitespace between two values: part of a string, nothing between arrays or objects.
        case space(String)
        case node(Node)
    }

    var pieces: [Piece]
    let origin: HOCONOrigin

    init(_ pieces: [Piece], at origin: HOCONOrigin) {
        self.pieces = pieces
        self.origin = origin
    }
}

/// What was written for one key, oldest first, where what counts depends on a substitution.
final class Stack {
    var layers: [Node]

    init(_ layers: [Node]) { self.layers = layers }
}
