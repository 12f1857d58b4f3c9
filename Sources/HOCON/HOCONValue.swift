/// A resolved value, and where it was written.
public struct HOCONValue: Sendable {
    public indirect enum Content: Sendable {
        case null
        case bool(Bool)
        case number(HOCONNumber)
        case string(String)
        case array([HOCONValue])
        case object(HOCONObject)
    }

    public let content: Content
    public internal(set) var origin: HOCONOrigin
    /// Values and bytes of text inside, counted as often as they are printed.
    let weight: Int
    /// Arrays and objects inside each other, this one included.
    let height: Int

    init(_ content: Content, at origin: HOCONOrigin) {
        self.content = content
        self.origin = origin
        switch content {
        case .null, .bool, .number: (weight, height) = (1, 0)
        case .string(let text): (weight, height) = (1 + text.utf8.count, 0)
        case .array(let elements): (weight, height) = Self.measure(elements)
        case .object(let object): (weight, height) = Self.measure(object.values.values)
        }
    }

    private static func measure(_ children: some Sequence<HOCONValue>) -> (weight: Int, height: Int) {
        var weight = 1
        var height = 0
        for child in children {
            // Saturates well below overflow: the resolver refuses what weighs more than its limit.
            weight = min(weight + child.weight, Int.max / 4)
            height = max(height, child.height)
        }
        return (weight, height + 1)
    }

    /// `object`, `array`, `string`, `number`, `boolean` or `null`, for messages.
    public var kind: String {
        switch content {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// The members of an object; `nil` for anything else.
    public var object: HOCONObject? {
        if case .object(let object) = content { object } else { nil }
    }

    /// The elements of an array, or of an object whose keys are numbers (HOCON.md, "Conversion of
    /// numerically-indexed objects to arrays"); `nil` for anything else.
    public var array: [HOCONValue]? {
        switch content {
        case .array(let elements): elements
        case .object(let object): object.numericallyIndexed
        default: nil
        }
    }

    /// A scalar's text as it was written; `nil` for null, arrays and objects.
    public var text: String? {
        switch content {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let value): value ? "true" : "false"
        default: nil
        }
    }

    /// The member at a path of keys.
    public subscript(path: String...) -> HOCONValue? { self[path] }

    public subscript(path: [String]) -> HOCONValue? {
        var value = self
        for key in path {
            guard let next = value.object?[key] else { return nil }
            value = next
        }
        return value
    }
}

/// An object's members, in the order in which their keys first appeared.
public struct HOCONObject: Sendable {
    public internal(set) var keys: [String] = []
    var values: [String: HOCONValue] = [:]

    public var isEmpty: Bool { keys.isEmpty }

    public internal(set) subscript(key: String) -> HOCONValue? {
        get { values[key] }
        set {
            guard let newValue else { return }
            if values.updateValue(newValue, forKey: key) == nil { keys.append(key) }
        }
    }

    /// The values of the keys that are whole numbers, in numeric order; `nil` when there is none.
    var numericallyIndexed: [HOCONValue]? {
        let indices = keys.compactMap { key -> (index: Int, key: String)? in
            guard let index = Int(key), index >= 0 else { return nil }
            return (index, key)
        }
        guard !indices.isEmpty else { return nil }
        return indices.sorted { $0.index < $1.index }.compactMap { values[$0.key] }
    }
}

/// A number that remembers how it was written: `1e5` stays `1e5` inside a string.
public struct HOCONNumber: Sendable, Hashable {
    public let text: String
    public let value: Double
    /// The exact value where the text has no fraction and no exponent.
    public let integer: Int64?

    /// Accepts what the reference implementation does: JSON's numbers, leading zeros, `1.` and `-.5`; `nil` for other
    /// texts and for integers beyond 64 bits.
    init?(_ text: String) {
        var digits = 0
        var isInteger = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isInteger = false
            default: break
            }
        }
        guard digits > 0 else { return nil }
        if isInteger {
            guard let integer = Int64(text) else { return nil }
            (self.text, value, self.integer) = (text, Double(integer), integer)
        } else {
            guard let json = Self.json(text), let value = Double(json) else { return nil }
            (self.text, self.value, integer) = (text, value, nil)
        }
    }

    /// The same value as JSON writes it.
    public var json: String { integer.map(String.init) ?? Self.json(text) ?? "null" }

    /// Puts a decimal text into JSON's grammar: no leading zeros, digits on both sides of the point.
    private static func json(_ text: String) -> String? {
        var rest = Substring(text)
        let sign = rest.hasPrefix("-") ? "-" : ""
        rest = rest.dropFirst(sign.count)
        var exponent = ""
        if let e = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            exponent = String(rest[e...])
            rest = rest[..<e]
            let power = exponent.dropFirst()
            let unsigned = power.hasPrefix("-") || power.hasPrefix("+") ? power.dropFirst() : power
            guard !unsigned.isEmpty, unsigned.allSatisfy(\.isNumber) else { return nil }
        }
        let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.contains(where: { !$0.isEmpty }), parts.allSatisfy({ $0.allSatisfy(\.isNumber) }) else {
            return nil
        }
        let whole = parts[0].drop { $0 == "0" }
        let fraction = parts.count == 2 ? "." + (parts[1].isEmpty ? "0" : parts[1]) : ""
        return sign + (whole.isEmpty ? "0" : whole) + fraction + exponent
    }
}
