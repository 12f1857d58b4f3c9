internal import Platform
internal import TestSupport
internal import Testing

/// Archives from a server to a tree.
@Suite struct ArchivePullTests {
    private static let members: [ArchiveWriter.Member] = [
        .folder("empty"), .file("one.txt", "one"), .file("sub/run.sh", "#!/bin/sh\n", mode: 0o755),
        .file("sub/ünïcode name", "ü"),
    ]

    private static let files: [String: [UInt8]] = [
        "artifacts/a/one.txt": Array("one".utf8), "artifacts/a/sub/run.sh": Array("#!/bin/sh\n".utf8),
        "artifacts/a/sub/ünïcode name": Array("ü".utf8),
    ]

    private func declare(_ name: String, _ archive: [UInt8]) throws -> PullScene {
        let scene = try PullScene()
        scene.server.file("/" + name, archive)
        try scene.declareOne("/" + name)
        return scene
    }

    @Test(arguments: [
        ("a.tar", ArchiveWriter.Format.pax, ArchiveWriter.Compression.none), ("a.tar.gz", .gnutar, .gzip),
        ("a.tgz", .ustar, .gzip),
        ("a.tar.bz2", .pax, .bzip2), ("a.tar.xz", .pax, .xz), ("a.tar.zst", .pax, .zstd), ("a.tar.lz4", .pax, .lz4),
        ("a.zip", .zip, .none), ("a.7z", .sevenZip, .none),
    ]) func everyKindOfArchiveBecomesATree(
        _ name: String, _ format: ArchiveWriter.Format, _ compression: ArchiveWriter.Compression
    ) throws {
        // ustar and gnutar write names in the locale's encoding, which is UTF-8 here.
        let scene = try declare(name, try ArchiveWriter.write(Self.members, format, compression))
        try scene.pullWell()
        #expect(try scene.tree() == Self.files)
        #expect(try FileSystem.status(scene.workspace + "/artifacts/a/sub/run.sh").map { $0.mode & 0o111 != 0 } == true)
        #expect(try FileSystem.status(scene.workspace + "/artifacts/a/empty")?.kind == .folder)
        try FileSystem.removeAll(scene.workspace)
        try scene.pullWell()
        #expect(try scene.tree() == Self.files)
        #expect(scene.server.exchanges.count == 1)
    }

    @Test func aLargeArchiveIsUnpackedWhileItArrives() throws {
        let members: [ArchiveWriter.Member] = (0..<5).map {
            .file("f\($0)", LargeObjectTests.largeBytes(5 << 20, seed: UInt64($0)))
        }
        let scene = try declare("a.tar", try ArchiveWriter.write(members, .pax))
        try scene.pullWell()
        let tree = try scene.tree()
        for member in members {
            #expect(tree["artifacts/a/" + String(decoding: member.path, as: UTF8.self)] == member.content)
        }
        #expect(tree.count == 5)
    }

    @Test(arguments: [
        [ArchiveWriter.Member.file("../outside", "x")], [.file("/tmp/clearml-sync-outside", "x")],
        [.symlink("link", to: "/tmp"), .file("link/outside", "x")], [.symlink("link", to: "../../../..")],
        [.file("ok", "x"), .hardlink("hard", to: "../../outside")], [ArchiveWriter.Member("fifo".utf8, .fifo)],
        [.file("both", "x"), .file("both/below", "x")],
    ]) func anEvilArchiveEndsWith6AndWritesNothing(_ members: [ArchiveWriter.Member]) throws {
        let scene = try declare("a.tar", try ArchiveWriter.write(members, .pax))
        let outside = try FileSystem.list(scene.folder.path).map(\.name)
        expectFailure(try scene.pull(), 6, saying: "the archive cannot be unpacked", "  cause: ")
        #expect(try scene.tree().isEmpty)
        #expect(!FileSystem.exists("/tmp/clearml-sync-outside"))
        #expect(
            try Set(FileSystem.list(scene.folder.path).map(\.name)).subtracting(outside).isSubset(of: ["workspace"]))
        #expect(scene.server.exchanges.count == 1)

        scene.server.file("/a.tar", try ArchiveWriter.write(Self.members, .pax), eTag: "\"2\"")
        try scene.pullWell()
        #expect(try scene.tree() == Self.files)
    }

    @Test(arguments: [2000, 2 << 20]) func aDamagedArchiveEndsWith6UntilItIsRepaired(_ size: Int) throws {
        let members = Self.members + [.file("big", pseudorandomBytes(size))]
        let right = try ArchiveWriter.write(members, .pax, .gzip)
        var wrong = right
        for index in wrong.count / 2..<wrong.count / 2 + 20 { wrong[index] ^= 0xFF }
        let scene = try declare("a.tar.gz", wrong)
        expectFailure(try scene.pull(), 6, saying: "the archive cannot be unpacked")
        #expect(try scene.tree().isEmpty)
        scene.server.file("/a.tar.gz", right, eTag: "\"2\"")
        try scene.pullWell()
        #expect(try scene.tree().count == 4)
    }

    @Test(
        arguments: [
            // RFC 8878: a frame with a window of 256 MiB.
            ("a.tar.zst", [0x28, 0xB5, 0x2F, 0xFD, 0, (28 - 10) << 3, 9, 0, 0, 0x61]),
            // A 7z whose table asks for LZMA with a dictionary of 1 GiB.
            (
                "a.7z",
                [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0]
                    + [0, 0, 0, 0, 1, 4, 6, 0, 1, 9, 10, 0, 7, 0x0B, 1, 0, 1, 0x23, 3, 1, 1, 5, 0x5D, 0, 0, 0, 0x40]
                    + [0x0C, 1, 0, 0, 5, 0, 0]
            ),
        ] as [(String, [UInt8])]) func anArchiveThatNeedsTooMuchMemoryEndsWith6(_ name: String, _ bytes: [UInt8]) throws
    {
        let scene = try declare(name, bytes)
        expectFailure(
            try scene.pull(), 6, saying: "needs more memory to decompress than is allowed", "compress it again")
        #expect(try scene.tree().isEmpty)
    }

    @Test func whatIsNoArchiveEndsWith6AndSaysHowToHaveItAsAFile() throws {
        let scene = try declare("a.tar", Array("this is no archive at all".utf8))
        expectFailure(try scene.pull(), 6, saying: "extract: false")
        try scene.declareOne("/a.tar", "extract: false")
        try scene.pullWell()
        #expect(scene.placed("artifacts/a/a.tar") == Array("this is no archive at all".utf8))
    }
}
