import Configuration
import Planning
import Remotes
import Testing

@Suite struct DirectAccessTests {
    private func access(
        _ logical: String, to transport: String? = nil, _ patterns: DirectAccessRule.Pattern...
    ) throws -> DirectAccess {
        try DirectAccess(
            logical: LogicalURL(logical), transport: LogicalURL(transport ?? logical), base: "/base",
            rules: patterns.map { DirectAccessRule($0) })
    }

    @Test(
        "A URL's pattern covers all of it, and its stars cross slashes",
        arguments: [
            ("file:///mnt/x", "file://*", true), ("/mnt/x", "file://*", true), ("rel/x", "file:///base/*", true),
            ("rel/x", "file:///other/*", false), ("file:///mnt/a%20b/c", "file:///mnt/a b/*", true),
            ("FILE:///mnt/x", "file://*", true),
            ("/mnt/nfs/a/b", "file:///mnt/nfs/*", true), ("/mnt/nfs2/a", "file:///mnt/nfs/*", false),
            ("/mnt/nfs2/a", "file:///mnt/nfs", false), ("/mnt/nfs/a", "file:///mnt/nfs", true),
            ("/mnt/nfs2/a", "file:///mnt/nfs*", true),
            ("/mnt/a/b/x.jpg", "file:///mnt/*.jpg", true), ("/mnt/a/b/x.png", "file:///mnt/*.jpg", false),
            ("/mnt/a1/x", "file:///mnt/a[0-9]/?", true), ("/mnt/ab/x", "file:///mnt/a[!a-z]/?", false),
            ("/mnt/[x/y", "file:///mnt/[x/?", true), ("/mnt/]/y", "file:///mnt/[]]/?", true),
            ("/mnt/x", "file:///mnt/x?*", false),
        ])
    func url(raw: String, pattern: String, isDirect: Bool) throws {
        guard case .direct = try access(raw, .url(pattern)) else {
            #expect(!isDirect)
            return
        }
        #expect(isDirect)
    }

    @Test("Rules are tried on the logical URL first, then on the transport URL; the transport's path is what is used")
    func substituted() throws {
        let logical = DirectAccessRule(.url("s3://data/*"))
        #expect(
            try access("s3://data/x", to: "/mnt/data/x", .url("s3://data/*"))
                == .direct(path: "/mnt/data/x", rule: logical))
        let local = DirectAccessRule(.url("file:///mnt/*"))
        #expect(
            try access("s3://data/x", to: "/mnt/data/x", .url("file:///mnt/*"))
                == .direct(path: "/mnt/data/x", rule: local))
        #expect(
            try access("s3://data/x", to: "/mnt/data/x", .url("file:///mnt/*"), .url("s3://*"))
                == .direct(path: "/mnt/data/x", rule: DirectAccessRule(.url("s3://*"))))
    }

    @Test("A rule that matches what has no local path is told apart from no rule")
    func noLocalPath() throws {
        #expect(try access("https://h/x", .url("https://*")) == .noLocalPath(rule: DirectAccessRule(.url("https://*"))))
        #expect(try access("https://h/x", .url("file://*")) == .noRule)
        #expect(try access("/mnt/x") == .noRule)
    }

    @Test(
        "A content type is that of the file name",
        arguments: [
            ("/m/x.JPG", "image/*", true), ("/m/x.png", "image/jpeg", false),
            ("/m/x.tar.gz", "application/x-tar", true),
            ("/m/x.tgz", "application/x-tar", true), ("/m/x.csv.gz", "text/*", true), ("/m/x", "*", false),
            ("/m/images/", "image/*", false),
            ("/m/x.unknown", "*", false),
        ])
    func contentType(raw: String, pattern: String, isDirect: Bool) throws {
        #expect(try (access(raw, .contentType(pattern)) != .noRule) == isDirect)
    }

    @Test("Secrets of a URL are no part of what a rule is matched against")
    func secrets() throws {
        #expect(try access("https://u:p@h/x?token=t", .url("*token*"), .url("*p@*")) == .noRule)
    }
}
