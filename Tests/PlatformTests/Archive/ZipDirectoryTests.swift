import TestSupport
import Testing

@testable import Platform

@Suite struct ZipDirectoryTests {
    private static let block = 256 << 10
    private static let members: [ArchiveWriter.Member] =
        [.folder("top/"), .file("top/run.sh", "#!/bin/sh\n", mode: 0o755), .symlink("top/link", to: "run.sh")]
        + [0, 1, block - 1, block, block + 1, 3 * block].flatMap { size in
            [
                ArchiveWriter.Member.file("top/noise\(size)", pseudorandomBytes(size, seed: UInt64(size))),
                .file("top/text\(size)", (0..<size).map { UInt8(truncatingIfNeeded: $0 / 1000) }),
            ]
        }

    private typealias Read = ArchiveReaderTests.Read.Item

    /// - Returns: `nil` where not even the table's place is plain.
    private func read(_ bytes: [UInt8]) throws -> [Read]? {
        let source = ArchiveSource(bytes: bytes)
        guard var directory = try ZipDirectory(source) else { return nil }
        let reader = try ZipMemberReader(source)
        var items: [Read] = []
        while let item = try directory.next() {
            var read = Read(member: item.member, content: [])
            if case .symlink = item.member.kind {
                read.member.kind = .symlink(target: try reader.text(of: item))
            } else {
                try reader.open(item)
                while let block = try reader.next() { read.content += block }
            }
            items.append(read)
        }
        return items
    }

    private func expectNotPlain(_ bytes: [UInt8], _ comment: Comment? = nil) {
        #expect(throws: ZipDirectory.NotPlain.self, comment) {
            if try read(bytes) == nil { throw ZipDirectory.NotPlain() }
        }
    }

    @Test func aPlainZipIsReadAsLibarchiveReadsIt() throws {
        let bytes = try ArchiveWriter.write(Self.members, .zip)
        let items = try #require(try read(bytes))
        let expected = try ArchiveReaderTests.read(bytes).members
        #expect(items.count == Self.members.count)
        for (item, other) in zip(items, expected) {
            #expect(item.member.path == other.member.path)
            #expect(item.member.kind == other.member.kind)
            #expect(item.member.isExecutable == other.member.isExecutable)
            #expect(item.content == other.content, "\(item.member.path)")
        }
    }

    @Test func otherFormatsHaveNoDirectory() throws {
        #expect(try read(ArchiveWriter.write(Self.members, .pax)) == nil)
        #expect(try read(ArchiveWriter.write(Self.members, .sevenZip)) == nil)
        #expect(try read(ArchiveWriter.write([], .zip)) == nil)
        #expect(try read([]) == nil)
    }

    @Test func whatIsUnusualIsLeftToLibarchive() throws {
        expectNotPlain(try ArchiveWriter.write([.file("größe")], .zip), "a name that is not ASCII")
        expectNotPlain(try ArchiveWriter.write([.file("a\\b", "x")], .zip), "a backslash")
        expectNotPlain(try ArchiveWriter.write([.file("a", "x")], .zip, password: "secret"), "encrypted")
        let bytes = SmallZip([("a", "x"), ("b", "y")]).bytes
        #expect(try read(bytes)?.count == 2)
        expectNotPlain(bytes + [0], "data behind it")
        expectNotPlain(Array(bytes.prefix(4)) + [0] + bytes.dropFirst(4), "data in front of the table")
        expectNotPlain(SmallZip([("a", "x")], method: 12).bytes, "bzip2")
        expectNotPlain(SmallZip([("a", "x")], system: 7).bytes, "a Macintosh of old")
        expectNotPlain(SmallZip([("a", "x")], extra: [0x75, 0x70, 1, 0, 1]).bytes, "another name")
    }

    @Test func numbersOfZip64AreRead() throws {
        let items = try #require(try read(SmallZip([("a", "x"), ("b", "yy")], isZip64: true).bytes))
        #expect(items.map(\.member.path) == ["a", "b"])
        #expect(items.map(\.content) == [Array("x".utf8), Array("yy".utf8)])
    }

    @Test(arguments: [UInt8(0x01), 0x80, 0xFF]) func anyByteOfTheRecordsMayBeWrong(change: UInt8) throws {
        let members = [("a", "x"), ("b", "yy")]
        for bytes in [SmallZip(members, isZip64: true).bytes, SmallZip(members).bytes] {
            for position in 4..<bytes.count {
                var damaged = bytes
                damaged[position] ^= change
                // A date may change unseen. Data, never: what is read is what was written, or nothing is.
                guard let items = try? read(damaged) else { continue }
                #expect(items.map(\.content) == [Array("x".utf8), Array("yy".utf8)], "byte \(position)")
            }
        }
    }

    @Test func aFileOfDOSIsAFileAndItsFolderAFolder() throws {
        let items = try #require(try read(SmallZip([("a", "x"), ("b/", "")], system: 0).bytes))
        #expect(items.map(\.member.kind) == [.file, .folder])
        #expect(items.map(\.member.isExecutable).first == false)
    }

    @Test func whatIsDamagedIsNotPlain() throws {
        let bytes = try ArchiveWriter.write([.file("text", (0..<5000).map { UInt8($0 % 251) }), .file("x", "y")], .zip)
        let packed = 30 + 4..<bytes.count / 2
        for position in stride(from: packed.lowerBound + 40, to: packed.upperBound, by: 7) {
            var damaged = bytes
            damaged[position] ^= 0x10
            expectNotPlain(damaged, "byte \(position)")
        }
        expectNotPlain(Array(bytes.dropLast(1)), "cut off")
        expectNotPlain(SmallZip([("a", "x")], checksum: 1).bytes, "checksum")
        expectNotPlain(SmallZip([("a", "x")], localName: "b").bytes, "another name in front of the data")
        expectNotPlain(SmallZip([("a", "xy")], statedSize: 1).bytes, "longer than it says")
        expectNotPlain(SmallZip([("a", "xy")], statedSize: 3).bytes, "shorter than it says")
        expectNotPlain(SmallZip([("a", "x"), ("b", "y")], statedMembers: 1).bytes, "a member too many")
        expectNotPlain(SmallZip([("a", "x"), ("b", "y")], statedMembers: 3).bytes, "a member too few")
        expectNotPlain(SmallZip([("a", "x"), ("b", "y")], offset: 0).bytes, "two members at one place")
    }
}

/// A zip of stored members, right in everything but what it is told.
private struct SmallZip {
    private(set) var bytes: [UInt8] = []

    init(
        _ members: [(name: String, text: String)], method: UInt64 = 0, system: UInt64 = 3, extra: [UInt8] = [],
        isZip64: Bool = false, checksum: UInt64? = nil, localName: String? = nil, statedSize: UInt64? = nil,
        statedMembers: UInt64? = nil, offset: UInt64? = nil
    ) {
        var table: [UInt8] = []
        for (name, text) in members {
            let start = UInt64(bytes.count)
            var crc = CRC32()
            Array(text.utf8).withUnsafeBytes { crc.update($0) }
            let size = statedSize ?? UInt64(text.utf8.count)
            var extra = extra
            if isZip64 { extra += number(1, 2) + number(24, 2) + number(size, 8) + number(size, 8) + number(start, 8) }
            let sizes = isZip64 ? number(0xFFFF_FFFF, 4) + number(0xFFFF_FFFF, 4) : number(size, 4) + number(size, 4)
            let place = isZip64 ? number(0xFFFF_FFFF, 4) : number(offset ?? start, 4)
            let head = number(method, 2) + number(0, 4) + number(checksum ?? UInt64(crc.value), 4) + sizes
            let local = localName ?? name
            bytes += number(0x0403_4B50, 4) + number(20, 2) + number(0, 2) + head
            bytes += number(UInt64(local.utf8.count), 2) + number(0, 2) + Array(local.utf8) + Array(text.utf8)
            table += number(0x0201_4B50, 4) + number(20 | system << 8, 2) + number(20, 2) + number(0, 2) + head
            table += number(UInt64(name.utf8.count), 2) + number(UInt64(extra.count), 2) + number(0, 6)
            table += number(system == 3 ? 0o100644 << 16 : name.hasSuffix("/") ? 0x10 : 0, 4) + place
            table += Array(name.utf8) + extra
        }
        let tableStart = UInt64(bytes.count)
        bytes += table
        let count = statedMembers ?? UInt64(members.count)
        if isZip64 {
            let end = UInt64(bytes.count)
            bytes += number(0x0606_4B50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8)
            bytes += number(count, 8) + number(count, 8) + number(UInt64(table.count), 8) + number(tableStart, 8)
            bytes += number(0x0706_4B50, 4) + number(0, 4) + number(end, 8) + number(1, 4)
        }
        bytes += number(0x0605_4B50, 4) + number(0, 4) + number(isZip64 ? 0xFFFF : count, 2)
        bytes += number(isZip64 ? 0xFFFF : count, 2) + number(isZip64 ? 0xFFFF_FFFF : UInt64(table.count), 4)
        bytes += number(isZip64 ? 0xFFFF_FFFF : tableStart, 4) + number(0, 2)
    }

    private func number(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
}
