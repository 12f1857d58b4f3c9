import Platform
import TestSupport
import Testing

@Suite struct ArchiveReaderTests {
    static let noise = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
    static let members: [ArchiveWriter.Member] = [
        .folder("top/"),
        .file("top/hello.txt", "hello\n"),
        .file("top/run.sh", "#!/bin/sh\n", mode: 0o4755),
        .file("top/noise.bin", noise),
        .file("top/empty"),
        .symlink("top/link", to: "hello.txt"),
        .file("top/größe 大.txt", "ü"),
    ]

    @Test(arguments: [ArchiveWriter.Format.ustar, .pax, .gnutar], ArchiveWriter.Compression.allCases)
    func aTarOfEveryKindIsReadBack(format: ArchiveWriter.Format, compression: ArchiveWriter.Compression) throws {
        let members = Self.members + [.hardlink("top/again.txt", to: "top/hello.txt")]
        let read = try Self.read(ArchiveWriter.write(members, format, compression))
        #expect(read.format == .tar)
        #expect(read.compression?.rawValue ?? "none" == compression.rawValue)
        try Self.expectMembers(read.members.filter { $0.member.path != "top/again.txt" })
        #expect(read.members.last?.member.kind == .hardlink(target: "top/hello.txt"))
    }

    @Test(arguments: [ArchiveWriter.Format.zip, .sevenZip])
    func aZipAndA7zAreReadBackWithModesAndSymlinks(format: ArchiveWriter.Format) throws {
        let read = try Self.read(ArchiveWriter.write(Self.members, format))
        #expect(read.format == (format == .zip ? .zip : .sevenZip))
        #expect(read.compression == nil)
        try Self.expectMembers(read.members)
    }

    /// 7z puts empty files and folders last.
    private static func expectMembers(_ members: [Read.Item]) throws {
        #expect(members.count == Self.members.count)
        func item(_ path: String) throws -> Read.Item { try #require(members.first { $0.member.path == path }) }
        #expect(try item("top/").member.kind == .folder)
        #expect(try item("top/hello.txt").content == Array("hello\n".utf8))
        #expect(try item("top/hello.txt").member.isExecutable == false)
        #expect(try item("top/hello.txt").member.size == 6)
        #expect(try item("top/run.sh").member.isExecutable)
        #expect(try item("top/noise.bin").content == Self.noise)
        #expect(try item("top/empty").content == [])
        #expect(try item("top/link").member.kind == .symlink(target: "hello.txt"))
        #expect(try item("top/größe 大.txt").content == Array("ü".utf8))
    }

    @Test(arguments: [ArchiveWriter.Format.ustar, .pax, .gnutar, .zip, .sevenZip])
    func anArchiveWithNoMembersIsEmpty(format: ArchiveWriter.Format) throws {
        #expect(try Self.read(ArchiveWriter.write([], format)).members.isEmpty)
    }

    @Test func membersThatAreNotReadArePassedOver() throws {
        var reader = try ArchiveReader(ArchiveSource(bytes: ArchiveWriter.write(Self.members, .pax)))
        var paths: [String] = []
        while let member = try reader.next() { paths.append(member.path) }
        #expect(paths.count == Self.members.count)
    }

    @Test func holesOfASparseFileComeAsZeros() throws {
        var member = ArchiveWriter.Member.file("sparse", [UInt8](repeating: 0, count: 1 << 20))
        for index in (400_000..<400_512) { member.content[index] = 7 }
        member.dataRanges = [399_872..<400_896]
        let archive = try ArchiveWriter.write([member, .file("after", "x")], .pax)
        #expect(archive.count < 100_000, "the archive holds no holes")
        let read = try Self.read(archive)
        #expect(read.members[0].content == member.content)
        #expect(read.members[1].content == Array("x".utf8))
    }

    @Test func aTarIsReadWhileItArrivesAndAZipAfterItHasArrived() throws {
        for (format, waits) in [(ArchiveWriter.Format.pax, 0), (.zip, 1), (.sevenZip, 1)] {
            let bytes = try ArchiveWriter.write(Self.members, format)
            let log = Monitor(0)
            var source = ArchiveSource(bytes: bytes, piece: 1000)
            source.waitUntilComplete = {
                log.withLock { $0 += 1 }
                return Int64(bytes.count)
            }
            var reader = try ArchiveReader(source)
            while try reader.next() != nil {}
            #expect(log.read { $0 } == waits, "\(format)")
        }
    }

    @Test func aTarIsReadToItsEnd() throws {
        for compression in ArchiveWriter.Compression.allCases {
            let bytes = try ArchiveWriter.write(Self.members, .pax, compression)
            var reader = try ArchiveReader(ArchiveSource(bytes: bytes))
            while try reader.next() != nil {}
            #expect(reader.sourcePosition == Int64(bytes.count), "\(compression)")
        }
    }

    @Test func aFailureOfTheSourceComesOutUnchanged() throws {
        struct Cut: Error {}
        for compression in ArchiveWriter.Compression.allCases {
            let bytes = try ArchiveWriter.write(Self.members, .pax, compression)
            let intact = ArchiveSource(bytes: bytes, piece: 500)
            let source = ArchiveSource(
                read: { if $1 > 2000 { throw Cut() } else { try intact.read($0, $1) } }, waitUntilComplete: { 0 })
            #expect(throws: Cut.self, "\(compression)") { try Self.drain(source) }
        }
    }

    @Test func namesThatAreNotUTF8AreRepaired() throws {
        let latin = ArchiveWriter.Member([0x67, 0x72, 0xFC, 0x6E], .file)
        #expect(try Self.read(ArchiveWriter.write([latin], .ustar)).members[0].member.path == "grün")
        var dos = try ArchiveWriter.write([ArchiveWriter.Member([0x67, 0x72, 0x81, 0x6E], .file)], .zip)
        let directory = try #require(dos.indices.first { dos[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
        // Bit 11 of the flags says that the name is UTF-8, in both headers.
        dos[7] &= ~8
        dos[directory + 9] &= ~8
        let path = try Self.read(dos).members[0].member.path
        #expect(path == "grün")
    }

    @Test func backslashesInAZipThatHasNoSlashesAreSeparators() throws {
        let bytes = try ArchiveWriter.write([.file("a\\b.txt", "x"), .file("c/d\\e", "x")], .zip)
        #expect(try Self.read(bytes).members.map(\.member.path) == ["a/b.txt", "c/d\\e"])
    }

    // MARK: Support

    struct Read {
        struct Item {
            var member: ArchiveMember
            var content: [UInt8]
        }
        var format: ArchiveFormat
        var compression: ArchiveCompression?
        var members: [Item] = []
    }

    static func read(_ bytes: [UInt8]) throws -> Read {
        var reader = try ArchiveReader(ArchiveSource(bytes: bytes))
        var result = Read(format: reader.format, compression: reader.compression)
        while let member = try reader.next() {
            var content: [UInt8] = []
            while let block = try reader.readBlock() { content += block }
            result.members.append(Read.Item(member: member, content: content))
        }
        return result
    }

    static func drain(_ source: ArchiveSource) throws {
        var reader = try ArchiveReader(source)
        while try reader.next() != nil { while try reader.readBlock() != nil {} }
    }
}

extension ArchiveSource {
    /// Bytes in memory, given out in pieces.
    init(bytes: [UInt8], piece: Int = .max) {
        self.init(
            read: { buffer, offset in
                let rest = bytes.dropFirst(Int(offset)).prefix(min(buffer.count, piece))
                buffer.copyBytes(from: rest)
                return rest.count
            },
            waitUntilComplete: { Int64(bytes.count) })
    }
}
