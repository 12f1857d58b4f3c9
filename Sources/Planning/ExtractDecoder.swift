/// Decodes `extract: auto | true | false | {strip_components, include, exclude}`, of an entry or of the defaults.
enum ExtractDecoder {
    /// `nil` without the key, and after reporting what is wrong.
    static func decode<Key>(_ fields: Fields<Key>, _ key: Key, _ context: inout DecodingContext) -> Entry.Extraction? {
        guard let node = fields[key] else { return nil }
        if case .mapping = node.content { return .always(recipe(node, fields.label(key), &context)) }
        let problems = context.problems.count
        if let meaning = context.meaning(node, fields.label(key)) {
            switch meaning {
            case .boolean(let value): return value ? .always(Recipe()) : .never
            case .text:
                if case .scalar(let text, _) = node.content, context.expand(text, "", at: node.location) == "auto" {
                    return .auto
                }
            case .null, .integer, .number: break
            }
        }
        if context.problems.count == problems {
            fields.report(key, "expected auto, true, false, or a mapping of what to unpack", &context)
        }
        return nil
    }

    private static func recipe(_ node: ManifestNode, _ label: String, _ context: inout DecodingContext) -> Recipe {
        let fields = Fields<ExtractKey>(node, owner: .text(label), &context)
        let strip = fields.integer(.stripComponents, &context) ?? 0
        if !(0...1_000).contains(strip) {
            fields.report(.stripComponents, "expected a number from 0 to 1000", &context)
        }
        func globs(_ key: ExtractKey) -> [Glob] {
            EntryDecoder.globs(fields.strings(key, of: "patterns", &context), fields.label(key), &context)
        }
        return Recipe(stripComponents: Int(clamping: strip), include: globs(.include), exclude: globs(.exclude))
    }
}
