/// Replaces substitutions by what they refer to.
///
/// Values are looked up lazily along a path, so that an object may refer to its own members. While a layer of a stack
/// (one of several values written for a key) is being resolved, that layer and the ones above it are out of sight:
/// `path = ${path} [ /bin ]` sees the older `path`. Each occurrence of a substitution is resolved once.
final class Resolver {
    /// What a lookup came to.
    private enum Outcome {
        case found(HOCONValue)
        /// - exists: the thing looked for is there, but has no member at the rest of the path.
        /// - blocks: a value that is no object hides whatever older layers hold.
        case nothing(exists: Bool, blocks: Bool)
    }

    private enum Failure: Error {
        /// A substitution came back to itself; the nearest one around it is undefined.
        case cycle
        case error(HOCONError)
    }

    private let root: Node
    private let environment: [String: String]
    /// Whole values that are resolved, by their node.
    private var resolved: [ObjectIdentifier: HOCONValue] = [:]
    /// Members that substitutions were asked for, by their path below it; those known to be missing too.
    private var members: [ObjectIdentifier: [[String]: HOCONValue]] = [:]
    private var missing: [ObjectIdentifier: Set<[String]>] = [:]
    /// The paths asked for of each substitution that is being resolved.
    private var active: [ObjectIdentifier: [[String]]] = [:]
    /// Concatenations being resolved: out of sight.
    private var hidden: Set<ObjectIdentifier> = []
    /// How many of a stack's layers are in sight, counted from the oldest.
    private var visible: [ObjectIdentifier: Int] = [:]
    /// Times that something was out of sight or a cycle was cut: a missing value is only remembered without either.
    private var cuts = 0
    private var depth = 0
    /// Substitutions being resolved inside each other, and all that were looked up.
    private var chain = 0
    private var lookUps = 0

    init(root: Node, environment: [String: String]) {
        self.root = root
        self.environment = environment
    }

    func resolveRoot() throws(HOCONError) -> HOCONValue {
        do {
            if case .found(let value) = try look(root, [], target: 0) { return value }
        } catch {
            if case .error(let error) = error { throw error }
        }
        // Not reached: a root is an object or an array, and each cycle is caught at the substitution it began with.
        throw HOCONError("the document holds no value", at: root.origin)
    }

    // MARK: Walking

    /// Resolves what lies at `path` below `node`.
    /// - Parameter target: how many elements of the path belong to the thing looked for; what follows is a member of it.
    private func look(_ node: Node, _ path: ArraySlice<String>, target: Int) throws(Failure) -> Outcome {
        depth += 1
        defer { depth -= 1 }
        if depth > Limit.resolution {
            throw .error(HOCONError("values and substitutions are nested too deeply to resolve", at: node.origin))
        }
        switch node {
        case .scalar(let value):
            return path.isEmpty ? .found(value) : .nothing(exists: target <= 0, blocks: true)
        case .array(let array):
            return path.isEmpty ? .found(try resolve(array)) : .nothing(exists: target <= 0, blocks: true)
        case .object(let object):
            guard let key = path.first else { return .found(try resolve(object)) }
            guard let field = object.fields[key] else { return .nothing(exists: target <= 0, blocks: false) }
            return try look(field, path.dropFirst(), target: target - 1)
        case .reference(let reference):
            return try resolve(reference, member: Array(path), target: target)
        case .concatenation(let concatenation):
            guard let value = try resolve(concatenation) else { return .nothing(exists: false, blocks: false) }
            return pick(path, of: value, target: target)
        case .stack(let stack):
            return try resolve(stack, path, target: target)
        }
    }

    private func pick(_ path: ArraySlice<String>, of value: HOCONValue, target: Int) -> Outcome {
        var value = value
        var target = target
        for key in path {
            guard let object = value.object else { return .nothing(exists: target <= 0, blocks: true) }
            guard let next = object[key] else { return .nothing(exists: target <= 0, blocks: false) }
            value = next
            target -= 1
        }
        return .found(value)
    }

    // MARK: Containers

    private func resolve(_ array: ArrayNode) throws(Failure) -> HOCONValue {
        let id = ObjectIdentifier(array)
        if let known = resolved[id] { return known }
        var elements: [HOCONValue] = []
        for element in array.elements {
            if case .found(let value) = try look(element, [], target: 0) { elements.append(value) }
        }
        return try remember(HOCONValue(.array(elements), at: array.origin), id)
    }

    private func resolve(_ object: ObjectNode) throws(Failure) -> HOCONValue {
        let id = ObjectIdentifier(object)
        if let known = resolved[id] { return known }
        var values: [String: HOCONValue] = [:]
        // Fields that are built on their own older values come first: what they refer to is then seen as it was below
        // them, as in the reference implementation.
        for stacksFirst in [true, false] {
            for key in object.keys {
                guard let field = object.fields[key] else { continue }
                if case .stack = field { if !stacksFirst { continue } } else if stacksFirst { continue }
                if case .found(let value) = try look(field, [], target: 0) { values[key] = value }
            }
        }
        var content = HOCONObject()
        for key in object.keys { content[key] = values[key] }
        return try remember(HOCONValue(.object(content), at: object.origin), id)
    }

    private func remember(_ value: HOCONValue, _ id: ObjectIdentifier) throws(Failure) -> HOCONValue {
        if value.weight > Limit.weight { throw .error(Concatenation.tooLarge(at: value.origin)) }
        if value.height > Limit.nesting {
            throw .error(HOCONError("values are nested more than \(Limit.nesting) deep", at: value.origin))
        }
        resolved[id] = value
        return value
    }

    private func resolve(_ concatenation: Concatenation) throws(Failure) -> HOCONValue? {
        let id = ObjectIdentifier(concatenation)
        if let known = resolved[id] { return known }
        guard hidden.insert(id).inserted else {
            cuts += 1
            return nil
        }
        defer { hidden.remove(id) }
        var pieces: [Concatenation.ResolvedPiece] = []
        for piece in concatenation.pieces {
            switch piece {
            case .space(let space): pieces.append(.space(space))
            case .node(let node):
                if case .found(let value) = try look(node, [], target: 0) { pieces.append(.value(value)) }
            }
        }
        let joined: HOCONValue?
        do {
            joined = try Concatenation.join(pieces, at: concatenation.origin)
        } catch {
            throw .error(error)
        }
        return try joined.map { (value) throws(Failure) in try remember(value, id) }
    }

    /// Merges a stack's visible layers from the newest to the oldest, until one hides the rest.
    private func resolve(_ stack: Stack, _ path: ArraySlice<String>, target: Int) throws(Failure) -> Outcome {
        let id = ObjectIdentifier(stack)
        let count = visible[id] ?? stack.layers.count
        let isWhole = path.isEmpty && count == stack.layers.count
        if isWhole, let known = resolved[id] { return .found(known) }
        if count < stack.layers.count { cuts += 1 }
        var merged: HOCONValue?
        var exists = false
        var blocks = false
        layers: for index in stride(from: count - 1, through: 0, by: -1) {
            let layer = stack.layers[index]
            let outcome: Outcome
            switch layer {
            case .reference, .concatenation:
                visible[id] = index
                defer { visible[id] = count == stack.layers.count ? nil : count }
                outcome = try look(layer, path, target: target)
            default:
                outcome = try look(layer, path, target: target)
            }
            switch outcome {
            case .found(let value):
                merged = merged.map { $0.merged(over: value) } ?? value
                if value.object == nil { break layers }
            case .nothing(let layerExists, let layerBlocks):
                exists = exists || layerExists
                if layerBlocks {
                    blocks = true
                    break layers
                }
            }
        }
        guard let merged else { return .nothing(exists: exists, blocks: blocks) }
        return .found(isWhole ? try remember(merged, id) : merged)
    }

    // MARK: Substitutions

    private func resolve(_ reference: Reference, member: [String], target: Int) throws(Failure) -> Outcome {
        let id = ObjectIdentifier(reference)
        if let whole = resolved[id] { return pick(member[...], of: whole, target: target) }
        if let known = members[id]?[member] { return .found(known) }
        if missing[id]?.contains(member) == true { return .nothing(exists: false, blocks: false) }
        let asked = active[id] ?? []
        // `a = ${a.x}` asks for ever longer members of itself; no honest document comes near this many.
        if asked.contains(member) || asked.count >= 16 {
            cuts += 1
            throw .cycle
        }
        active[id, default: []].append(member)
        defer {
            if asked.isEmpty { active[id] = nil } else { active[id] = asked }
        }
        let cutsBefore = cuts
        let outcome: Outcome
        do {
            outcome = try lookUp(reference, member)
        } catch {
            guard case .cycle = error else { throw error }
            guard reference.isOptional else { throw .error(undefined(reference, isCycle: true)) }
            return .nothing(exists: false, blocks: false)
        }
        switch outcome {
        case .found(let value):
            if member.isEmpty { resolved[id] = value } else { members[id, default: [:]][member] = value }
            return outcome
        case .nothing(exists: true, let blocks):
            return .nothing(exists: target <= 0, blocks: blocks)
        case .nothing(exists: false, _):
            guard reference.isOptional else { throw .error(undefined(reference, isCycle: cuts > cutsBefore)) }
            if cuts == cutsBefore { missing[id, default: []].insert(member) }
            return .nothing(exists: false, blocks: false)
        }
    }

    /// Looks below the place of the file's inclusion, then from the root, then in the environment.
    private func lookUp(_ reference: Reference, _ member: [String]) throws(Failure) -> Outcome {
        chain += 1
        lookUps += 1
        defer { chain -= 1 }
        if chain > Limit.chain {
            throw .error(
                HOCONError("more than \(Limit.chain) substitutions lead to each other", at: reference.origin))
        }
        if lookUps > Limit.lookUps {
            throw .error(
                HOCONError("the substitutions refer to each other in too many ways to resolve", at: reference.origin))
        }
        let cutsBefore = cuts
        var bases = [[String]()]
        if !reference.prefix.isEmpty { bases.insert(reference.prefix, at: 0) }
        for base in bases {
            let place = base + reference.path
            let outcome = try look(root, (place + member)[...], target: place.count)
            if case .nothing(exists: false, _) = outcome { continue }
            return outcome
        }
        // A value that refers to itself is not what the environment is for.
        guard cuts == cutsBefore, reference.path.count == 1, let name = reference.path.first else {
            return .nothing(exists: false, blocks: false)
        }
        var value: HOCONValue?
        if reference.isList {
            var elements: [HOCONValue] = []
            while let text = environment["\(name)_\(elements.count)"] {
                elements.append(variable("\(name)_\(elements.count)", text, reference))
            }
            if !elements.isEmpty { value = HOCONValue(.array(elements), at: reference.origin) }
        } else if let text = environment[name] {
            value = variable(name, text, reference)
        }
        guard let value else { return .nothing(exists: false, blocks: false) }
        return member.isEmpty ? .found(value) : .nothing(exists: true, blocks: true)
    }

    private func variable(_ name: String, _ text: String, _ reference: Reference) -> HOCONValue {
        var origin = reference.origin
        origin.environmentVariable = name
        return HOCONValue(.string(text), at: origin)
    }

    private func undefined(_ reference: Reference, isCycle: Bool) -> HOCONError {
        let problem =
            isCycle
            ? "refers to itself, and nothing older is there to refer to"
            : "is not defined, neither in the file nor in the environment"
        return HOCONError(
            "\(reference.description) \(problem); write ${?…} if it may be missing", at: reference.origin)
    }
}
