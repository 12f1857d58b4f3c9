import TestSupport
import Testing

@testable import Platform

@Suite struct ArchiveErrorTests {
    static let members: [ArchiveWriter.Member] = [
        .file("one", ArchiveReaderTests.noise), .file("two", "two"),
    ]

    private func expect(_ error: ArchiveError, _ bytes: [UInt8], _ comment: Comment? = nil) {
        #expect(throws: error, comment) { try ArchiveReaderTests.drain(ArchiveSource(bytes: bytes)) }
    }

    @Test func noBytesAreAnEmptyArchive() { expect(.empty, []) }

    @Test func otherContentIsNotAnArchive() throws {
        expect(.notAnArchive, Array("just some text\n".utf8))
        expect(.notAnArchive, ArchiveReaderTests.noise)
    }

    @Test(arguments: [ArchiveWriter.Compression.gzip, .bzip2, .xz, .zstd, .lz4])
    func aCompressedFileThatIsNoTarIsNotAnArchive(compression: ArchiveWriter.Compression) throws {
        for content in ["text that is no tar\n", String(repeating: "long text ", count: 10_000)] {
            let text = try compress(Array(content.utf8), compression)
            expect(.notAnArchive, text, "\(content.count) bytes")
        }
    }

    @Test func aGzipOfNothingIsNotAnArchive() {
        expect(.notAnArchive, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(arguments: ArchiveWriter.Compression.allCases)
    func aTarThatEndsTooEarlyIsTruncated(compression: ArchiveWriter.Compression) throws {
        let bytes = try ArchiveWriter.write(Self.members, .pax, compression)
        expect(.truncated, Array(bytes.prefix(bytes.count / 2)))
        if compression != .none {
            expect(.truncated, Array(bytes.dropLast(3)), "only the last three bytes are missing")
        }
    }

    @Test func aTruncatedTarIsNoticedWhenItsDataIsPassedOver() throws {
        let bytes = try ArchiveWriter.write([.file("one", ArchiveReaderTests.noise)], .pax)
        var reader = try ArchiveReader(ArchiveSource(bytes: Array(bytes.prefix(5000)), piece: 2000))
        #expect(throws: ArchiveError.truncated) { while try reader.next() != nil {} }
    }

    @Test(arguments: [ArchiveWriter.Format.zip, .sevenZip])
    func aZipOr7zThatEndsTooEarlyIsTruncated(format: ArchiveWriter.Format) throws {
        let bytes = try ArchiveWriter.write(Self.members, format)
        expect(.truncated, Array(bytes.prefix(bytes.count / 2)))
    }

    @Test func aWrongChecksumOfAGzipIsCorrupt() throws {
        var bytes = try ArchiveWriter.write(Self.members, .pax, .gzip)
        bytes[bytes.count - 8] ^= 1
        expect(.corrupt("gzip: incorrect data check"), bytes)
    }

    /// A zstd frame need not have a checksum, and those that libarchive writes have none.
    @Test(arguments: [ArchiveWriter.Compression.gzip, .bzip2, .xz, .lz4])
    func aFlippedBitInTheMiddleIsCorrupt(compression: ArchiveWriter.Compression) throws {
        var bytes = try ArchiveWriter.write(Self.members, .pax, compression)
        bytes[bytes.count / 2] ^= 16
        expectCorrupt(bytes)
    }

    @Test(arguments: [ArchiveWriter.Format.zip, .sevenZip])
    func aFlippedBitInAMembersDataIsCorrupt(format: ArchiveWriter.Format) throws {
        var bytes = try ArchiveWriter.write(Self.members, format)
        bytes[bytes.count / 2] ^= 16
        expectCorrupt(bytes)
    }

    private func expectCorrupt(_ bytes: [UInt8]) {
        do {
            try ArchiveReaderTests.drain(ArchiveSource(bytes: bytes))
            Issue.record("a damaged archive was read without an error")
        } catch ArchiveError.corrupt {
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func dataAfterTheEndIsAnErrorAndPaddingIsNot() throws {
        for compression in [ArchiveWriter.Compression.none, .gzip, .bzip2] {
            let bytes = try ArchiveWriter.write(Self.members, .pax, compression)
            expect(.trailingData, bytes + Array("more".utf8), "\(compression)")
            try ArchiveReaderTests.drain(ArchiveSource(bytes: bytes + [UInt8](repeating: 0, count: 700_000)))
        }
        let one = try ArchiveWriter.write(Self.members, .pax)
        expect(.trailingData, one + one, "two tars in a row would lose the second")
    }

    @Test func aGzipOfSeveralMembersIsOneContent() throws {
        let tar = try ArchiveWriter.write(Self.members, .pax)
        let bytes = try compress(Array(tar.prefix(1000)), .gzip) + compress(Array(tar.dropFirst(1000)), .gzip)
        #expect(try ArchiveReaderTests.read(bytes).members.map(\.content.count) == [300_000, 3])
    }

    @Test func anEncryptedZipIsRefused() throws {
        expect(.encrypted, try ArchiveWriter.write(Self.members, .zip, password: "secret"))
    }

    @Test func anXZDictionaryIsReadFromTheHead() throws {
        let bytes = try ArchiveWriter.write(Self.members, .pax, .xz)
        #expect(ArchiveSignature.xzDictionarySize(bytes) == 8 << 20, "preset 6")
        #expect(ArchiveSignature.xzDictionarySize(Array(bytes.prefix(14))) == nil)
    }

    @Test func anXZDictionaryThatIsTooLargeIsRefused() throws {
        var bytes = try ArchiveWriter.write(Self.members, .pax, .xz)
        // Block header: size, flags, filter id 0x21, length 1, dictionary size.
        #expect(bytes[14] == 0x21)
        bytes[16] = 35  // 768 MiB
        expect(.windowTooLarge, bytes)
    }

    @Test func aZstandardWindowThatIsTooLargeIsRefused() {
        // RFC 8878: magic, a frame header with a window descriptor of 2^28 bytes, a raw last block of one byte.
        expect(.windowTooLarge, [0x28, 0xB5, 0x2F, 0xFD, 0, (28 - 10) << 3, 9, 0, 0, 0x61])
    }

    @Test(
        arguments: [
            // LZMA and PPMd with 1 GiB, LZMA2 with 768 MiB: the table of contents is not compressed.
            [0x23, 3, 1, 1, 5, 0x5D, 0, 0, 0, 0x40], [0x23, 3, 4, 1, 5, 6, 0, 0, 0, 0x40], [0x21, 0x21, 1, 35],
        ] as [[UInt8]]) func aSevenZipWindowThatIsTooLargeIsRefused(coder: [UInt8])
    {
        let table: [UInt8] = [1, 4, 6, 0, 1, 9, 10, 0, 7, 0x0B, 1, 0, 1] + coder + [0x0C, 1, 0, 0, 5, 0, 0]
        expect(.windowTooLarge, Self.sevenZip(table))
    }

    @Test func theWindowIsReadFromASevenZipsCompressedTable() throws {
        // The table with LZMA and 1 GiB of the test before, compressed with LZMA and 64 KiB.
        let packed: [UInt8] = [
            0x00, 0x00, 0x81, 0x33, 0x07, 0xAE, 0x0F, 0xCE, 0x6F, 0x56, 0x5E, 0xFA, 0x0D, 0xFA, 0x26, 0x66, 0x3D, 0xCB,
            0xB8, 0xBB, 0xB1, 0x9E, 0x0B, 0x54, 0x7E, 0xD1, 0x7D, 0x70, 0x42, 0xBC, 0x2F, 0xFF, 0xFF, 0x82, 0x85, 0x00,
            0x00,
        ]
        let table: [UInt8] = [
            0x17, 6, 0, 1, 9, UInt8(packed.count), 0, 7, 0x0B, 1, 0, 1, 0x23, 3, 1, 1, 5, 0x5D, 0, 0, 1, 0, 0x0C, 30, 0,
            0,
        ]
        expect(.windowTooLarge, Self.sevenZip(table, behind: packed))
        let honest = try ArchiveWriter.write(Self.members, .sevenZip)
        let window = try #require(
            try SevenZipWindow(SourceStream(ArchiveSource(bytes: honest)), size: Int64(honest.count)))
        #expect(window.largest > 0 && window.largest <= 64 << 20, "libarchive's own choice")
    }

    @Test(arguments: [UInt8(0x01), 0x80, 0xFF]) func anyByteOfASevenZipsTableMayBeWrong(change: UInt8) throws {
        let table: [UInt8] = [
            1, 4, 6, 0, 2, 9, 10, 10, 10, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 7, 0x0B, 1, 0, 2, 0x34, 3, 3, 1, 0x1B, 4, 1, 0,
            0x21, 0x21, 1, 35, 1, 0, 2, 3, 0x0C, 1, 0, 0, 5, 0, 0,
        ]
        for position in table.indices {
            var damaged = table
            damaged[position] ^= change
            let bytes = Self.sevenZip(damaged)
            // It is read, or it is not: libarchive says what is wrong.
            _ = try? SevenZipWindow(SourceStream(ArchiveSource(bytes: bytes)), size: Int64(bytes.count))
        }
    }

    /// Signature, version, a checksum that is not looked at so early, the table's place and length; then the table.
    private static func sevenZip(_ table: [UInt8], behind packed: [UInt8] = []) -> [UInt8] {
        [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4, 0, 0, 0, 0] + [UInt8(packed.count), 0, 0, 0, 0, 0, 0, 0]
            + [UInt8(table.count), 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0] + packed + table
    }

    /// libarchive's "raw" format through a filter.
    private func compress(_ content: [UInt8], _ compression: ArchiveWriter.Compression) throws -> [UInt8] {
        try ArchiveWriter.write([.file("data", content)], .raw, compression)
    }
}
