import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

@Suite struct AzureUploadTests {
    private let hello = UploadContent(md5: Base64.decode("XUFAKrxLKna5cZ2REBfFkg==")!, contentType: "text/plain")

    @Test("A small object goes in one request with its checksum")
    func put() throws {
        let scene = try AzureScene()
        scene.server.route("*") { _ in
            .init(
                status: 201,
                headers: [("ETag", "\"1\""), ("x-ms-version-id", "v"), ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")])
        }
        let store = try scene.store()
        let answer = try scene.send(store.put("a b", body: Array("hello".utf8), content: hello), store)
        let seen = try #require(scene.server.exchanges.first?.request)
        #expect(seen.method == "PUT" && seen.target == "/acc/box/a%20b" && seen.body == Array("hello".utf8))
        #expect(seen["x-ms-blob-type"] == "BlockBlob" && seen["Content-MD5"] == "XUFAKrxLKna5cZ2REBfFkg==")
        #expect(seen["x-ms-blob-content-type"] == "text/plain" && seen["Content-Length"] == "5")
        #expect(
            try store.stored(answer.head, body: [], key: "a b")
                == StoredObject(
                    eTag: "\"1\"", version: "v", checksum: Checksum("md5:5d41402abc4b2a76b9719d911017c592")))
    }

    @Test("Blocks are named by number and content, each name as long as the others")
    func blocks() {
        let other = UploadContent(md5: [UInt8](repeating: 0xFB, count: 16))
        let names = [AzureStore.block(1, hello), AzureStore.block(50_000, hello), AzureStore.block(1, other)]
        #expect(Set(names).count == 3 && Set(names.map(\.utf8.count)).count == 1)
        #expect(names.allSatisfy { Base64.decode($0).map { $0.count <= 64 } == true })
        #expect(AzureStore.block(7, hello) == AzureStore.block(7, hello))
    }

    @Test("Parts become blocks, and a list of them in the order of their numbers makes the blob")
    func parts() throws {
        let store = try AzureScene().store()
        #expect(store.begin("k", size: 1 << 30, content: hello) == nil && store.abort("k", upload: "") == nil)
        let part = store.part("k", upload: "", number: 2, offset: 5, total: 10, body: [1], content: hello)
        let block = URIEncoding.parameter(AzureStore.block(2, hello))
        #expect(part.url.hasSuffix("/acc/box/k?comp=block&blockid=\(block)") && part.method == .put)
        #expect(part.field("Content-MD5") == "XUFAKrxLKna5cZ2REBfFkg==")
        let parts = [2, 1].map { UploadedPart(number: $0, receipt: nil, content: hello) }
        let list = try #require(store.complete("k", upload: "", parts: parts, content: hello))
        #expect(list.url.hasSuffix("/acc/box/k?comp=blocklist"))
        #expect(list.field("x-ms-blob-content-md5") == "XUFAKrxLKna5cZ2REBfFkg==" && list.field("Content-MD5") == nil)
        let text = String(decoding: list.body?.bytes ?? [], as: UTF8.self)
        #expect(
            text.contains(
                "<Latest>\(AzureStore.block(1, hello))</Latest><Latest>\(AzureStore.block(2, hello))</Latest>"))
    }

    @Test("The checksum that answers a block list is the list's, not the blob's")
    func listChecksum() throws {
        let scene = try AzureScene()
        scene.server.route("*") { _ in
            .init(status: 201, headers: [("ETag", "\"1\""), ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")])
        }
        let store = try scene.store()
        let request = try #require(store.complete("k", upload: "", parts: [], content: UploadContent()))
        #expect(try store.stored(scene.send(request, store).head, body: [], key: "k") == StoredObject(eTag: "\"1\""))
    }

    @Test("Limits come from sdk.aws.boto3 and sdk.azure.storage")
    func limits() throws {
        let scene = try AzureScene(
            AzureScene.withKey + "\nsdk.azure.storage.max_connections: 3\n"
                + "sdk.aws.boto3 { multipart_threshold: 1048576, multipart_chunksize: 2097152 }")
        let limits = try scene.store().uploadLimits
        #expect(limits.threshold == 1 << 20 && limits.partSize == 2 << 20 && limits.concurrency == 3)
        #expect(limits.mostParts == 50_000 && limits.functions == [.md5] && limits.keepsMD5)
    }
}
