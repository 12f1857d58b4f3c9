import Planning
import Platform
import TestSupport
import Testing

@testable import Caching

@Suite struct SmallBlobTests {
    private struct Refused: Error {}

    @Test("A content in memory is what it is when it is written piece by piece")
    func sameAsWritten() throws {
        let fixture = try CacheFixture()
        let blobs = try fixture.open().blobs
        let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let put = try bytes.withUnsafeBytes { try blobs.put($0, checksums: [.md5, .crc32c]) { _ in } }
        var writer = try blobs.newBlob(checksums: [.md5, .crc32c])
        try bytes.withUnsafeBytes { try writer.write($0) }
        #expect(try writer.commit() == put)
        #expect(try blobs.open(put.digest).readAll() == bytes)
        guard case .present = try blobs.presence(put.digest) else { return #expect(Bool(false), "it is not sealed") }
    }

    @Test("What is refused leaves nothing behind")
    func refused() throws {
        let fixture = try CacheFixture()
        let blobs = try fixture.open().blobs
        var seen: Digest?
        #expect(throws: Refused.self) {
            try [UInt8]("x".utf8).withUnsafeBytes { bytes in
                _ = try blobs.put(bytes) { blob in
                    seen = blob.digest
                    throw Refused()
                }
            }
        }
        let digest = try #require(seen)
        guard case .absent = try blobs.presence(digest) else { return #expect(Bool(false), "it was published") }
    }

    @Test("An empty content has a blob too")
    func empty() throws {
        let fixture = try CacheFixture()
        let blob = try fixture.open().blobs.put(UnsafeRawBufferPointer(start: nil, count: 0)) { _ in }
        #expect(blob.digest.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(blob.size == 0)
    }
}
