import Planning
import Testing

@Suite struct LogicalURLTests {
    struct Row: CustomTestStringConvertible {
        var raw: String
        var scheme: LogicalURL.Scheme
        var host = ""
        var path: String
        var fileName: String?
        var testDescription: String { raw }
    }

    @Test(
        "A URL of one object comes apart by its scheme's rules",
        arguments: [
            Row(
                raw: "https://files.example.org/a/vocab.txt", scheme: .https, host: "files.example.org",
                path: "/a/vocab.txt",
                fileName: "vocab.txt"),
            Row(
                raw: "HTTP://Host:80/a%20b%25.txt?x=1#f", scheme: .http, host: "Host:80", path: "/a%20b%25.txt",
                fileName: "a b%.txt"),
            Row(raw: "https://h/download?id=a/b", scheme: .https, host: "h", path: "/download", fileName: "download"),
            Row(raw: "https://h/bad%zz", scheme: .https, host: "h", path: "/bad%zz", fileName: "bad%zz"),
            Row(raw: "https://h/a%2Fb", scheme: .https, host: "h", path: "/a%2Fb", fileName: nil),
            Row(raw: "https://h/%2e%2e", scheme: .https, host: "h", path: "/%2e%2e", fileName: nil),
            Row(raw: "https://h/a%00b", scheme: .https, host: "h", path: "/a%00b", fileName: nil),
            Row(raw: "http://[::1]:8080/x", scheme: .http, host: "[::1]:8080", path: "/x", fileName: "x"),
            Row(
                raw: "s3://bucket/a b%20?#/日本\n.bin", scheme: .s3, host: "bucket", path: "/a b%20?#/日本\n.bin",
                fileName: "日本\n.bin"),
            Row(
                raw: "s3://minio.example.org:9000/models/bert.pt", scheme: .s3, host: "minio.example.org:9000",
                path: "/models/bert.pt", fileName: "bert.pt"),
            Row(raw: "s3://b//k//e", scheme: .s3, host: "b", path: "//k//e", fileName: "e"),
            Row(raw: "s3://b/a\\*b\\{0..1}", scheme: .s3, host: "b", path: "/a*b{0..1}", fileName: "a*b{0..1}"),
            Row(raw: "s3://b/..", scheme: .s3, host: "b", path: "/..", fileName: nil),
            Row(
                raw: "gs://bucket/key[1]?.txt", scheme: .gs, host: "bucket", path: "/key[1]?.txt",
                fileName: "key[1]?.txt"),
            Row(
                raw: "azure://acc.blob.core.windows.net/c/k.zip", scheme: .azure, host: "acc.blob.core.windows.net",
                path: "/c/k.zip", fileName: "k.zip"),
            Row(
                raw: "azure://acc.blob.core.windows.net/c/a?b", scheme: .azure, host: "acc.blob.core.windows.net",
                path: "/c/a?b", fileName: "a?b"),
            Row(raw: "file:///mnt/a%20b%2A.txt", scheme: .file, path: "/mnt/a b*.txt", fileName: "a b*.txt"),
            Row(raw: "file://localhost/x", scheme: .file, path: "/x", fileName: "x"),
            Row(raw: "file:/x", scheme: .file, path: "/x", fileName: "x"),
            Row(raw: "data/a%20b.txt", scheme: .path, path: "data/a%20b.txt", fileName: "a%20b.txt"),
            Row(raw: "/mnt/nfs/x", scheme: .path, path: "/mnt/nfs/x", fileName: "x"),
            Row(raw: "a:b", scheme: .path, path: "a:b", fileName: "a:b"),
            Row(raw: "../up", scheme: .path, path: "../up", fileName: "up"),
        ])
    func single(row: Row) throws {
        let url = try LogicalURL(row.raw)
        #expect(url.scheme == row.scheme)
        #expect(url.authority.hostAndPort == row.host)
        #expect(url.path == row.path)
        #expect(url.shape == .single)
        #expect(url.fileName == row.fileName)
        #expect(url.raw == row.raw)
    }

    @Test(
        "A prefix and a glob have a folder; a glob's pattern is relative to it",
        arguments: [
            ("gs://b/coco/", "/coco/", nil), ("s3://b/", "/", nil), ("/mnt/nfs/", "/mnt/nfs/", nil),
            ("file:///a%20b/", "/a b/", nil),
            ("gs://b/coco/**/*.jpg", "/coco/", "**/*.jpg"), ("s3://b/a/x-*.bin", "/a/", "x-*.bin"),
            ("*.txt", "", "*.txt"),
            ("s3://b/a?[x]/b{y}?*", "/a?[x]/", "b\\{y}\\?*"), ("s3://b/\\*/x*", "/*/", "x*"),
            ("file:///a%2A/b%5B*", "/a*/", "b\\[*"),
        ] as [(String, String, String?)])
    func many(raw: String, folder: String, pattern: String?) throws {
        let url = try LogicalURL(raw)
        #expect(url.path == folder)
        #expect(try url.shape == pattern.map { .glob(try Glob($0)) } ?? .prefix)
        #expect(url.fileName == nil)
    }

    @Test(
        "What cannot be fetched is refused",
        arguments: [
            ("", LogicalURLError.empty), ("s3://b/a\0", .nulCharacter), ("ftp://h/x", .unknownScheme("ftp")),
            ("path://x/y", .unknownScheme("path")), ("s3:/b/k", .missingSlashes(.s3)),
            ("https:x", .missingSlashes(.https)),
            ("file:x", .missingSlashes(.file)), ("~/x", .tilde), ("file://nas/x", .fileHost("nas")),
            ("https:///x", .missingHost),
            ("s3:///k", .missingHost), ("s3://b*/k", .badHost), ("https://a b/x", .badHost),
            ("https://h:0/x", .badPort),
            ("https://h:http/x", .badPort), ("https://h:70000/x", .badPort), ("https://h", .missingPath(.https)),
            ("https://h?q", .missingPath(.https)), ("s3://bucket", .missingPath(.s3)),
            ("file:///a%2", .badPercentEncoding),
            ("file:///a%ff", .badPercentEncoding), ("file:///a%00", .nulCharacter),
            ("https://h/dir/", .listingNotOffered),
            ("https://h/*.jpg", .wildcardNotOffered), ("s3://b/*{0..1}", .wildcardAndRange),
            ("s3://b/{0..1}/", .rangeOfFolders),
            ("s3://b/**.jpg", .glob(.doubleStar)),
        ])
    func refused(raw: String, error: LogicalURLError) {
        #expect(throws: error) { try LogicalURL(raw) }
    }

    @Test("An unknown scheme comes with what was probably meant")
    func schemeSuggestion() {
        #expect(LogicalURLError.unknownScheme("s3a").description == "unknown scheme 's3a'; did you mean 's3://'?")
        #expect(LogicalURLError.unknownScheme("htps").description == "unknown scheme 'htps'; did you mean 'https://'?")
        #expect(LogicalURLError.unknownScheme("ftp").description.contains("known: file, http, https, s3, gs, azure"))
    }

    @Test(
        "Secrets are no part of the identity, and printing never shows them",
        arguments: [
            ("https://u:pw@h/x", "https://h/x"),
            ("https://h/x?X-Amz-Signature=s&X-Amz-Expires=1&versionId=v", "https://h/x?versionId=v"),
            ("https://h/x?X-Goog-Signature=s&x-goog-date=1", "https://h/x"),
            ("https://h/x?AWSAccessKeyId=k&Signature=s&Expires=9", "https://h/x"),
            ("https://h/x?Expires=9&q=1", "https://h/x?Expires=9&q=1"),
            ("https://h/x?q=1&ACCESS_TOKEN=t#access_token=t", "https://h/x?q=1"),
            ("https://h/x?%74oken=t", "https://h/x"),
            ("https://h/x?sv=1&se=2&sr=b&sp=r&sig=s", "https://h/x"),
            ("https://h/x?sv=1&se=2", "https://h/x?sv=1&se=2"),
            ("azure://a.blob.core.windows.net/c/k?sv=1&sig=s", "azure://a.blob.core.windows.net/c/k"),
            ("https://h/x?Key-Pair-Id=k&Policy=p&Signature=s", "https://h/x"),
            ("s3://key:secret@bucket/k", "s3://bucket/k"), ("https://h/x?", "https://h/x?"),
            ("https://h/x?&&", "https://h/x?&&"),
            ("https://h/a?token=1", "https://h/a"), ("HTTPS://H:443/A%20b", "HTTPS://H:443/A%20b"),
        ])
    func identity(raw: String, identity: String) throws {
        let url = try LogicalURL(raw)
        #expect(url.identity == identity)
        #expect("\(url)" == identity)
        #expect(String(reflecting: url) == identity)
        var dumped = ""
        dump(url, to: &dumped)
        #expect(raw == identity || !dumped.contains(raw))
    }

    @Test(
        "URLs are the same when case of scheme and host, a default port, secrets or a fragment are all that differs",
        arguments: [
            ("https://Host/x", "HTTPS://host:443/x", true), ("http://h:80/x", "http://h/x", true),
            ("http://h:81/x", "http://h/x", false),
            ("https://h/X", "https://h/x", false), ("https://h/x?token=1", "https://u@h/x?token=2", true),
            ("https://h/x#a", "https://h/x", true), ("http://h/x", "https://h/x", false),
            ("FILE:///x", "file:/x", true),
            ("s3://b/k%20", "s3://b/k ", false), ("s3://b/caf\u{E9}", "s3://b/cafe\u{301}", false), ("a", "./a", false),
        ])
    func equality(left: String, right: String, same: Bool) throws {
        let (left, right) = (try LogicalURL(left), try LogicalURL(right))
        #expect((left == right) == same)
        if same { #expect(left.hashValue == right.hashValue) }
    }

    @Test("A local path is joined to its base, and only '.' and doubled slashes go")
    func localPath() throws {
        #expect(try LogicalURL("./data//x").localPath(base: "/m") == "/m/data/x")
        #expect(try LogicalURL("../x").localPath(base: "/m/n") == "/m/n/../x")
        #expect(try LogicalURL("/abs/").localPath(base: "/m") == "/abs")
        #expect(try LogicalURL("/a/b.c/.d/e./..f/..").localPath(base: "/m") == "/a/b.c/.d/e./..f/..")
        #expect(try LogicalURL("/a/./b//c/.").localPath(base: "/m") == "/a/b/c")
        #expect(try LogicalURL("/./a").localPath(base: "/m") == "/a")
        #expect(try LogicalURL("//a").localPath(base: "/m") == "/a")
        #expect(try LogicalURL("file:///a%0Ab").localPath(base: "/m") == "/a\nb")
        #expect(try LogicalURL("a/*.txt").localPath(base: "/m") == "/m/a")
        #expect(try LogicalURL("s3://b/k").localPath(base: "/m") == nil)
    }

    @Test("A bucket stands in the authority or leads the path")
    func objectName() throws {
        let plain = try LogicalURL("s3://bucket/a/k").objectName(authorityIsHost: false)
        #expect(plain?.bucket == "bucket" && plain?.key == "a/k")
        let hosted = try LogicalURL("s3://host:9000/bucket//k").objectName(authorityIsHost: true)
        #expect(hosted?.bucket == "bucket" && hosted?.key == "/k")
        #expect(try LogicalURL("s3://host:9000/").objectName(authorityIsHost: true) == nil)
        #expect(try LogicalURL("https://h/x").objectName(authorityIsHost: true) == nil)
    }

    @Test(
        "A member's URL reads back as that member, whatever its name holds",
        arguments: ["a.txt", "d/e f.txt", "st*r", "{0..3}", "back\\*", "100%", "日本\n語", "q?x#y"])
    func members(name: String) throws {
        for prefix in ["s3://h:9000/b/p/", "gs://b/p/", "/mnt/p/", "file:///mnt/p%25/", "rel/"] {
            let url = try LogicalURL(prefix)
            let member = try url.member(name)
            #expect(member.path == url.path + name)
            #expect(member.shape == .single)
            #expect(member.scheme == url.scheme && member.authority == url.authority)
        }
    }

    @Test("The members of an HTTP range keep the query, and their local names are decoded")
    func httpMembers() throws {
        let url = try LogicalURL("https://u:p@h/d/a%20{0..1}.tar?token=t")
        guard case .range(let range) = url.shape else { throw LogicalURLError.empty }
        let member = try url.member(range[1])
        #expect(member.raw == "https://u:p@h/d/a%201.tar?token=t")
        #expect(member.identity == "https://h/d/a%201.tar")
        #expect(url.relativePath(ofMember: range[1]) == "a 1.tar")
    }
}
