import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

@Suite struct S3RefusalTests {
    @Test(
        arguments: [
            (404, "NoSuchBucket", .notFound, "the bucket 'bucket' does not exist"),
            (404, "NoSuchKey", .notFound, "no such object in the bucket 'bucket'"),
            (404, "NoSuchVersion", .notFound, "no such version"),
            (403, "InvalidAccessKeyId", .permission, "the access key of sdk.aws.s3.credentials[0] is not known"),
            (403, "SignatureDoesNotMatch", .permission, "the secret key of sdk.aws.s3.credentials[0] does not fit"),
            (403, "AccessDenied", .permission, "is denied to sdk.aws.s3.credentials[0]"),
            (400, "ExpiredToken", .permission, "the session token of sdk.aws.s3.credentials[0] has expired"),
            (400, "InvalidToken", .permission, "the session token of sdk.aws.s3.credentials[0] is not valid"),
            (412, "PreconditionFailed", .changed, "has changed"),
            (416, "InvalidRange", .range, "no bytes in this range"),
            (503, "SlowDown", .transient, "busy"), (500, "InternalError", .transient, "busy"),
            (400, "RequestTimeout", .transient, "busy"), (501, "NotImplemented", .unsupported, "does not offer"),
            (400, "BadDigest", .integrity, "did not arrive as they were sent"),
            (400, "XAmzContentSHA256Mismatch", .integrity, "did not arrive as they were sent"),
            (400, "Odd", .unsupported, "told by the server"), (502, "Odd", .transient, "busy"),
            (301, "PermanentRedirect", .configuration, "is not in the region us-east-1"),
        ] as [(Int, String, Refusal.Kind, String)])
    func theStoresOwnCodesBecomeSentences(status: Int, code: String, kind: Refusal.Kind, words: String) throws {
        let refusal = try S3Scene().refusal(status, S3Scene.error(code))
        #expect(refusal.kind == kind && refusal.message.contains(words))
        #expect(refusal.cause?.contains("/bucket/key answered \(status) \(code): told by the server") == true)
        #expect(!"\(refusal)".contains("testsecret") && !"\(refusal)".contains("Signature="))
    }

    @Test(
        arguments: [
            (403, .permission), (401, .permission), (404, .notFound), (412, .changed), (416, .range), (429, .transient),
            (503, .transient), (500, .transient), (302, .configuration), (418, .unsupported), (200, .malformed),
        ] as [(Int, Refusal.Kind)])
    func withoutABodyTheStatusDecides(status: Int, kind: Refusal.Kind) throws {
        for body in ["", "<html><body>not S3", "plain"] {
            #expect(try S3Scene().refusal(status, body).kind == kind)
        }
    }

    @Test func theEntryAndItsPlaceAreNamed() throws {
        let scene = try S3Scene()
        let refusal = try scene.refusal(403, S3Scene.error("SignatureDoesNotMatch"))
        let place = "check key, secret and token of sdk.aws.s3.credentials[0] (\(scene.folder["clearml.conf"]):1:"
        #expect(refusal.advice?.hasPrefix(place) == true)
    }

    @Test func aServerWithoutAnEntryIsAskedWithoutCredentials() throws {
        let scene = try S3Scene("sdk.aws.s3 { secure: false, key: a, secret: b }")
        let refusal = try scene.refusal(403, S3Scene.error("AccessDenied"))
        #expect(refusal.kind == .permission && refusal.message.contains("there are no credentials for it"))
        #expect(
            refusal.advice
                == "credentials were looked for in: sdk.aws.s3.credentials (no entry has the host \(scene.host))")
    }

    @Test func listingThatIsDeniedSaysThatReadingMayGo() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { _ in .init(status: 403, body: Array(S3Scene.error("AccessDenied").utf8)) }
        let request = try scene.authorized(store.list(prefix: "a/", delimiter: nil, token: nil, limit: 10), store)
        let answer = try scene.network.exchange(request)
        let refusal = store.refusal(answer.head, body: answer.body, to: request)
        #expect(refusal.message == "listing the bucket 'bucket' is denied to sdk.aws.s3.credentials[0]")
        #expect(refusal.advice?.contains("s3:ListBucket") == true)
    }

    @Test func aClockThatIsOffIsMeasured() throws {
        let refusal = try S3Scene().refusal(
            403, S3Scene.error("RequestTimeTooSkewed"), headers: [("Date", "Wed, 21 Oct 2015 07:28:00 GMT")])
        #expect(refusal.kind == .permission && refusal.advice == "set the clock")
        #expect(refusal.message.firstMatch(of: /this machine's clock is [0-9]{9} s ahead of the server's/) != nil)
    }

    @Test func anArchivedObjectIsNamedAsSuch() throws {
        let refusal = try S3Scene().refusal(
            403, S3Scene.error("InvalidObjectState", "<StorageClass>DEEP_ARCHIVE</StorageClass>"))
        #expect(refusal.message == "the object is archived (DEEP_ARCHIVE) and cannot be read")
        #expect(refusal.advice?.contains("restore") == true)
    }

    @Test func aBusyServerMayAskToWait() throws {
        #expect(try S3Scene().refusal(503, S3Scene.error("SlowDown"), headers: [("Retry-After", "7")]).retryAfter == 7)
    }

    @Test func httpSpokenToATLSPortIsExplained() throws {
        let refusal = try S3Scene().refusal(400, "Client sent an HTTP request to an HTTPS server.\n")
        #expect(refusal.kind == .configuration && refusal.advice == "set secure: true in sdk.aws.s3.credentials[0]")
    }

    @Test func aVersionThatTheServerDoesNotTakeIsNotFound() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { _ in .init(status: 400, body: Array(S3Scene.error("InvalidArgument").utf8)) }
        let request = try scene.authorized(store.head(ObjectID("k", version: "v")), store)
        let answer = try scene.network.exchange(HTTPRequest(.get, request.url))
        #expect(store.refusal(answer.head, body: answer.body, to: request).kind == .notFound)
    }

    @Test func whatMinIOSaysInAFieldCounts() throws {
        let refusal = try S3Scene().refusal(403, headers: [("X-Minio-Error-Code", "SignatureDoesNotMatch")])
        #expect(refusal.message.contains("does not fit its access key"))
    }

    @Test func aCutBodyStillTellsItsCode() throws {
        #expect(try S3Scene().refusal(404, "<Error><Code>NoSuchBucket</Code><Mess").message.contains("does not exist"))
    }
}

@Suite struct S3RequestOptionsTests {
    private static func scene(_ arguments: String) throws -> S3Scene {
        try S3Scene(
            "sdk.aws.s3.credentials: [ { host: \"HOST\", key: k, secret: s, secure: false, extra_args: { \(arguments) } } ]"
        )
    }

    @Test func uploadsAndReadsEachTakeTheirOwn() throws {
        let scene = try Self.scene(
            "StorageClass: STANDARD_IA, RequestPayer: requester, Metadata: { Owner: me }, ServerSideEncryption: \"aws:kms\", SSEKMSKeyId: k1, Tagging: \"a=b\", ContentType: \"text/x\""
        )
        let store = try scene.store()
        func fields(_ request: HTTPRequest?) -> [String: String] {
            Dictionary((request?.headers ?? []).map { ($0.name, $0.value) }) { first, _ in first }
        }
        let put = fields(store.put("k", body: [], content: UploadContent(contentType: "image/png")))
        #expect(
            put["x-amz-storage-class"] == "STANDARD_IA" && put["x-amz-meta-owner"] == "me"
                && put["Content-Type"] == "text/x")
        #expect(
            put["x-amz-server-side-encryption"] == "aws:kms"
                && put["x-amz-server-side-encryption-aws-kms-key-id"] == "k1")
        #expect(fields(store.begin("k", size: 1, content: UploadContent()))["x-amz-tagging"] == "a=b")
        let part = fields(
            store.part("k", upload: "u", number: 1, offset: 0, total: 1, body: [1], content: UploadContent()))
        for other in [
            part, fields(store.head(ObjectID("k"))),
            fields(store.list(prefix: "", delimiter: nil, token: nil, limit: 1)),
        ] {
            #expect(other["x-amz-request-payer"] == "requester" && other["x-amz-storage-class"] == nil)
        }
    }

    @Test func aCustomersKeyGoesWithContentAndIsNotPrinted() throws {
        let scene = try Self.scene("SSECustomerAlgorithm: AES256, SSECustomerKey: \"0123456789abcdef0123456789abcdef\"")
        let store = try scene.store()
        let get = store.get(ObjectID("k"), range: nil, match: nil, unless: nil).headers
        let name = "x-amz-server-side-encryption-customer-key"
        #expect(get.first { $0.name == name }?.value == "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
        #expect(
            get.first { $0.name == name + "-MD5" }?.value == "r01Er5wdCNT+8TnFtd9KJw=="
                || get.contains { $0.name == name + "-MD5" })
        #expect(!"\(get)".contains("MDEyMzQ1"))
        #expect(!store.list(prefix: "", delimiter: nil, token: nil, limit: 1).headers.contains { $0.name == name })
    }

    @Test(arguments: [
        ("StorageClas: GLACIER", "sdk.aws.s3.credentials[0].extra_args.StorageClas is not an argument"),
        ("Metadata: 7", "extra_args.Metadata is not an object"), ("ACL: [1]", "extra_args.ACL is not a text"),
        ("ChecksumAlgorithm: CRC32", "extra_args.ChecksumAlgorithm must be SHA256 or CRC32C"),
        ("SSECustomerKey: short", "extra_args.SSECustomerKey must be 32 bytes long"),
        ("CacheControl: \"a\\nb\"", "extra_args.CacheControl holds a character"),
    ])
    func whatIsNotUnderstoodIsRefusedByName(arguments: String, words: String) throws {
        let scene = try Self.scene(arguments)
        let refusal = try #require(throws: Refusal.self) { try scene.store() }
        #expect(refusal.kind == .configuration && refusal.message.contains(words))
    }
}
