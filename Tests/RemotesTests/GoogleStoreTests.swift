import Planning
import Platform
import Remotes
import TestSupport
import Testing

@Suite struct GoogleRequestTests {
    private func store(_ url: String = "gs://bucket/x") throws -> any WritableStore & ListingStore {
        try #require(try GoogleScene().store(url) as? any WritableStore & ListingStore)
    }

    @Test(
        "A key is one component of the path, literally",
        arguments: [
            ("plain.txt", "plain.txt"), ("a/b c", "a%2Fb%20c"), ("+%#?&=", "%2B%25%23%3F%26%3D"), ("/lead", "%2Flead"),
            ("a//b/../c", "a%2F%2Fb%2F..%2Fc"), ("ü", "%C3%BC"), ("a~b-c_d.e", "a~b-c_d.e"),
        ])
    func key(_ key: String, _ spelled: String) throws {
        let url = try store().head(ObjectID(key)).url
        #expect(url == "https://storage.googleapis.com/storage/v1/b/bucket/o/\(spelled)?alt=media")
    }

    @Test func aURLsKeyIsWhatFollowsTheBucket() throws {
        #expect(try GoogleScene().stores.object(at: LogicalURL("gs://bucket//a b%20")).key == "/a b%20")
        #expect(throws: Refusal.self) { try GoogleScene().stores.object(at: LogicalURL("s3://bucket/x")) }
        #expect(throws: Refusal.self) { try GoogleScene().stores.object(at: LogicalURL("gs://bucket:80/x")) }
    }

    @Test func rangesAreOfOneGeneration() throws {
        let store = try store()
        let any = store.get(ObjectID("k"), range: 5..<9, match: .version("7"), unless: nil)
        #expect(any.url.hasSuffix("?alt=media&generation=7&ifGenerationMatch=7") && any.range == 5..<9)
        let pinned = store.get(ObjectID("k", version: "7"), range: nil, match: .version("7"), unless: nil)
        #expect(pinned.url.hasSuffix("?alt=media&generation=7&ifGenerationMatch=7"))
        let cached = store.get(ObjectID("k"), range: nil, match: nil, unless: .version("6"))
        #expect(cached.url.hasSuffix("?alt=media&ifGenerationNotMatch=6"))
    }

    @Test func storedGzipIsNotUnpackedOnTheWay() throws {
        let request = try store().get(ObjectID("k"), range: nil, match: nil, unless: nil)
        #expect(request.headers.contains { $0.name == "Accept-Encoding" && $0.value == "gzip" })
    }

    @Test func aListingAsksForPagesOfWhatItReads() throws {
        let url = try store().list(prefix: "a b/", delimiter: "/", token: "t+k", limit: 5000).url
        #expect(
            url.hasPrefix("https://storage.googleapis.com/storage/v1/b/bucket/o?maxResults=1000&fields=items%28name%2C")
        )
        #expect(url.hasSuffix("&prefix=a%20b%2F&delimiter=%2F&pageToken=t%2Bk"))
    }

    @Test func anUploadNamesItsKeyAndChecksums() throws {
        let store = try store()
        let content = UploadContent(
            md5: [UInt8](repeating: 1, count: 16), crc32c: [0, 0, 0, 2], contentType: "text/plain")
        let request = store.put("a \"b\"", body: Array("--\r\n".utf8), content: content)
        #expect(request.url == "https://storage.googleapis.com/upload/storage/v1/b/bucket/o?uploadType=multipart")
        let type = try #require(request.headers.first { $0.name == "Content-Type" }?.value)
        let boundary = type.dropFirst("multipart/related; boundary=".count)
        let text = String(decoding: request.body?.bytes ?? [], as: UTF8.self)
        #expect(
            text == """
                --\(boundary)\r
                Content-Type: application/json; charset=UTF-8\r
                \r
                {"name":"a \\"b\\"","contentType":"text/plain","crc32c":"AAAAAg==","md5Hash":"AQEBAQEBAQEBAQEBAQEBAQ=="}\r
                --\(boundary)\r
                Content-Type: text/plain\r
                \r
                --\r
                \r
                --\(boundary)--\r

                """)
    }

    @Test func partsSayWhereTheyBelong() throws {
        let store = try store()
        let session = "https://storage.googleapis.com/upload/x?upload_id=1"
        func range(_ count: Int, _ offset: Int64) -> String? {
            store.part(
                "k", upload: session, number: 1, offset: offset, total: 600_000,
                body: .bytes([UInt8](repeating: 0, count: count)),
                content: UploadContent()
            ).headers.first { $0.name == "Content-Range" }?.value
        }
        #expect(range(262_144, 262_144) == "bytes 262144-524287/600000")
        #expect(range(75_712, 524_288) == "bytes 524288-599999/600000")
        #expect(store.uploadLimits.partSize % (256 << 10) == 0 && store.uploadLimits.concurrency == 1)
    }
}

@Suite struct GoogleAnswerTests {
    private struct Answered {
        let server: FaultServer
        let scene: GoogleScene
        let store: any WritableStore & ListingStore

        init(_ configuration: String = "", handler: @escaping FaultServer.Handler) throws {
            server = try FaultServer()
            server.route("*", handler)
            // Without a scheme, as Google's libraries take it, too.
            scene = try GoogleScene(configuration, environment: ["STORAGE_EMULATOR_HOST": "127.0.0.1:\(server.port)"])
            store = try #require(try scene.store("gs://bucket/x") as? any WritableStore & ListingStore)
        }

        func answer(_ request: HTTPRequest) throws -> HTTPAnswer { try scene.answer(request, store) }

        func refusal(_ request: HTTPRequest) throws -> Refusal {
            try #require(throws: Refusal.self) { try answer(request) }
        }
    }

    private func facts(
        status: Int = 200, _ headers: [(name: String, value: String)], _ count: Int
    ) throws -> ObjectFacts {
        let answered = try Answered { _ in
            FaultServer.Response(status: status, headers: headers, body: [UInt8](repeating: 0, count: count))
        }
        defer { answered.server.stop() }
        let request = answered.store.get(ObjectID("k"), range: nil, match: nil, unless: nil)
        return answered.store.facts(try answered.answer(request).head, of: ObjectID("k"))
    }

    @Test func anObjectsFactsAreItsGenerationAndChecksum() throws {
        let both = [("x-goog-generation", "17"), ("x-goog-hash", "crc32c=AAAAAQ==,md5=XrY7u+Ae7tCTyyK7j1rNww==")]
        let apart = [
            ("x-goog-generation", "17"), ("x-goog-hash", "md5=XrY7u+Ae7tCTyyK7j1rNww=="),
            ("x-goog-hash", "crc32c=AAAAAQ=="),
        ]
        let expected = ObjectFacts(
            size: 9, validator: .version("17"), version: "17", checksum: Checksum("crc32c:00000001"), modified: nil)
        #expect(try facts(both, 9) == expected)
        #expect(try facts(apart, 9) == expected)
        #expect(try facts(status: 206, both + [("Content-Range", "bytes 0-2/9")], 3) == expected)
        let md5 = try facts([("x-goog-hash", "md5=XrY7u+Ae7tCTyyK7j1rNww==")], 9)
        #expect(md5.checksum == Checksum("md5:5eb63bbbe01eeed093cb22bb8f5acdc3") && md5.version == nil)
    }

    @Test func whatIsUnpackedOnTheWayHasNeitherSizeNorChecksum() throws {
        let fields = [
            ("x-goog-generation", "17"), ("x-goog-hash", "crc32c=AAAAAQ=="), ("x-goog-stored-content-encoding", "gzip"),
            ("x-goog-stored-content-length", "5"),
        ]
        let unpacked = try facts(fields, 9)
        #expect(unpacked.size == nil && unpacked.checksum == nil && unpacked.version == "17")
        let asStored = try facts(fields + [("Content-Encoding", "gzip")], 5)
        #expect(asStored.size == 5 && asStored.checksum == Checksum("crc32c:00000001"))
    }

    private func page(_ body: String) throws -> ListingPage {
        let answered = try Answered { _ in .text(body) }
        defer { answered.server.stop() }
        let answer = try answered.answer(answered.store.list(prefix: "", delimiter: nil, token: nil, limit: 10))
        return try answered.store.page(answer.head, body: answer.body)
    }

    @Test func aPageHasKeysPrefixesAndTheNextToken() throws {
        let page = try page(
            """
            {"kind": "storage#objects", "nextPageToken": "t", "prefixes": ["a/"], "items": [{"name": "ü \\u0041", "size": "5",
            "generation": "3", "updated": "2026-11-22T21:43:48.984Z", "crc32c": "AAAAAQ==", "etag": "x"},
            {"name": "n", "size": "0"}]}
            """)
        #expect(page.next == "t" && page.prefixes == ["a/"])
        #expect(
            page.objects == [
                ListedObject(
                    key: "ü A",
                    facts: ObjectFacts(
                        size: 5, validator: .version("3"), version: "3", checksum: Checksum("crc32c:00000001"),
                        modified: 1_795_383_828)),
                ListedObject(
                    key: "n", facts: ObjectFacts(size: 0, validator: .weak(eTag: nil, size: 0, modified: nil))),
            ])
        #expect(try self.page("{}").objects.isEmpty)
        #expect(try self.page("{\"nextPageToken\": \"\"}").next == nil)
    }

    @Test(
        "A listing that makes no sense is refused whole",
        arguments: [
            "", "[]", "{\"items\": [{\"size\": \"1\"}]}", "{\"items\": [{\"name\": \"a\", \"size\": \"-1\"}]}",
            "{\"items\":",
        ])
    func malformedPage(body: String) throws {
        let refusal = try #require(throws: Refusal.self) { try page(body) }
        #expect(refusal.kind == .malformed)
    }

    @Test(
        "An error is explained by its status and words",
        arguments: [
            (404, "No such object: bucket/k", Refusal.Kind.notFound, "'k' is not in the bucket 'bucket'"),
            (
                404, "{\"error\": {\"message\": \"The specified bucket does not exist.\"}}", .notFound,
                "bucket 'bucket' does not exist"
            ),
            (401, "Anonymous caller does not have storage.objects.get access", .permission, "not open to everybody"),
            (
                403, "{\"error\": {\"message\": \"no\", \"errors\": [{\"reason\": \"forbidden\"}]}}", .permission,
                "not open"
            ),
            (
                403, "{\"error\": {\"message\": \"slow\", \"errors\": [{\"reason\": \"rateLimitExceeded\"}]}}",
                .transient, "slow"
            ),
            (429, "", .transient, "now"), (503, "<html>busy</html>", .transient, "now"), (412, "", .changed, "changed"),
            (416, "", .range, "range"), (418, "", .malformed, "not expected"),
        ])
    func refusals(status: Int, body: String, kind: Refusal.Kind, words: String) throws {
        let answered = try Answered { _ in .text(body, status: status) }
        defer { answered.server.stop() }
        let refusal = try answered.refusal(answered.store.get(ObjectID("k"), range: nil, match: nil, unless: nil))
        #expect(refusal.kind == kind)
        #expect(refusal.message.contains(words))
        #expect(refusal.cause?.contains("answered \(status)") == true)
        #expect(!refusal.everything.contains("<html>"))
    }

    @Test func aGenerationThatIsGoneHasChanged() throws {
        let answered = try Answered { _ in .text("No such object", status: 404) }
        defer { answered.server.stop() }
        let request = answered.store.get(ObjectID("k"), range: 0..<5, match: .version("7"), unless: nil)
        #expect(try answered.refusal(request).kind == .changed)
        let pinned = answered.store.get(ObjectID("k", version: "7"), range: nil, match: nil, unless: nil)
        #expect(try answered.refusal(pinned).kind == .notFound)
    }

    @Test func bytesThatArriveOtherwiseAreAnIntegrityError() throws {
        let words = "Provided MD5 hash \\\"x\\\" doesn't match calculated MD5 hash \\\"y\\\"."
        let answered = try Answered { _ in .text("{\"error\": {\"message\": \"\(words)\"}}", status: 400) }
        defer { answered.server.stop() }
        #expect(try answered.refusal(answered.store.put("k", body: [1], content: UploadContent())).kind == .integrity)
    }

    private static func wantsPayment(_ request: FaultServer.Request) -> FaultServer.Response {
        request.target.contains("userProject=payer%2Fx")
            ? .text("paid")
            : .text(
                "{\"error\": {\"message\": \"Bucket is a requester pays bucket but no user project provided.\"}}",
                status: 400)
    }

    @Test func theConfiguredProjectPaysOnceTheBucketAsksForIt() throws {
        let answered = try Answered("sdk.google.storage.project: payer/x", handler: Self.wantsPayment)
        defer { answered.server.stop() }
        for _ in 0..<2 {
            let request = answered.store.get(ObjectID("k"), range: nil, match: nil, unless: nil)
            #expect(try answered.answer(request).body == Array("paid".utf8))
        }
        #expect(answered.server.exchanges.map(\.status) == [400, 200, 200])
    }

    @Test func withoutAProjectNobodyPays() throws {
        let answered = try Answered(handler: Self.wantsPayment)
        defer { answered.server.stop() }
        let refusal = try answered.refusal(answered.store.get(ObjectID("k"), range: nil, match: nil, unless: nil))
        #expect(refusal.kind == .permission && refusal.advice?.contains("sdk.google.storage.project") == true)
    }

    @Test func whatIsStoredIsReadFromTheAnswer() throws {
        let answered = try Answered { _ in
            .text("{\"name\": \"k\", \"generation\": \"5\", \"etag\": \"e\", \"crc32c\": \"AAAAAQ==\"}")
        }
        defer { answered.server.stop() }
        let answer = try answered.answer(answered.store.put("k", body: [], content: UploadContent()))
        let stored = try answered.store.stored(answer.head, body: answer.body, key: "k")
        #expect(stored == StoredObject(eTag: "e", version: "5", checksum: Checksum("crc32c:00000001")))
        #expect(throws: Refusal.self) { try answered.store.stored(answer.head, body: answer.body, key: "other") }
    }

    @Test func aSessionIsNamedByItsURLAndNoSecretOfItIsShown() throws {
        let answered = try Answered { request in
            request.method == "POST"
                ? FaultServer.Response(headers: [("Location", "http://127.0.0.1/upload?upload_id=s3cr3t")])
                : .text("gone", status: 410)
        }
        defer { answered.server.stop() }
        let begin = try #require(answered.store.begin("k", size: 5, content: UploadContent()))
        let answer = try answered.answer(begin)
        #expect(try answered.store.upload(answer.head, body: answer.body) == "http://127.0.0.1/upload?upload_id=s3cr3t")
        let part = answered.store.part(
            "k", upload: answered.server.url("/upload?upload_id=s3cr3t"), number: 1, offset: 0, total: 5, body: [1, 2],
            content: UploadContent())
        let refusal = try answered.refusal(part)
        #expect(refusal.kind == .malformed && !refusal.everything.contains("s3cr3t"))
    }
}
