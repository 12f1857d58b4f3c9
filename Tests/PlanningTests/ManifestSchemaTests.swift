import Testing

@testable import Planning

/// docs/manifest.schema.json is for editors: it says what the decoder says, as far as a schema can.
@Suite struct ManifestSchemaTests {
    private let schema: JSONSchema

    init() throws {
        let bytes = try RepositoryFile.read("docs/manifest.schema.json")
        schema = JSONSchema(root: try bytes.withUnsafeBytes { try JSON(parsing: $0) })
    }

    private func keys(_ value: JSON?) -> Set<String> {
        guard case .object(let members) = value else { return [] }
        return Set(members.map(\.key))
    }

    @Test("The schema has exactly the keys that the decoder knows, and refuses others")
    func keys() {
        let extract = schema.resolve("#/$defs/extract")["anyOf"]?.array?.last
        let pairs: [(JSON?, [String])] = [
            (schema.root, ManifestKey.allCases.map(\.rawValue)),
            (schema.root["properties"]?["defaults"], DefaultsKey.allCases.map(\.rawValue)),
            (schema.resolve("#/$defs/entry"), EntryKey.allCases.map(\.rawValue)),
            (extract, ExtractKey.allCases.map(\.rawValue)),
        ]
        for (object, known) in pairs {
            #expect(keys(object?["properties"]) == Set(known))
            #expect(object?["additionalProperties"] == false)
        }
    }

    @Test("Every key is described")
    func descriptions() throws {
        for name in keys(schema.resolve("#/$defs/entry")["properties"]) {
            let property = try #require(schema.resolve("#/$defs/entry")["properties"]?[name])
            let target = property["$ref"]?.string.map(schema.resolve)
            #expect(property["description"] != nil || target?["description"] != nil, "\(name)")
        }
    }

    @Test("The words of an enumeration are the decoder's")
    func words() {
        func words(_ name: String) -> [String]? {
            schema.resolve("#/$defs/\(name)")["anyOf"]?.array?.first?["enum"]?.array?.compactMap(\.string)
        }
        #expect(words("link") == Entry.LinkMode.allCases.map(\.rawValue))
        #expect(words("access") == Entry.Access.allCases.map(\.rawValue))
    }

    @Test(
        "Schema and decoder agree on what is right and what is wrong",
        arguments: [
            ("{version: 1}", true), ("{version: 2}", false), ("{version: '1'}", false), ("{name: x}", false),
            ("[]", false),
            ("{version: 1, name: a.b-c_1}", true), ("{version: 1, name: 'a b'}", false),
            ("{version: 1, name: ..}", false),
            ("{version: 1, name: 7}", false), ("{version: 1, workspace: ''}", false),
            ("{version: 1, models: , vars: }", true),
            ("{version: 1, vars: {a: b}}", true), ("{version: 1, vars: {a: 1}}", false),
            ("{version: 1, vars: {'a b': c}}", false),
            ("{version: 1, vars: [a]}", false), ("{version: 1, include: x}", false),
            ("{version: 1, models: {}}", false),
            ("{version: 1, model: []}", false), ("{version: 1, models: [{name: a}]}", false),
            ("{version: 1, models: [{url: s3://b/k}]}", false), ("{version: 1, models: [x]}", false),
            ("{version: 1, defaults: {link: copy, extract: false, access: cache}}", true),
            ("{version: 1, defaults: {tags: [x]}}", false),
        ] + entries)
    func agreement(text: String, isRight: Bool) throws {
        let root = try #require(ManifestText(Array(text.utf8), file: "m").root)
        #expect(try schema.accepts(JSON(root)) == isRight)
        #expect(ManifestProblemTests.problems(text).isEmpty == isRight)
    }

    private static let entries: [(String, Bool)] = [
        ("url: s3://b/k", true), ("url: ''", false), ("url: ftp://h/x", false), ("url: S3", true), ("url: [x]", false),
        ("url: s3://b/k, mirrors: [https://h/k]", true), ("url: s3://b/k, mirrors: x", false),
        ("url: s3://b/k, mirrors: [1]", false),
        ("url: s3://b/k, version: v1", true), ("url: s3://b/k, version: 1", false),
        ("url: s3://b/k, version: ''", false),
        ("url: s3://b/k, checksum: 'crc32c:0011AAff'", true), ("url: s3://b/k, checksum: 'crc32c:0011AAf'", false),
        ("url: s3://b/k, checksum: 'md4:00'", false), ("url: s3://b/k, size: 0", true),
        ("url: s3://b/k, size: -1", false),
        ("url: s3://b/k, size: 1.5", false), ("url: s3://b/k, size: '1'", false), ("url: s3://b/k, path: a/b", true),
        ("url: s3://b/k, path: /a", false), ("url: s3://b/k, path: a/../b", false), ("url: s3://b/k, path: ..", false),
        ("url: s3://b/k, path: a..b/..c", true), ("url: s3://b/k, path: a//b", false),
        ("url: s3://b/k, path: ''", false),
        ("url: s3://b/k, path: .clearml-sync/x", false), ("url: s3://b/k, path: .clearml-syncer", true),
        ("url: s3://b/k, link: symlink", true), ("url: s3://b/k, link: soft", false), ("url: s3://b/k, link: 1", false),
        ("url: s3://b/k, executable: true", true), ("url: s3://b/k, executable: yes", false),
        ("url: s3://b/k, optional: 'true'", false), ("url: s3://b/p/, include: ['**/*.x'], exclude: [y]", true),
        ("url: s3://b/p/, include: ['/x']", false), ("url: s3://b/p/, include: ['']", false),
        ("url: s3://b/p/, exclude: x", false),
        ("url: s3://b/k, extract: auto", true), ("url: s3://b/k, extract: true", true),
        ("url: s3://b/k, extract: yes", false),
        ("url: s3://b/k, extract: 'true'", false),
        ("url: s3://b/k, extract: {strip_components: 1, include: [x]}", true),
        ("url: s3://b/k, extract: {strip_components: -1}", false), ("url: s3://b/k, extract: {strip: 1}", false),
        ("url: s3://b/k, extract: true, keep_archive: true", true), ("url: s3://b/k, tags: [a, b]", true),
        ("url: s3://b/k, tags: ['a b']", false), ("url: s3://b/k, tags: [1]", false),
        ("url: s3://b/k, tags: [a, a]", false),
        ("url: ./x, access: direct", true), ("url: s3://b/k, access: fast", false), ("url: s3://b/k, extra: 1", false),
        (
            "url: \"${env.X:-s3://b/k}\", size: \"${env.X:-1}\", link: \"${env.X:-copy}\", executable: \"${env.X:-true}\"",
            true
        ),
    ].map { ("{version: 1, models: [{name: a, \($0)}]}", $1) }
}
