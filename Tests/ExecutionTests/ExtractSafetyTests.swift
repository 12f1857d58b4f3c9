import Caching
import Execution
import Planning
import TestSupport
import Testing

/// Archives that want to write somewhere else.
@Suite struct ExtractSafetyTests {
    private func expect(_ error: ExtractionError, _ members: [ArchiveWriter.Member], recipe: Recipe = Recipe()) throws {
        let fixture = try ExtractFixture()
        #expect(throws: error) { try fixture.extract([.file("good", "good")] + members, recipe: recipe) }
    }

    private func expectTree(_ tree: [String: String], _ members: [ArchiveWriter.Member]) throws {
        let fixture = try ExtractFixture()
        #expect(try fixture.describe(fixture.extract(members)) == tree)
    }

    @Test(arguments: ["/etc/passwd", "//x", "/"]) func anAbsolutePathIsRefused(path: String) throws {
        try expect(.absolutePath(member: path), [.file(path)])
    }

    @Test(arguments: ["..", "../x", "a/../x", "a/..", "./../x", "a/b/../../../x"])
    func aParentComponentIsRefused(path: String) throws {
        try expect(.parentComponent(member: path), [.file(path)])
    }

    @Test func anUnsafePathIsRefusedThoughTheRecipeWouldNotTakeIt() throws {
        try expect(.parentComponent(member: "a/../../x"), [.file("a/../../x")], recipe: Recipe(stripComponents: 9))
        try expect(.absolutePath(member: "/x"), [.file("/x")], recipe: Recipe(include: [Glob("good")]))
    }

    @Test func backslashesOfAWindowsZipCannotLeave() throws {
        let fixture = try ExtractFixture()
        let archive = try ArchiveWriter.write([.file("..\\..\\x", "x")], .zip)
        #expect(throws: ExtractionError.parentComponent(member: "../../x")) { try fixture.extract(archive) }
    }

    @Test func aNameTooLongForFileSystemsIsRefused() throws {
        let long = String(repeating: "n", count: 256)
        try expect(.nameTooLong(member: "a/" + long), [.file("a/" + long)])
        let deep = String(repeating: "d/", count: 2047) + "ee"
        try expect(.nameTooLong(member: deep), [.file(deep)])
    }

    @Test(arguments: [
        ("link", "/etc/passwd"), ("link", "../x"), ("a/link", "../../x"), ("a/link", "b/../../../x"), ("link", ".."),
        ("a/b/link", "../../.."),
    ])
    func aSymlinkThatLeadsOutIsRefused(path: String, target: String) throws {
        try expect(.escapingSymlink(member: path, target: target), [.symlink(path, to: target)])
    }

    @Test func symlinksThatStayInsideAreKept() throws {
        try expectTree(
            ["a/up": "->../b", "a/root": "->..", "dangling": "->nowhere/at/all", "here": "->.", "b": "b"],
            [
                .symlink("a/up", to: "../b"), .symlink("a/root", to: ".."), .symlink("dangling", to: "nowhere/at/all"),
                .symlink("here", to: "."), .file("b", "b"),
            ])
    }

    @Test func aSymlinkThatLeadsOutThroughAnotherIsRefused() throws {
        // Word by word "a/deep/../../x" stays inside; but a/deep is the root, and two folders above it is outside.
        try expect(
            .escapingSymlink(member: "link", target: "a/deep/../../x"),
            [.symlink("a/deep", to: ".."), .symlink("link", to: "a/deep/../../x")])
        try expect(
            .escapingSymlink(member: "link", target: "a/deep/../../x"),
            [.symlink("link", to: "a/deep/../../x"), .symlink("a/deep", to: "..")])
    }

    @Test func aSymlinkThatLeavesOnlyAfterStrippingIsRefused() throws {
        try expect(
            .escapingSymlink(member: "link", target: "../other"), [.symlink("top/link", to: "../other")],
            recipe: Recipe(stripComponents: 1))
    }

    @Test func symlinksInACircleAreRefused() throws {
        let fixture = try ExtractFixture()
        for members in [
            [ArchiveWriter.Member.symlink("a", to: "a")], [.symlink("a", to: "b"), .symlink("b", to: "a")],
            [.symlink("a", to: "a/a")],
        ] {
            do {
                _ = try fixture.extract(members)
                Issue.record("a circle was taken")
            } catch ExtractionError.symlinkLoop {}
        }
    }

    @Test func aMemberThatIsWrittenThroughASymlinkIsRefused() throws {
        try expect(
            .belowSymlink(member: "a/x", symlink: "a"), [.folder("b"), .symlink("a", to: "b"), .file("a/x", "x")])
        try expect(
            .belowSymlink(member: "a/c/x", symlink: "a"), [.symlink("a", to: "."), .symlink("a/c/x", to: "y")])
        try expect(
            .fileAndFolder(path: "b"), [.file("b/x", "x"), .symlink("b", to: "a"), .file("b/y", "y")])
    }

    @Test func aHardLinkToWhatIsNotThereIsRefused() throws {
        try expect(.missingHardlinkTarget(member: "a", target: "b"), [.hardlink("a", to: "b"), .file("b", "b")])
        try expect(.missingHardlinkTarget(member: "a", target: "d"), [.folder("d"), .hardlink("a", to: "d")])
        try expect(.absolutePath(member: "/etc/passwd"), [.hardlink("a", to: "/etc/passwd")])
        try expect(.parentComponent(member: "../x"), [.hardlink("a", to: "../x")])
        try expect(
            .missingHardlinkTarget(member: "a", target: "good"), [.hardlink("a", to: "good")],
            recipe: Recipe(exclude: [Glob("good")]))
    }

    @Test func aDeviceOrFIFOIsRefusedUnlessItIsNotSelected() throws {
        let fifo = ArchiveWriter.Member("pipe".utf8, .fifo)
        try expect(.specialFile(member: "pipe"), [fifo])
        let fixture = try ExtractFixture()
        #expect(try fixture.extract([fifo], recipe: Recipe(exclude: [Glob("pipe")])).items.isEmpty)
    }

    @Test func aFileAndAFolderAtOnePathAreRefused() throws {
        try expect(.fileAndFolder(path: "a"), [.file("a", "a"), .file("a/b", "b")])
        try expect(.fileAndFolder(path: "a"), [.file("a/b", "b"), .file("a", "a")])
        try expect(.fileAndFolder(path: "a"), [.file("a", "a"), .folder("a/")])
        try expect(.fileAndFolder(path: "a"), [.folder("a/"), .file("a", "a")])
        try expect(.fileAndFolder(path: "a"), [.symlink("a", to: "good"), .folder("a/")])
    }

    @Test func anErrorNamesTheMemberWithoutItsControlCharacters() {
        let text = "\(ExtractionError.parentComponent(member: "../\u{1B}[31mred\n"))"
        #expect(text.contains("../"))
        #expect(!text.contains("\u{1B}") && !text.contains("\n"))
    }
}

/// Archives that want to fill the disk.
@Suite struct ExtractLimitsTests {
    private static let zeros = ArchiveWriter.Member.file("zeros", [UInt8](repeating: 0, count: 90 << 20))

    @Test func bytesAreLimited() throws {
        let fixture = try ExtractFixture()
        let members: [ArchiveWriter.Member] = [.file("a", "12345"), .file("b", "67890")]
        for format in [ArchiveWriter.Format.pax, .zip, .sevenZip] {
            let archive = try ArchiveWriter.write(members, format)
            #expect(try fixture.extract(archive, limits: ExtractionLimits(maximumBytes: 10)).totalSize == 10)
            #expect(throws: ExtractionError.tooManyBytes(limit: 9)) {
                try fixture.extract(archive, limits: ExtractionLimits(maximumBytes: 9))
            }
        }
    }

    @Test func aBombIsStoppedWhileItUnpacks() throws {
        let fixture = try ExtractFixture()
        let archive = try ArchiveWriter.write([Self.zeros], .pax, .gzip)
        var unpacked: Int64 = 0
        #expect(throws: ExtractionError.ratioTooHigh(limit: 100)) {
            try fixture.extract(archive, limits: ExtractionLimits(maximumRatio: 100), progress: { unpacked += $0 })
        }
        #expect(unpacked < 70 << 20)
        #expect(try fixture.extract(archive, limits: ExtractionLimits(maximumRatio: nil)).totalSize == 90 << 20)
    }

    @Test func aSparseFileIsUnpackedAsFarAsTheRatioAllows() throws {
        let fixture = try ExtractFixture()
        var member = Self.zeros
        member.dataRanges = [0..<512]
        let archive = try ArchiveWriter.write([member], .pax)
        #expect(archive.count < 100_000)
        #expect(throws: ExtractionError.ratioTooHigh(limit: 1000)) { try fixture.extract(archive) }
    }

    @Test func membersAreLimited() throws {
        let fixture = try ExtractFixture()
        var limits = ExtractionLimits()
        limits.maximumMembers = 2
        let members = (0..<3).map { ArchiveWriter.Member.file("f\($0)") }
        #expect(throws: ExtractionError.tooManyMembers(limit: 2)) {
            try fixture.extract(ArchiveWriter.write(members, .pax), limits: limits)
        }
    }
}
