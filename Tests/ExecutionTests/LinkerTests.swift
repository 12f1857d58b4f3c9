import Caching
import Glibc
import Planning
import Platform
import TestSupport
import Testing

@testable import Execution

@Suite struct LinkerTests {
    let fixture: WorkspaceFixture
    let digest: Digest

    init() throws {
        fixture = try WorkspaceFixture()
        digest = try fixture.add("content")
        try FileSystem.createFolder(fixture.root)
    }

    private func link(
        _ name: String, _ mode: Entry.LinkMode, linker: Linker? = nil
    ) throws -> (mode: Entry.LinkMode, status: FileStatus) {
        let blob = try #require(try fixture.cache.blobs.verified(digest))
        let folder = try File(fixture.root, flags: O_RDONLY | O_DIRECTORY)
        return try (linker ?? Linker(blobs: fixture.cache.blobs)).link(
            digest, executable: false, blob: blob, to: name, in: folder.descriptor, mode: mode)
    }

    @Test(
        "The first mode that works is used and reported", arguments: [Entry.LinkMode.auto, .hardlink, .copy, .symlink])
    func modes(mode: Entry.LinkMode) throws {
        let (used, status) = try link("a", mode)
        #expect(mode == .auto ? [.reflink, .hardlink].contains(used) : used == mode)
        let found = try #require(try FileSystem.status(fixture.root + "/a"))
        #expect([found.inode, UInt64(found.size)] == [status.inode, UInt64(status.size)])
        #expect(found.modified == status.modified)
        let blob = try #require(try FileSystem.status(fixture.cache.layout.blob(digest)))
        switch used {
        case .hardlink: #expect(status.inode == blob.inode)
        case .symlink: #expect(try FileSystem.symlinkTarget(fixture.root + "/a") == fixture.cache.layout.blob(digest))
        default:
            #expect(status.inode != blob.inode)
            #expect(status.mode & 0o200 != 0, "a copy is the user's to change")
        }
        #expect(try File(fixture.root + "/a").readAll() == Array("content".utf8))
    }

    @Test("What is there already is never replaced", arguments: [Entry.LinkMode.auto, .hardlink, .copy, .symlink])
    func occupied(mode: Entry.LinkMode) throws {
        try fixture.write("a", "mine")
        #expect(throws: SystemError.self) { try link("a", mode) }
        #expect(try fixture.contents() == ["a": "mine"])
    }

    @Test("Invariant 8: another user's blob is copied where it cannot be linked")
    func foreignBlob() throws {
        let restricts = (try? File("/proc/sys/fs/protected_hardlinks").readAll().first) == UInt8(ascii: "1")
        // Only root can become somebody else, and only where the kernel protects hard links is there anything to see.
        guard geteuid() == 0, restricts else { return }
        try fixture.folder.makeReadOnly("cache")
        chmod(fixture.root, 0o777)
        let linker = Linker(blobs: fixture.cache.blobs)
        try asStranger {
            #expect(try [.reflink, .copy].contains(link("a", .auto, linker: linker).mode))
            #expect(try [.reflink, .copy].contains(link("b", .auto, linker: linker).mode))
            do {
                _ = try link("c", .hardlink, linker: linker)
                Issue.record("another user's file was linked")
            } catch let failure as Failure {
                #expect(failure.advice?.contains("link: auto") == true)
            }
        }
        #expect(try fixture.contents() == ["a": "content", "b": "content"])
    }

    @Test("A copy that fails half way leaves no file")
    func halfCopied() throws {
        let blob = try #require(try fixture.cache.blobs.verified(digest))
        var longer = blob
        longer.size += 10
        let folder = try File(fixture.root, flags: O_RDONLY | O_DIRECTORY)
        #expect(throws: SystemError.self) {
            try Linker(blobs: fixture.cache.blobs).link(
                digest, executable: false, blob: longer, to: "a", in: folder.descriptor, mode: .copy)
        }
        #expect(try fixture.contents() == [:])
    }
}
