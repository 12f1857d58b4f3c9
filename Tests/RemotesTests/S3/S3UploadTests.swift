import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

@Suite struct S3UploadTests {
    private static func content(_ bytes: [UInt8]) -> UploadContent {
        UploadContent(
            sha256: HashFunction.sha256.hash(bytes), md5: HashFunction.md5.hash(bytes),
            crc32c: HashFunction.crc32c.hash(bytes))
    }

    @Test func aPutSignsWhatItSends() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("/bucket/a%20b") { request in
            .init(headers: [
                ("ETag", "\"\(Hex.encode(HashFunction.md5.hash(request.body)))\""), ("x-amz-version-id", "v7"),
            ])
        }
        let bytes = Array("hello".utf8)
        let answer = try scene.send(store.put("a b", body: bytes, content: Self.content(bytes)), store)
        let stored = try store.stored(answer.head, body: answer.body, key: "a b")
        #expect(stored.checksum?.description == "md5:5d41402abc4b2a76b9719d911017c592" && stored.version == "v7")
        let sent = try #require(scene.server.requests("/bucket/a%20b").first)
        #expect(sent.method == "PUT" && sent.body == bytes && sent["Content-MD5"] == "XUFAKrxLKna5cZ2REBfFkg==")
        #expect(sent["x-amz-content-sha256"] == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        #expect(
            sent["Authorization"]?.contains("content-md5;content-type;host;x-amz-content-sha256;x-amz-date") == true)
    }

    @Test func anEmptyObjectIsPut() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { _ in .init(headers: [("ETag", "\"d41d8cd98f00b204e9800998ecf8427e\"")]) }
        let answer = try scene.send(store.put("k", body: [], content: Self.content([])), store)
        #expect(try store.stored(answer.head, body: answer.body, key: "k").checksum?.algorithm == .md5)
        let sent = try #require(scene.server.exchanges.first?.request)
        #expect(sent["Content-Length"] == "0" && sent["x-amz-content-sha256"] == SigV4.emptyPayload)
    }

    @Test func anUploadInPartsGoesFromItsBeginningToItsEnd() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("/bucket/big") { request in
            switch (request.method, request.target.contains("uploads=")) {
            case ("POST", true):
                return .text(
                    "<InitiateMultipartUploadResult><UploadId>id/+1</UploadId></InitiateMultipartUploadResult>")
            case ("PUT", _):
                return .init(headers: [("ETag", "\"\(Hex.encode(HashFunction.md5.hash(request.body)))\"")])
            default:
                return .text(
                    " \n<?xml version=\"1.0\"?><CompleteMultipartUploadResult><ETag>&quot;x-2&quot;</ETag></CompleteMultipartUploadResult>"
                )
            }
        }
        let begun = try scene.send(try #require(store.begin("big", size: 3, content: UploadContent())), store)
        let upload = try store.upload(begun.head, body: begun.body)
        #expect(upload == "id/+1")
        var parts: [UploadedPart] = []
        for (number, bytes) in [(2, [UInt8(3)]), (1, [1, 2])] {
            let content = Self.content(bytes)
            let answer = try scene.send(
                store.part(
                    "big", upload: upload, number: number, offset: 0, total: 3, body: .bytes(bytes), content: content),
                store)
            let receipt = try store.receipt(answer.head, body: answer.body, part: number)
            parts.append(UploadedPart(number: number, receipt: receipt, content: content))
        }
        let end = try scene.send(
            try #require(store.complete("big", upload: upload, parts: parts, content: UploadContent())), store)
        let stored = try store.stored(end.head, body: end.body, key: "big")
        #expect(stored.eTag == "\"x-2\"" && stored.checksum == nil)
        let sent = scene.server.requests("/bucket/big")
        #expect(sent[1].target.hasSuffix("?partNumber=2&uploadId=id%2F%2B1"))
        let body = String(decoding: try #require(sent.last).body, as: UTF8.self)
        let (first, second) = (Hex.encode(HashFunction.md5.hash([1, 2])), Hex.encode(HashFunction.md5.hash([3])))
        #expect(
            body.contains(
                "<Part><ETag>&quot;\(first)&quot;</ETag><PartNumber>1</PartNumber></Part><Part><ETag>&quot;\(second)&quot;</ETag><PartNumber>2</PartNumber></Part>"
            ))
    }

    @Test(
        arguments: [("InternalError", .transient), ("AccessDenied", .permission), ("InvalidPart", .unsupported)]
            as [(String, Refusal.Kind)])
    func anErrorInsideASuccessIsARefusal(code: String, kind: Refusal.Kind) throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { _ in .text("\n \n" + S3Scene.error(code)) }
        let request = try #require(store.complete("k", upload: "u", parts: [], content: UploadContent()))
        let answer = try scene.send(request, store)
        let refusal = try #require(throws: Refusal.self) { try store.stored(answer.head, body: answer.body, key: "k") }
        #expect(answer.head.status == 200 && refusal.kind == kind)
    }

    @Test func anUploadIsGivenUp() throws {
        let scene = try S3Scene()
        let store = try scene.store()
        scene.server.route("*") { _ in .init(status: 204) }
        #expect(try scene.send(try #require(store.abort("k", upload: "u")), store).head.status == 204)
        let sent = try #require(scene.server.exchanges.first?.request)
        #expect(sent.method == "DELETE" && sent.target == "/bucket/k?uploadId=u")
    }

    @Test func aChecksumThatIsAskedForGoesWithEveryPart() throws {
        let scene = try S3Scene(
            "sdk.aws.s3.credentials: [ { host: \"HOST\", key: k, secret: s, secure: false, extra_args: { ChecksumAlgorithm: crc32c } } ]"
        )
        let store = try scene.store()
        let content = Self.content(Array("hello".utf8))
        #expect(store.uploadLimits.functions == [.md5, .sha256, .crc32c])
        let put = store.put("k", body: Array("hello".utf8), content: content)
        #expect(put.headers.first { $0.name == "x-amz-checksum-crc32c" }?.value == "mnG7TA==")
        let begin = try #require(store.begin("k", size: 1, content: UploadContent()))
        #expect(begin.headers.first { $0.name == "x-amz-checksum-algorithm" }?.value == "CRC32C")
        let parts = [UploadedPart(number: 1, receipt: "\"e\"", content: content)]
        let end = try #require(store.complete("k", upload: "u", parts: parts, content: UploadContent()))
        let text = String(decoding: end.body?.bytes ?? [], as: UTF8.self)
        #expect(text.contains("<ChecksumCRC32C>mnG7TA==</ChecksumCRC32C>"))
    }

    @Test func sizesComeFromTheConfiguration() throws {
        let text = """
            sdk.aws.boto3 { multipart_threshold: 100MB, multipart_chunksize: 1MB, max_multipart_concurrency: 3 }
            sdk.aws.s3.credentials: [ { host: "HOST", key: k, secret: s, secure: false }
                { host: "HOST", bucket: whole, key: k, secret: s, secure: false, multipart: false } ]
            """
        let scene = try S3Scene(text)
        let limits = try scene.store().uploadLimits
        #expect(limits.partSize == 5 << 20 && limits.concurrency == 3 && (limits.threshold ?? 0) >= 100_000_000)
        #expect(try scene.store("s3://HOST/whole/k").uploadLimits.threshold == nil)
    }
}

@Suite struct MultipartETagTests {
    @Test func itIsTheMD5OfThePartsMD5s() {
        // As `printf 'hello' | md5sum` and `printf ' world' | md5sum` give them, joined and hashed.
        let parts = ["hello", " world"].map { HashFunction.md5.hash(Array($0.utf8)) }
        let joined = Hex.encode(HashFunction.md5.hash(Array(parts.joined())))
        #expect(MultipartETag(partMD5s: parts).text == "\"\(joined)-2\"")
    }

    @Test(
        arguments: [
            ("\"9b2cf535f27731c974343645a3985328-12\"", 12), ("9b2cf535f27731c974343645a3985328-1", 1),
            ("\"9b2cf535f27731c974343645a3985328\"", nil), ("\"xyz-2\"", nil),
            ("\"9b2cf535f27731c974343645a3985328-0\"", nil),
            ("\"9b2cf535f27731c974343645a3985328-x\"", nil), ("\"", nil), ("", nil),
        ] as [(String, Int?)])
    func itTellsItsParts(tag: String, parts: Int?) {
        #expect(MultipartETag.parts(ofETag: tag) == parts)
        if parts != nil { #expect(MultipartETag.md5(ofETag: tag) == nil) }
    }

    @Test func aSizeOfPartsIsFoundWhereItFits() {
        let candidates: [Int64] = [8 << 20, 16 << 20]
        #expect(MultipartETag.partSize(of: 100 << 20, parts: 13, among: candidates) == 8 << 20)
        #expect(MultipartETag.partSize(of: 100 << 20, parts: 7, among: candidates) == 16 << 20)
        #expect(MultipartETag.partSize(of: 100 << 20, parts: 5, among: candidates) == nil)
    }
}
