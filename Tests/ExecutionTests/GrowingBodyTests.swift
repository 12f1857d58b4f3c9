import Caching
@testable import Execution
import Planning
import Platform
import Synchronization
import TestSupport
import Testing

@Suite struct GrowingBodyTests {
    let fixture: WorkspaceFixture
    let bytes = pseudorandomBytes(600_000)

    init() throws { fixture = try WorkspaceFixture() }

    private func body(size: Int64?) throws -> GrowingBody {
        GrowingBody(partial: try fixture.cache.partials.openPrivate(path: fixture.cache.blobs.newTemporaryPath(), size: size))
    }

    private func write(_ range: Range<Int>, to body: GrowingBody) throws {
        try bytes[range].withUnsafeBytes { try body.partial.write($0, at: Int64(range.lowerBound)) }
        body.advance()
    }

    /// What a follower on a thread of its own comes to.
    private final class Follower: Sendable {
        let result = Mutex<Result<Blob, any Error>?>(nil)
        let thread: OwnedThread
        init(_ body: GrowingBody) {
            let slot = Slot()
            thread = OwnedThread { slot.value.withLock { $0 = Result { try body.hash([.md5]) } } }
            self.slot = slot
        }
        private let slot: Slot
        private final class Slot: Sendable { let value = Mutex<Result<Blob, any Error>?>(nil) }
        func end() throws -> Blob {
            thread.join()
            guard let result = slot.value.withLock({ $0 }) else { throw TestSupportError("the follower came to nothing") }
            return try result.get()
        }
    }

    @Test("Parts that come in any order are hashed in theirs")
    func outOfOrder() throws {
        let body = try body(size: 600_000)
        let follower = Follower(body)
        try write(400_000..<600_000, to: body)
        try write(0..<100_000, to: body)
        try write(100_000..<400_000, to: body)
        body.complete(size: 600_000)
        let blob = try follower.end()
        #expect(blob.size == 600_000)
        let whole = try File(fixture.folder.write("whole", bytes)).hash([.sha256, .xxh3, .md5])
        #expect(blob == Blob(values: whole.values, size: whole.size))
        #expect(try body.waitUntilComplete() == 600_000)
    }

    @Test("Followers of a download that ends in failure end with it, after what had come")
    func abandoned() throws {
        let body = try body(size: nil)
        let follower = Follower(body)
        try write(0..<10, to: body)
        body.abandon(Failure(.network, "first"))
        body.abandon(Failure(.network, "second"))
        do {
            _ = try follower.end()
            Issue.record("half an object was hashed")
        } catch let failure as Failure {
            #expect(failure.message == "first")
        }
        #expect(try body.wait(beyond: 0) == 10)
        #expect(throws: Failure.self) { try body.wait(beyond: 10) }
        #expect(throws: Failure.self) { try body.waitUntilComplete() }
    }

    @Test("What a partial holds already is there at once")
    func resumed() throws {
        let partial = try fixture.cache.partials.openPrivate(path: fixture.cache.blobs.newTemporaryPath(), size: 10)
        try bytes[0..<10].withUnsafeBytes { try partial.write($0, at: 0) }
        let body = GrowingBody(partial: partial)
        #expect(try body.wait(beyond: 0) == 10)
        #expect(try body.wait(beyond: 10) == 10, "the end is known")
        #expect(try body.hash([]).size == 10)
    }

    @Test("An object without a byte ends as soon as that is known")
    func empty() throws {
        let body = try body(size: nil)
        let follower = Follower(body)
        body.complete(size: 0)
        #expect(try follower.end().size == 0)
    }

    @Test("An archive reader sees the same bytes")
    func archiveSource() throws {
        let body = try body(size: 100)
        try write(0..<100, to: body)
        body.complete(size: 100)
        let source = body.archiveSource
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 60, alignment: 1)
        defer { buffer.deallocate() }
        var read: [UInt8] = []
        while true {
            let count = try source.read(buffer, Int64(read.count))
            if count == 0 { break }
            read += buffer[..<count]
        }
        #expect(read == Array(bytes[0..<100]))
        #expect(try source.waitUntilComplete() == 100)
    }
}
