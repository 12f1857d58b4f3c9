import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

@Suite struct AzureRequestTests {
    @Test(
        "Awkward keys reach the server exactly",
        arguments: [
            ("a b", "a%20b"), ("plus+plus", "plus%2Bplus"), ("per%cent", "per%25cent"), ("%2F", "%252F"),
            ("ümläut/日本語", "%C3%BCml%C3%A4ut/%E6%97%A5%E6%9C%AC%E8%AA%9E"), ("q?mark", "q%3Fmark"),
            ("ha#sh", "ha%23sh"),
            ("am&p=er", "am%26p%3Der"), ("a//b", "a//b"), ("/lead", "/lead"), ("..", ".."),
            ("a/./b/../c", "a/./b/../c"),
            ("semi;colon", "semi%3Bcolon"), ("\u{1}\u{7F}", "%01%7F"), ("e\u{301}", "e%CC%81"),
            ("back\\slash", "back%5Cslash"),
        ])
    func keys(key: String, path: String) throws {
        let scene = try AzureScene()
        scene.server.route("*") { _ in .text("x") }
        let store = try scene.store()
        _ = try scene.send(store.get(ObjectID(key), range: nil, match: nil, unless: nil), store)
        #expect(scene.server.exchanges.map(\.request.target) == ["/acc/box/" + path])
    }

    @Test("A GET carries its range, its conditions and its version")
    func get() throws {
        let store = try AzureScene().store()
        let request = store.get(
            ObjectID("k", version: "2026-01-31T12:00:00.1234567Z"), range: 0..<4, match: .strongETag("\"1\""),
            unless: .strongETag("\"2\""))
        #expect(request.url.hasSuffix("/acc/box/k?versionid=2026-01-31T12%3A00%3A00.1234567Z"))
        #expect(
            request.range == 0..<4 && request.field("If-Match") == "\"1\"" && request.field("If-None-Match") == "\"2\"")
        #expect(!request.followsRedirects)
        let matched = store.get(ObjectID("k"), range: nil, match: .version("v"), unless: nil)
        #expect(matched.url.hasSuffix("?versionid=v"))
        #expect(store.head(ObjectID("k")).method == .head)
    }

    @Test("What is signed is what arrives")
    func signedIsSent() throws {
        let scene = try AzureScene()
        scene.server.route("*") { _ in .text("x") }
        let store = try scene.store()
        let request = try scene.authorized(store.get(ObjectID("a b"), range: 3..<9, match: nil, unless: nil), store)
        _ = try scene.network.exchange(request)
        let seen = try #require(scene.server.exchanges.first?.request)
        #expect(seen["Range"] == "bytes=3-8" && seen["x-ms-version"] == AzureStore.apiVersion)
        #expect(seen["Authorization"]?.hasPrefix("SharedKey acc:") == true)
        #expect(seen["x-ms-date"]?.hasSuffix(" GMT") == true)
        #expect(seen["Content-Type"] == nil && seen["Content-Length"] == nil)
    }

    @Test("A SAS token is appended as it is, and never shows")
    func sas() throws {
        let scene = try AzureScene("")
        let store = try scene.store("azure://HOST/acc/box/k?sv=2021&sp=r&sig=a%2Bb%3D")
        let plain = try scene.authorized(store.head(ObjectID("k")), store)
        #expect(plain.url.hasSuffix("/acc/box/k?sv=2021&sp=r&sig=a%2Bb%3D"))
        let list = try scene.authorized(store.list(prefix: "p", delimiter: nil, token: nil, limit: 10), store)
        #expect(list.url.hasSuffix("&prefix=p&sv=2021&sp=r&sig=a%2Bb%3D"))
        #expect(list.field("Authorization") == nil)
        #expect(!"\(store.access)".contains("a%2Bb"))
    }

    @Test("A listing asks for a page")
    func list() throws {
        let store = try AzureScene().store()
        let first = store.list(prefix: "", delimiter: nil, token: nil, limit: 100_000)
        #expect(first.url.hasSuffix("/acc/box?restype=container&comp=list&maxresults=5000"))
        let next = store.list(prefix: "a b/ü&", delimiter: "/", token: "2!x==&", limit: 7)
        #expect(next.url.hasSuffix("maxresults=7&prefix=a%20b%2F%C3%BC%26&delimiter=%2F&marker=2%21x%3D%3D%26"))
    }

    // MARK: What answers say

    @Test("Facts of a whole blob and of a part")
    func facts() throws {
        let scene = try AzureScene()
        let store = try scene.store()
        let md5 = try #require(Checksum("md5:5d41402abc4b2a76b9719d911017c592"))
        var facts = store.facts(
            try scene.head(
                [
                    ("ETag", "\"0x8DC\""), ("x-ms-version-id", "v1"), ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
                    ("Last-Modified", "Fri, 05 Jun 2026 07:08:09 GMT"),
                ], body: "hello"), of: ObjectID("k"))
        #expect(
            facts
                == ObjectFacts(
                    size: 5, validator: .strongETag("\"0x8DC\""), version: "v1", checksum: md5, modified: 1_780_643_289)
        )
        facts = store.facts(
            try scene.head(
                status: 206,
                [
                    ("ETag", "\"0x8DC\""), ("Content-Range", "bytes 0-4/100"),
                    ("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
                    ("x-ms-blob-content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
                ], body: "hello"), of: ObjectID("k"))
        #expect(facts.size == 100 && facts.checksum == md5 && facts.version == nil)
        let part = [("Content-Range", "bytes 0-4/100"), ("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")]
        #expect(store.facts(try scene.head(status: 206, part, body: "hello"), of: ObjectID("k")).checksum == nil)
    }

    @Test("A checksum that is none is not taken for one", arguments: ["", "x", "AAAA", "XUFAKrxLKna5cZ2REBfFkg==AA"])
    func badChecksum(text: String) throws {
        let scene = try AzureScene()
        let head = try scene.head([("Content-MD5", text)], body: "x")
        #expect(try scene.store().facts(head, of: ObjectID("k")).checksum == nil)
    }

    @Test("A SAS token for one blob knows no versions")
    func blobSAS() throws {
        let scene = try AzureScene("")
        let head = try scene.head([("ETag", "\"1\""), ("x-ms-version-id", "v1")], body: "x")
        #expect(try scene.store("azure://HOST/acc/box/k?sr=b&sig=x").facts(head, of: ObjectID("k")).version == nil)
        #expect(try scene.store("azure://HOST/acc/box/k?sr=c&sig=x").facts(head, of: ObjectID("k")).version == "v1")
    }
}
