internal import Planning
internal import Testing

@testable internal import Execution

/// Where a push puts files.
@Suite struct PushTargetTests {
    @Test(arguments: [
        ("s3://bucket", "a/b.txt", "s3://bucket/a/b.txt"),
        ("s3://bucket/", "a/b.txt", "s3://bucket/a/b.txt"),
        ("s3://host:9000/bucket/x", "a b.txt", "s3://host:9000/bucket/x/a b.txt"),
        ("gs://bucket/x/", "%41+?#.txt", "gs://bucket/x/%41+?#.txt"),
        ("s3://bucket/x/", "{1..3}*.txt", #"s3://bucket/x/\{1..3}\*.txt"#),
        ("azure://a.blob.core.windows.net/c/x", "y", "azure://a.blob.core.windows.net/c/x/y"),
        ("http://host:8081/x", "a b?.txt", "http://host:8081/x/a%20b%3F.txt"),
        ("http://host:8081/x/", "a*{1..2}.txt", "http://host:8081/x/a%2A%7B1..2%7D.txt"),
        ("http://host:8081", "y", "http://host:8081/y"),
        ("http://host/x?kind=1", "y", "http://host/x/y?kind=1"),
        ("file:///x", "a b", "file:///x/a%20b"),
        ("./x", "y", "./x/y"),
    ])
    func aFolderGivesEachFileAURL(_ folder: String, _ name: String, _ expected: String) throws {
        let url = try PushTarget(folder).folder().member(name)
        #expect(url.raw == expected)
        #expect(url.shape == .single)
    }

    @Test func aSignatureStaysBehindTheNameAndIsNotShown() throws {
        let folder = try PushTarget("azure://a.blob.core.windows.net/c/x?sv=1&sig=secret").folder()
        let url = try folder.member("y")
        #expect(url.raw == "azure://a.blob.core.windows.net/c/x/y?sv=1&sig=secret")
        #expect(!url.identity.contains("secret") && !folder.identity.contains("secret"))
    }

    @Test(arguments: ["s3://bucket/*.txt", "s3://bucket/{1..3}", "nonsense://x", "", "s3://"])
    func whatNamesNoPlaceIsRefused(_ text: String) {
        #expect(throws: Failure.self) { try PushTarget(text).folder() }
    }

    @Test func onlyASlashMakesAFolderOfAURL() throws {
        #expect(try PushTarget("s3://bucket/x/").isFolder && PushTarget("http://host/x/").isFolder)
        #expect(try !PushTarget("s3://bucket/x").isFolder && !PushTarget("http://host/x").isFolder)
    }
}
