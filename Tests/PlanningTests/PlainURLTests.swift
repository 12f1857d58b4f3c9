import Testing

@testable import Planning

/// A URL that is plain is what it would be without that short cut.
@Suite struct PlainURLTests {
    static let plain = [
        "http://h/x", "https://files.example.org/a/vocab.txt", "http://127.0.0.1:8080/small/00001.bin",
        "https://h:1/a%20b%zz",
        "s3://bucket/key with space", "s3://minio.example.org:9000/models/bert.pt", "gs://bucket/k[1]",
        "azure://a.b/c/k.zip",
        "s3://b//k//e", "http://h:65535/x", "https://h:80/x", "s3://b/日本\n.bin", "https://h/a\\b", "https://h/a}b",
        "/x", "/data/a b/x.bin", "/a//b/./c/..", "/é/\\x", "/a%20b", "//h/x",
    ]
    static let other = [
        "", "x", "/", "/x/", "/x*", "/{0..9}", "/\0", "/x?", "file:///x", "http:/h/x", "http://", "http:///x",
        "http://h", "http://h/", "http://h/a/",
        "s3://b", "s3://b/",
        "HTTP://h/x", "http://H/x", "http://u:p@h/x", "http://h:80/x", "https://h:443/x", "http://h:080/x",
        "http://h:+8/x",
        "http://h:/x", "http://h:65536/x", "http://h:8a/x", "http://h:8", "http://h:", "http://[::1]/x", "http://h/x?y",
        "http://h/x#y",
        "s3://b/x?y", "http://h/x@y", "http://h/x*", "http://h/{0..9}", "s3://b/\0", "http://ä/x", "http://h_/x",
        "path://h/x",
    ]

    @Test(arguments: plain) func isTheSameAsByTheLongWay(_ text: String) throws {
        #expect(PlainURL(text) != nil)
        let (short, long) = (try LogicalURL(text), try LogicalURL(any: text))
        #expect(short.raw == long.raw && short.scheme == long.scheme && short.authority == long.authority)
        #expect(short.shape == long.shape && short.path == long.path && short.query == long.query)
        #expect(short.identity == long.identity && short.comparable == long.comparable)
    }

    @Test(arguments: other) func isNotPlain(_ text: String) {
        #expect(PlainURL(text) == nil)
    }
}
