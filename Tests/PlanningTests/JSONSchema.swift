@testable import Planning

/// As much of JSON Schema 2020-12 as the manifest's schema uses; an unknown keyword is an error, so nothing is skipped unseen.
struct JSONSchema {
    let root: JSON

    struct UnknownKeyword: Error { var keyword: String }

    func accepts(_ value: JSON) throws -> Bool { try accepts(value, by: root) }

    private func accepts(_ value: JSON, by schema: JSON) throws -> Bool {
        guard case .object(let keywords) = schema else { return true }
        return try keywords.allSatisfy { try accepts(value, keyword: $0.key, $0.value, of: schema) }
    }

    private func accepts(_ value: JSON, keyword: String, _ argument: JSON, of schema: JSON) throws -> Bool {
        switch keyword {
        case "$schema", "title", "description", "$defs": return true
        case "$ref": return try accepts(value, by: resolve(argument.string ?? ""))
        case "type": return (argument.array ?? [argument]).contains { $0.string == Self.type(of: value) }
        case "const": return value == argument
        case "enum": return argument.array?.contains(value) == true
        case "anyOf": return try argument.array?.contains { try accepts(value, by: $0) } == true
        case "minLength": return value.string.map { Int64($0.unicodeScalars.count) >= argument.integer ?? 0 } ?? true
        case "minimum": return value.integer.map { $0 >= argument.integer ?? 0 } ?? true
        case "maximum": return value.integer.map { $0 <= argument.integer ?? 0 } ?? true
        case "pattern": return try value.string.map { try $0.contains(Regex(argument.string ?? "")) } ?? true
        case "items": return try value.array?.allSatisfy { try accepts($0, by: argument) } ?? true
        case "uniqueItems": return value.array.map { Set($0).count == $0.count } ?? true
        case "required":
            return members(value).map { names in argument.array!.allSatisfy { names[$0.string!] != nil } } ?? true
        case "properties":
            return try members(value)?.allSatisfy { name, member in
                guard let schema = argument[name] else { return true }
                return try accepts(member, by: schema)
            } ?? true
        case "propertyNames":
            return try members(value)?.keys.allSatisfy { try accepts(.string($0), by: argument) } ?? true
        case "additionalProperties":
            let others = members(value)?.filter { schema["properties"]?[$0.key] == nil } ?? [:]
            if let allowed = argument.bool { return allowed || others.isEmpty }
            return try others.values.allSatisfy { try accepts($0, by: argument) }
        default: throw UnknownKeyword(keyword: keyword)
        }
    }

    func resolve(_ reference: String) -> JSON {
        reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] ?? .null }
    }

    private func members(_ value: JSON) -> [String: JSON]? {
        guard case .object(let members) = value else { return nil }
        return Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) })
    }

    private static func type(of value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "boolean"
        case .integer: "integer"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSON {
    /// A manifest's YAML as the JSON value that an editor gives to a schema.
    init(_ node: ManifestNode) {
        switch node.content {
        case .sequence(let nodes): self = .array(nodes.map { JSON($0) })
        case .mapping(let pairs): self = .object(pairs.map { Member($0.key, JSON($0.value)) })
        case .scalar(let text, isPlain: false): self = .string(text)
        case .scalar(let text, isPlain: true):
            switch ManifestNode.meaning(of: text) {
            case .null: self = .null
            case .boolean(let value): self = .bool(value)
            case .integer(let value): self = .integer(value)
            case .number: self = .number(0)
            case .text: self = .string(text)
            }
        }
    }
}
