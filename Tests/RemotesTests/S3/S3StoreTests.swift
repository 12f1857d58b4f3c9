import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

@Suite struct S3StoreTests {
    @Test func aGetAsksForARangeOfOneVersionAndIsSigned() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.file("/bucket/key", Array("0123456789".utf8), eTag: "\"abc\"")
        let request = store.get(ObjectID("key"), range: 2..<5, match: .strongETag("\"abc\""), unless: nil)
        let answer = try scene.send(request, store)
        #expect(answer.head.status == 206 && answer.body == Array("234".utf8))
        let sent = try #require(scene.server.requests("/bucket/key").first)
        #expect(sent["Range"] == "bytes=2-4" && sent["If-Match"] == "\"abc\"" && sent.accessKey == "testkey")
        #expect(sent["x-amz-checksum-mode"] == "ENABLED" && sent["x-amz-content-sha256"] == SigV4.emptyPayload)
        #expect(sent["Authorization"]?.contains("testsecret") == false)
    }

    @Test func aVersionIsAskedForByItsID() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        #expect(store.head(ObjectID("k", version: "a+b/c")).url.hasSuffix("/bucket/k?versionId=a%2Bb%2Fc"))
        let ranged = store.get(ObjectID("k"), range: 0..<1, match: .version("v1"), unless: nil)
        #expect(ranged.url.hasSuffix("?versionId=v1") && !ranged.headers.contains { $0.name == "If-Match" })
    }

    @Test func whatIsCachedIsNotSentAgain() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.file("/bucket/key", [1, 2, 3], eTag: "\"d41d8cd98f00b204e9800998ecf8427e\"")
        let md5 = try #require(Checksum("md5:d41d8cd98f00b204e9800998ecf8427e"))
        for cached: Validator in [.checksum(md5), .strongETag("\"d41d8cd98f00b204e9800998ecf8427e\"")] {
            let request = store.get(ObjectID("key"), range: nil, match: nil, unless: cached)
            #expect(try scene.send(request, store).head.status == 304)
        }
    }

    static let md5Tag = "\"5d41402abc4b2a76b9719d911017c592\""

    @Test(
        "An ETag is an MD5 only where S3 says so, and a checksum only where it is of the whole",
        arguments: [
            ([("ETag", md5Tag)], "md5:5d41402abc4b2a76b9719d911017c592"),
            ([("ETag", md5Tag), ("x-amz-server-side-encryption", "AES256")], "md5:5d41402abc4b2a76b9719d911017c592"),
            ([("ETag", md5Tag), ("x-amz-server-side-encryption", "aws:kms")], nil),
            ([("ETag", md5Tag), ("x-amz-server-side-encryption", "aws:kms:dsse")], nil),
            ([("ETag", md5Tag), ("x-amz-server-side-encryption-customer-algorithm", "AES256")], nil),
            ([("ETag", "\"5d41402abc4b2a76b9719d911017c592-3\"")], nil),
            ([("ETag", "\"0x8D4BCC2E4835CD0\"")], nil),
            (
                [("ETag", md5Tag), ("x-amz-checksum-crc32c", "mnG7TA==")], "crc32c:9a71bb4c"
            ),
            ([("ETag", "\"x-2\""), ("x-amz-checksum-crc32c", "mnG7TA==-2")], nil),
            (
                [
                    ("x-amz-checksum-crc32c", "mnG7TA=="),
                    ("x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="),
                ],
                "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e730433629 38b9824".replacing(" ", with: "")
            ),
            ([("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")], nil),
        ] as [([(String, String)], String?)])
    func checksums(headers: [(String, String)], checksum: String?) throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { _ in
            .init(headers: headers.map { (name: $0.0, value: $0.1) }, body: Array("hello".utf8))
        }
        let answer = try scene.send(store.head(ObjectID("key")), store)
        #expect(store.facts(answer.head, of: ObjectID("key")).checksum?.description == checksum)
    }

    @Test func factsAreOfTheWholeObject() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { request in
            .file(Array(repeating: 7, count: 1000), for: request, eTag: "\"e-2\"")
        }
        let object = ObjectID("key")
        let ranged = try scene.send(store.get(object, range: 10..<20, match: nil, unless: nil), store)
        let whole = try scene.send(store.head(object), store)
        for head in [ranged.head, whole.head] {
            let facts = store.facts(head, of: object)
            #expect(facts.size == 1000 && facts.validator == .strongETag("\"e-2\"") && facts.modified == 1_445_412_480)
            #expect(facts.checksum == nil && facts.version == nil)
        }
    }

    @Test func aVersionIsTheStrongestValidatorAndNullIsNone() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        for (id, expected) in [("3HL4", Validator.version("3HL4")), ("null", .strongETag("\"e\""))] {
            scene.server.route("*") { _ in .init(headers: [("ETag", "\"e\""), ("x-amz-version-id", id)], body: [1]) }
            let facts = store.facts(try scene.send(store.head(ObjectID("k")), store).head, of: ObjectID("k"))
            #expect(facts.validator == expected && facts.version == (id == "null" ? nil : id))
        }
    }

    @Test func aRegionIsLearntOnceAndUsedFromThenOn() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { request in
            guard request["Authorization"]?.contains("/eu-central-1/s3/") == true else {
                let body = S3Scene.error("AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>")
                return .init(status: 400, body: Array(body.utf8))
            }
            return .text("here")
        }
        let wish = store.get(ObjectID("key"), range: nil, match: nil, unless: nil)
        let first = try scene.authorized(wish, store)
        let answer = try scene.network.exchange(first)
        #expect(store.refusal(answer.head, body: answer.body, to: first).kind == .again)
        // Another request was under way with the old region.
        #expect(store.refusal(answer.head, body: answer.body, to: first).kind == .again)
        #expect(try scene.send(wish, store).body == Array("here".utf8))
        // The same answer to a request that has the region already is no news.
        let second = try scene.authorized(wish, store)
        #expect(store.refusal(answer.head, body: answer.body, to: second).kind == .configuration)
    }

    @Test func onAWSALearntRegionMovesTheRequest() throws {
        let scene = try S3Scene("sdk.aws.s3 { key: k, secret: s }")
        let store = try scene.store("s3://bucket/key")
        let wish = store.get(ObjectID("key"), range: nil, match: nil, unless: nil)
        #expect(wish.url == "https://bucket.s3.us-east-1.amazonaws.com/key")
        #expect(store.learn(region: "ap-south-1", from: try scene.authorized(wish, store)))
        #expect(try scene.authorized(wish, store).url == "https://bucket.s3.ap-south-1.amazonaws.com/key")
        #expect(!store.learn(region: "evil.example.org/", from: wish))
    }
}
