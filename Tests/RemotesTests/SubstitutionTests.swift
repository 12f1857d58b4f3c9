import Configuration
import Planning
import Remotes
import Testing

@Suite struct SubstitutionTests {
    private func transport(
        _ raw: String, _ rules: [(String, String)], windows: Bool = false, linux: Bool = false
    ) throws -> String {
        let rules = rules.enumerated().map { index, rule in
            PathSubstitution(
                registeredPrefix: rule.0, localPrefix: rule.1, replaceWindowsSeparator: windows,
                replaceLinuxSeparator: linux,
                key: "sdk.storage.path_substitution[\(index)]")
        }
        return try Substitution(of: LogicalURL(raw), base: "/base", rules: rules).transport.raw
    }

    @Test(
        "A prefix that ends with a component is replaced",
        arguments: [
            ("s3://data/a/b", "s3://data", "file:///mnt/data", "file:///mnt/data/a/b"),
            ("s3://data/a/b", "s3://data/", "/mnt/data", "/mnt/data/a/b"),
            ("s3://data/a/b", "s3://data/a", "/mnt/x/", "/mnt/x/b"),
            ("s3://data/a/b", "s3://data/a/b", "/mnt/x", "/mnt/x"),
            ("s3://database/a", "s3://data", "/mnt/data", "s3://database/a"),
            ("s3://data/abc", "s3://data/a", "/mnt/data", "s3://data/abc"),
            ("S3://Data/a", "s3://data", "/m", "/m/a"),
            ("s3://data/a", "S3://DATA", "/m", "/m/a"),
            ("https://Host:443/a", "https://host", "/m", "/m/a"),
            ("https://host/a", "HTTPS://host:443/", "/m", "/m/a"),
            ("https://host:8443/a", "https://host", "/m", "https://host:8443/a"),
            ("https://host/A", "https://host/a", "/m", "https://host/A"),
            ("https://u:p@host/a?token=t#f", "https://host", "https://mirror", "https://mirror/a?token=t"),
            ("https://host/a?token=t", "https://host", "file:///m", "file:///m/a"),
            ("s3://bucket/k", "s3://", "s3://minio:9000", "s3://minio:9000/bucket/k"),
            ("/old/a b", "/old", "/new", "/new/a b"),
            ("/old/a b", "file:///old", "/new", "/new/a b"),
            ("rel/x", "/base/rel", "/new", "/new/x"),
            ("file:///old/a%20b", "file:///old", "/new", "/new/a b"),
        ])
    func prefixes(url: String, prefix: String, local: String, expected: String) throws {
        #expect(try transport(url, [(prefix, local)]) == expected)
    }

    @Test(
        "The rest is spelled as the new scheme spells; wildcards and ranges stay what they are",
        arguments: [
            ("s3://b/a b%20?#", "s3://b", "file:///m", "/m/a b%20?#", "single"),
            ("s3://b/a b%20", "s3://b", "https://h", "/a%20b%2520", "single"),
            ("https://h/a%20b%2A", "https://h", "s3://b", "/a b*", "single"),
            ("https://h/a%20b%2A", "https://h", "/m", "/m/a b*", "single"),
            ("s3://b/x y/", "s3://b", "file:///m", "/m/x y/", "prefix"),
            ("s3://b/x y/**/*.jpg", "s3://b", "file:///m", "/m/x y/", "glob"),
            ("https://h/x-{0..3}.tar", "https://h", "file:///m", "/m/", "range"),
            ("s3://b/a\\*", "s3://b", "file:///m", "/m/a*", "single"),
        ])
    func spelling(url: String, prefix: String, local: String, path: String, shape: String) throws {
        let url = try LogicalURL(url)
        let rule = PathSubstitution(registeredPrefix: prefix, localPrefix: local)
        let transport = Substitution(of: url, base: "/", rules: [rule]).transport
        #expect(transport.path == path)
        #expect("\(transport.shape)".hasPrefix(shape))
    }

    @Test("The first rule that matches applies, and it alone")
    func firstRule() throws {
        #expect(try transport("s3://a/x", [("s3://b", "/b"), ("s3://a", "s3://b"), ("s3://a", "/late")]) == "s3://b/x")
    }

    @Test("Separators of Windows become ours when asked for; those of Linux are ours already")
    func separators() throws {
        #expect(try transport("C:\\data\\a\\b", [("C:\\data", "/mnt/data")], windows: true) == "/mnt/data/a/b")
        #expect(try transport("s3://b/x\\y/z", [("s3://b", "/m")], windows: true) == "/m/x/y/z")
        #expect(try transport("s3://b/x\\y/z", [("s3://b", "/m")]) == "/m/x\\y/z")
        #expect(try transport("s3://b/x\\y/z", [("s3://b", "/m")], linux: true) == "/m/x\\y/z")
    }

    @Test("A rule that gives no URL is a warning and skipped; the next one is tried")
    func badRule() throws {
        let rules = [
            PathSubstitution(
                registeredPrefix: "s3://a", localPrefix: "nope://x", key: "sdk.storage.path_substitution[0]"),
            PathSubstitution(registeredPrefix: "s3://a", localPrefix: "/ok", key: "sdk.storage.path_substitution[1]"),
        ]
        let substitution = Substitution(of: try LogicalURL("s3://a/x"), base: "/", rules: rules)
        #expect(substitution.transport.raw == "/ok/x")
        #expect(substitution.rule?.key == "sdk.storage.path_substitution[1]")
        #expect(
            substitution.warnings.count == 1 && substitution.warnings[0].hasPrefix("sdk.storage.path_substitution[0]: ")
        )
    }

    @Test("Without a rule the transport URL is the logical one")
    func noRule() throws {
        let url = try LogicalURL("s3://a/x")
        let substitution = Substitution(of: url, base: "/", rules: [])
        #expect(substitution.transport == url && substitution.rule == nil && substitution.warnings.isEmpty)
    }
}
