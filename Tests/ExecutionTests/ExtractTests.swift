import Caching
import Execution
import Planning
import Platform
import TestSupport
import Testing

/// A cache of a test's own, and archives made in memory.
struct ExtractFixture {
    let folder: TemporaryFolder
    let cache: Cache

    init() throws {
        folder = try TemporaryFolder()
        cache = try Cache(root: folder["cache"])
    }

    func extract(
        _ bytes: [UInt8], recipe: Recipe = Recipe(), limits: ExtractionLimits = ExtractionLimits(),
        progress: (Int64) throws -> Void = { _ in }
    ) throws -> TreeListing {
        let source = ArchiveSource(
            read: { buffer, offset in
                let rest = bytes.dropFirst(Int(offset)).prefix(buffer.count)
                buffer.copyBytes(from: rest)
                return rest.count
            },
            waitUntilComplete: { Int64(bytes.count) })
        return try Extract.tree(
            of: source, recipe: recipe, limits: limits, into: cache.blobs, progress: progress)
    }

    func extract(_ members: [ArchiveWriter.Member], recipe: Recipe = Recipe()) throws -> TreeListing {
        try extract(ArchiveWriter.write(members, .gnutar), recipe: recipe)
    }

    /// Path by path, the content of files as text: `x:` for executables, `->` before a symlink's target, `/` for a folder.
    func describe(_ tree: TreeListing) throws -> [String: String] {
        var result: [String: String] = [:]
        for item in tree.items {
            switch item.kind {
            case .file(let digest, let size, let executable):
                let bytes = try cache.blobs.open(digest, executable: executable).readAll()
                #expect(Int64(bytes.count) == size)
                result[item.path] = (executable ? "x:" : "") + String(decoding: bytes, as: UTF8.self)
            case .symlink(let target): result[item.path] = "->" + target
            case .folder: result[item.path] = "/"
            }
        }
        return result
    }
}

@Suite struct ExtractTests {
    static let members: [ArchiveWriter.Member] = [
        .folder("./"),
        .folder("./top/"),
        .file("./top/a.txt", "a"),
        .file("top//run.sh", "run", mode: 0o4755),
        .file("top/deep/er/b.txt", "b"),
        .folder("top/void"),
        .symlink("top/link", to: "./deep/../a.txt"),
    ]
    static let tree = [
        "top/a.txt": "a", "top/run.sh": "x:run", "top/deep/er/b.txt": "b", "top/void": "/",
        "top/link": "->./deep/../a.txt",
    ]

    @Test(
        arguments: [ArchiveWriter.Format.ustar, .pax, .gnutar, .zip, .sevenZip],
        [ArchiveWriter.Compression.none, .gzip])
    func everyFormatGivesTheSameTree(format: ArchiveWriter.Format, compression: ArchiveWriter.Compression) throws {
        guard compression == .none || [.ustar, .pax, .gnutar].contains(format) else { return }
        let fixture = try ExtractFixture()
        let tree = try fixture.extract(ArchiveWriter.write(Self.members, format, compression))
        #expect(try fixture.describe(tree) == Self.tree)
        #expect(tree == (try fixture.extract(Self.members)))
    }

    @Test func filesOfEverySizeArriveWhole() throws {
        let fixture = try ExtractFixture()
        let sizes = [0, 1, 511, 512, 513, 100_000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_000_000]
        let contents = sizes.enumerated().map { pseudorandomBytes($1, seed: UInt64($0)) }
        let members = contents.enumerated().map { ArchiveWriter.Member.file("f\($0)", $1) }
        let tree = try fixture.extract(ArchiveWriter.write(members, .pax, .zstd))
        #expect(tree.items.count == sizes.count)
        for (index, content) in contents.enumerated() {
            let item = try #require(tree.items.first { $0.path == "f\(index)" })
            guard case .file(let digest, let size, _) = item.kind else { throw TestSupportError("\(item)") }
            #expect(size == Int64(content.count))
            #expect(try fixture.cache.blobs.open(digest).readAll() == content)
        }
    }

    @Test func thousandsOfSmallFilesKeepTheirOwnContent() throws {
        let fixture = try ExtractFixture()
        let members = (0..<3000).map { ArchiveWriter.Member.file("d\($0 % 50)/f\($0)", "content \($0)") }
        let tree = try fixture.describe(fixture.extract(members))
        #expect(tree.count == 3000)
        #expect((0..<3000).allSatisfy { tree["d\($0 % 50)/f\($0)"] == "content \($0)" })
    }

    @Test func aLargeZipThatSeveralThreadsShareIsTheSameTreeAsTheTar() throws {
        let fixture = try ExtractFixture()
        let members: [ArchiveWriter.Member] =
            (0..<400).map { .file("d\($0 % 7)/f\($0)", pseudorandomBytes(5_000 + $0, seed: UInt64($0))) }
            + [.symlink("link", to: "d0/f0"), .folder("void")]
        let archive = try ArchiveWriter.write(members, .zip)
        #expect(archive.count > 1 << 20)
        #expect(try fixture.extract(archive) == fixture.extract(members))
        let recipe = try Recipe(stripComponents: 1, exclude: [Glob("f1*")])
        #expect(try fixture.extract(archive, recipe: recipe) == fixture.extract(members, recipe: recipe))
        var total: Int64 = 0
        #expect(throws: ExtractionError.tooManyBytes(limit: 1_000_000)) {
            try fixture.extract(
                archive, limits: ExtractionLimits(maximumBytes: 1_000_000), progress: { total += $0 })
        }
    }

    @Test func ofALargeZipsWrongMembersTheFirstIsTold() throws {
        let fixture = try ExtractFixture()
        let files = (0..<300).map { ArchiveWriter.Member.file("f\($0)", pseudorandomBytes(5_000, seed: UInt64($0))) }
        let members = files[..<200] + [.file("../early", "x")] + files[200...] + [.file("/late", "x")]
        #expect(throws: ExtractionError.parentComponent(member: "../early")) {
            try fixture.extract(ArchiveWriter.write(Array(members), .zip))
        }
        var damaged = try ArchiveWriter.write(files, .zip)
        damaged[damaged.count / 2] ^= 1
        #expect(throws: ArchiveError.self) { try fixture.extract(damaged) }
        let temporary = try #require(fixture.cache.lease).temporaryFolder
        #expect(try FileSystem.list(temporary).isEmpty)
    }

    @Test func anEmptyArchiveIsAnEmptyTree() throws {
        let fixture = try ExtractFixture()
        #expect(try fixture.extract([]).items.isEmpty)
    }

    @Test func strippedComponentsGoAndShorterPathsAreLeftOut() throws {
        let fixture = try ExtractFixture()
        var tree = try fixture.describe(fixture.extract(Self.members, recipe: Recipe(stripComponents: 1)))
        #expect(
            tree == [
                "a.txt": "a", "run.sh": "x:run", "deep/er/b.txt": "b", "void": "/", "link": "->./deep/../a.txt",
            ])
        tree = try fixture.describe(fixture.extract(Self.members, recipe: Recipe(stripComponents: 2)))
        #expect(tree == ["er/b.txt": "b"])
    }

    @Test func globsSelectByTheStrippedPath() throws {
        let fixture = try ExtractFixture()
        let recipe = try Recipe(
            stripComponents: 1, include: [Glob("**/*.txt"), Glob("run.sh")], exclude: [Glob("deep/**")])
        #expect(
            try fixture.describe(fixture.extract(Self.members, recipe: recipe)) == ["a.txt": "a", "run.sh": "x:run"])
    }

    @Test func aHardLinkIsTheSameBlobUnderAnotherName() throws {
        let fixture = try ExtractFixture()
        let members: [ArchiveWriter.Member] = [
            .file("top/a", "content"), .hardlink("top/b", to: "top/a"), .symlink("top/s", to: "a"),
            .hardlink("top/t", to: "./top/s"),
        ]
        let tree = try fixture.describe(fixture.extract(members, recipe: Recipe(stripComponents: 1)))
        #expect(tree == ["a": "content", "b": "content", "s": "->a", "t": "->a"])
    }

    @Test func theLastOfSeveralMembersWithOnePathWins() throws {
        let fixture = try ExtractFixture()
        let members: [ArchiveWriter.Member] = [
            .file("a", "first"), .hardlink("b", to: "a"), .file("./a", "second"), .symlink("c", to: "a"),
            .file("c", "c"),
            .folder("d"), .folder("d/"),
        ]
        #expect(try fixture.describe(fixture.extract(members)) == ["a": "second", "b": "first", "c": "c", "d": "/"])
    }

    @Test func namesAreTakenByteForByte() throws {
        let fixture = try ExtractFixture()
        let names = [
            "new\nline", "back\\slash", "CASE", "case", "caf\u{E9}", "cafe\u{301}", "..a", "a..", "...", " ", "-rf",
        ]
        let tree = try fixture.extract(names.map { .file($0, "x") })
        #expect(Set(tree.items.map { Array($0.path.utf8) }) == Set(names.map { Array($0.utf8) }))
    }

    @Test func progressCountsEveryByteAndMayStop() throws {
        let fixture = try ExtractFixture()
        let archive = try ArchiveWriter.write([.file("a", pseudorandomBytes(700_000)), .file("b", "b")], .pax, .gzip)
        var total: Int64 = 0
        _ = try fixture.extract(archive, progress: { total += $0 })
        #expect(total == 700_001)
        struct Stop: Error {}
        #expect(throws: Stop.self) { try fixture.extract(archive, progress: { _ in throw Stop() }) }
    }

    @Test func aDamagedArchiveGivesNoTreeAndLeavesNoTemporaryFile() throws {
        let fixture = try ExtractFixture()
        var archive = try ArchiveWriter.write([.file("a", pseudorandomBytes(3_000_000))], .pax, .gzip)
        archive[archive.count - 6] ^= 1
        #expect(throws: ArchiveError.self) { try fixture.extract(archive) }
        #expect(throws: ArchiveError.truncated) { try fixture.extract(Array(archive.prefix(1_000_000))) }
        let temporary = try #require(fixture.cache.lease).temporaryFolder
        #expect(try FileSystem.list(temporary).isEmpty)
    }
}
