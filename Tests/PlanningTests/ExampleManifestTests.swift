import Testing

@testable import Planning

/// The examples in manifests/ are what people copy: each is right, and an editor with the schema says so too.
@Suite struct ExampleManifestTests {
    private static let examples = [
        "airgapped-mirror", "azure", "cluster-prewarm", "experiment", "gcs", "http", "minio", "nfs", "quickstart", "s3",
    ]

    @Test("The folder holds these examples and no others")
    func folder() throws {
        #expect(
            try RepositoryFile.names(in: "manifests").filter { $0.hasSuffix(".yaml") }
                == Self.examples.map { $0 + ".yaml" })
    }

    @Test("An example has no problems", arguments: examples)
    func decodes(name: String) throws {
        let path = "manifests/\(name).yaml"
        let manifest = try ManifestDecoder.decode(path: path, currentDirectory: RepositoryFile.root) {
            try RepositoryFile.read($0)
        }
        #expect(!manifest.entries.isEmpty)
        #expect(manifest.name != nil)
    }

    @Test("An example is right by the schema", arguments: examples)
    func fitsSchema(name: String) throws {
        let schema = try RepositoryFile.read("docs/manifest.schema.json").withUnsafeBytes {
            JSONSchema(root: try JSON(parsing: $0))
        }
        let root = try #require(ManifestText(RepositoryFile.read("manifests/\(name).yaml"), file: name).root)
        #expect(try schema.accepts(JSON(root)))
    }

    @Test("The quick start needs no network, shows every kind, a direct reference and an archive")
    func quickstart() throws {
        let path = "manifests/quickstart.yaml"
        let manifest = try ManifestDecoder.decode(path: path, currentDirectory: RepositoryFile.root) {
            try RepositoryFile.read($0)
        }
        #expect(Set(manifest.entries.map(\.id.kind)) == Set(Entry.Kind.allCases))
        #expect(manifest.entries.contains { $0.access == .direct })
        #expect(manifest.entries.contains { $0.recipe(for: $0.url.fileName ?? "") != nil })
        for entry in manifest.entries {
            let source = try #require(entry.url.localPath(base: entry.base))
            let bytes = try RepositoryFile.read(source)
            #expect(!bytes.isEmpty)
            if let size = entry.size { #expect(Int64(bytes.count) == size) }
        }
    }
}
