internal import Glibc
internal import Planning
internal import Platform
internal import Remotes
internal import Synchronization
internal import TestSupport
internal import Testing

@testable internal import Execution

/// Files on their way to a store: whole and in parts, and what may go wrong with them.
@Suite struct UploadTests {
    private let inParts = UploadLimits(threshold: 100, partSize: 64, concurrency: 3, functions: [.md5])

    private func source(_ scene: StoreScene, _ bytes: [UInt8], name: String = "file") throws -> UploadSource {
        try UploadSource(scene.folder.write(name, bytes))
    }

    private func put(
        _ scene: StoreScene, _ bytes: [UInt8], _ limits: UploadLimits? = nil, expecting digest: Digest? = nil,
        uploader: Uploader? = nil
    ) throws -> Uploader.Uploaded {
        let store = limits.map { scene.store($0) } ?? scene.store()
        return try (uploader ?? scene.uploader()).put(
            source(scene, bytes), at: scene.place("k", store), url: scene.url("k"), expecting: digest)
    }

    private func failure(_ body: () throws -> some Any) -> Failure? {
        do {
            _ = try body()
            return nil
        } catch { return Failure(error) }
    }

    @Test(arguments: [0, 1, 99]) func aSmallFileGoesInOneRequest(_ count: Int) throws {
        let scene = try StoreScene()
        let bytes = pseudorandomBytes(count)
        let uploaded = try put(scene, bytes, inParts)
        #expect(scene.state.withLock { $0.objects["k"] } == bytes)
        #expect(scene.server.exchanges.count == 1)
        #expect(uploaded.size == Int64(count) && uploaded.checksum?.algorithm == .md5)
    }

    @Test(arguments: [100, 128, 129, 1000]) func aLargeFileGoesInPartsAndIsTheSame(_ count: Int) throws {
        let scene = try StoreScene()
        let bytes = pseudorandomBytes(count)
        _ = try put(scene, bytes, inParts)
        #expect(scene.state.withLock { $0.objects["k"] } == bytes)
        #expect(scene.server.exchanges.count == 2 + (count + 63) / 64)
        #expect(scene.open.isEmpty && scene.records.isEmpty)
    }

    @Test(arguments: [true, false]) func moreBytesThanTheMemoryAllowsArriveAllTheSame(isWhole: Bool) throws {
        let scene = try StoreScene()
        let bytes = pseudorandomBytes(2000)
        _ = try put(scene, bytes, isWhole ? nil : inParts, uploader: scene.uploader(memory: 10))
        #expect(scene.state.withLock { $0.objects["k"] } == bytes)
    }

    @Test(arguments: [false, true]) func anObjectThatWasStoredWronglyIsAnIntegrityFailureAndDoesNotStay(
        _ isLarge: Bool
    ) throws {
        let scene = try StoreScene()
        scene.state.withLock { $0.corrupts = true }
        // In order, so that the checksum of the whole is known on both sides.
        let limits = UploadLimits(threshold: isLarge ? 100 : nil, partSize: 64, concurrency: 1, functions: [.md5])
        let failure = failure { try put(scene, pseudorandomBytes(500), limits) }
        #expect(
            failure?.kind == .integrity && failure?.cause?.contains("md5:") == true, "\(String(describing: failure))")
        #expect(scene.state.withLock { $0.deleted == ["k"] && $0.objects.isEmpty })
    }

    @Test func contentOtherThanExpectedIsNotSent() throws {
        let scene = try StoreScene()
        let digest = LockFile.hash(Array("something else".utf8))
        #expect(failure { try put(scene, pseudorandomBytes(50), expecting: digest) }?.kind == .integrity)
        #expect(scene.server.exchanges.isEmpty)
        #expect(failure { try put(scene, pseudorandomBytes(500), inParts, expecting: digest) }?.kind == .integrity)
        #expect(scene.state.withLock { $0.objects.isEmpty && $0.aborted == ["u1"] })
    }

    @Test func aRefusedPartGivesTheUploadUp() throws {
        let scene = try StoreScene()
        scene.state.withLock { state in
            state.fault = { $0.path == "/part/u1/3" ? .text("not allowed", status: 403) : nil }
        }
        let failure = failure { try put(scene, pseudorandomBytes(1000), inParts) }
        #expect(failure?.kind == .permission && failure?.message == "not allowed")
        #expect(scene.open.isEmpty && scene.records.isEmpty)
        #expect(scene.state.withLock { $0.aborted } == ["u1"])
    }

    @Test func aBusyStoreIsAskedAgain() throws {
        let scene = try StoreScene()
        scene.state.withLock { state in
            state.fault = { $0.number == 1 ? .unavailable() : $0.number == 2 ? .text("", status: 421) : nil }
        }
        let bytes = pseudorandomBytes(300)
        _ = try put(scene, bytes, inParts)
        #expect(scene.state.withLock { $0.objects["k"] } == bytes)
        #expect(scene.server.requests("/part/u1/1").count == 3)
    }

    @Test func anEndThatFailsAfterAllIsAskedForAgain() throws {
        let scene = try StoreScene()
        scene.state.withLock { state in
            state.fault = { $0.path.hasPrefix("/complete") && $0.number < 3 ? .text("error") : nil }
        }
        let bytes = pseudorandomBytes(300)
        _ = try put(scene, bytes, inParts)
        #expect(scene.state.withLock { $0.objects["k"] } == bytes)
    }

    @Test func anEndThatIsRefusedGivesTheUploadUp() throws {
        let scene = try StoreScene()
        scene.state.withLock { state in
            state.fault = { $0.path.hasPrefix("/complete") ? .text("not allowed", status: 403) : nil }
        }
        #expect(failure { try put(scene, pseudorandomBytes(300), inParts) }?.kind == .permission)
        #expect(scene.open.isEmpty && scene.records.isEmpty)
    }

    @Test func anInterruptedUploadIsGivenUp() throws {
        let scene = try StoreScene()
        let flag = Flag()
        scene.state.withLock { state in
            state.fault = { request in
                if request.path == "/part/u1/4" { flag.set() }
                return nil
            }
        }
        let uploader = scene.uploader(isCancelled: { flag.isSet })
        #expect(failure { try put(scene, pseudorandomBytes(5000), inParts, uploader: uploader) }?.kind == .interrupted)
        #expect(scene.open.isEmpty && scene.records.isEmpty)
        #expect(scene.state.withLock { $0.objects.isEmpty && $0.aborted == ["u1"] })
    }

    /// The second one is too short to be sent, once its parts have been hashed.
    @Test(arguments: [1001, 3]) func aFileThatChangesWhileItIsPushedIsAnErrorAndLeavesNothing(_ length: Int) throws {
        let scene = try StoreScene()
        let path = try scene.folder.write("file", pseudorandomBytes(1000))
        scene.state.withLock { state in
            state.fault = { request in
                if request.path == "/part/u1/9" { truncate(path, length) }
                return nil
            }
        }
        let failure = failure {
            try scene.uploader().put(
                UploadSource(path), at: scene.place("k", scene.store(inParts)), url: scene.url("k"))
        }
        #expect(failure?.message == "the file changed while it was pushed")
        #expect(scene.open.isEmpty && scene.state.withLock { $0.objects.isEmpty })
    }

    @Test func whatAKilledRunLeftIsGivenUpByTheNextPushToTheSameURL() throws {
        let scene = try StoreScene()
        let journal = UploadJournal(cacheRoot: scene.folder.path)
        scene.state.withLock { $0.uploads = ["old": [1: [1]], "running": [:], "other": [:]] }
        // Their processes are gone: nobody holds the locks.
        _ = journal.begin(url: "s3://bucket/k", upload: "old")
        _ = journal.begin(url: "s3://bucket/another", upload: "other")
        let running = journal.begin(url: "s3://bucket/k", upload: "running")
        #expect(running != nil && scene.records.count == 3)
        _ = try put(scene, pseudorandomBytes(10), inParts)
        #expect(scene.state.withLock { $0.aborted } == ["old"])
        #expect(scene.open == ["other", "running"] && scene.records.count == 2)
        running?.end()
    }

    @Test func anUploadThatCouldNotBeGivenUpStaysNotedForTheNextTime() throws {
        let scene = try StoreScene()
        scene.state.withLock { state in
            state.fault = { request in
                if request.path == "/part/u1/2" || request.method == "DELETE" { return .text("no", status: 403) }
                return nil
            }
        }
        #expect(failure { try put(scene, pseudorandomBytes(300), inParts) } != nil)
        #expect(scene.open == ["u1"] && scene.records.count == 1)
        scene.state.withLock { $0.fault = nil }
        _ = try put(scene, pseudorandomBytes(300), inParts)
        #expect(scene.open.isEmpty && scene.records.isEmpty)
    }

    // MARK: Planning

    @Test func theSizeOfPartsGrowsWhereThereWouldBeTooMany() {
        func plan(_ size: Int64, most: Int = 10_000) -> UploadPlan {
            UploadPlan(
                size: size,
                limits: UploadLimits(threshold: 8 << 20, partSize: 8 << 20, mostParts: most, functions: []))
        }
        #expect(plan(0) == .whole && plan((8 << 20) - 1) == .whole)
        #expect(plan(8 << 20) == .parts(size: 8 << 20, count: 1))
        #expect(plan((8 << 20) + 1) == .parts(size: 8 << 20, count: 2))
        #expect(plan(80 << 20, most: 10) == .parts(size: 8 << 20, count: 10))
        #expect(plan((80 << 20) + 1, most: 10) == .parts(size: 9 << 20, count: 9))
        #expect(plan(5 << 40) == .parts(size: 525 << 20, count: 9987))
    }

    @Test func partsGrowWithTheObjectWhereTheStoreLetsThem() {
        func plan(_ size: Int64) -> UploadPlan {
            UploadPlan(
                size: size,
                limits: UploadLimits(threshold: 8 << 20, partSize: 8 << 20, grownPartSize: 64 << 20, functions: []))
        }
        #expect(plan(512 << 20) == .parts(size: 8 << 20, count: 64))
        #expect(plan((512 << 20) + 1) == .parts(size: 9 << 20, count: 57))
        #expect(plan(1 << 30) == .parts(size: 16 << 20, count: 64))
        #expect(plan(16 << 30) == .parts(size: 64 << 20, count: 256))
        #expect(plan(5 << 40) == .parts(size: 525 << 20, count: 9987))
    }
}
