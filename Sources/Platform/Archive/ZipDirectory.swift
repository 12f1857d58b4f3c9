/// The table of contents of a plain zip, member by member (APPNOTE.TXT, 4.3). Each member can then be read by itself.
///
/// Plain is what tools write today: members of Unix or DOS, stored or deflated, that lie one after the other in the table's
/// order, with names in ASCII, zip64 or not. Whatever else there is (encryption, other methods and alphabets, backslashes,
/// data around the archive), and whatever is damaged, is `NotPlain`: `ArchiveReader` reads it, or says what is wrong with it.
public struct ZipDirectory: Sendable {
    public struct NotPlain: Error, Hashable, Sendable {
        public init() {}
    }

    /// One member, and where its data is. The target of a symlink is its data.
    public struct Item: Sendable {
        public var member: ArchiveMember
        /// Bytes of the data when it is unpacked.
        public var size: Int64 { place.size }
        let place: Place
    }

    struct Place: Sendable {
        /// Of the local header.
        var start: Int64
        /// The data lies before it.
        var end: Int64
        var isDeflated: Bool
        var checksum: UInt32
        var packedSize: Int64
        var size: Int64
    }

    /// Bytes of the whole archive.
    public let size: Int64
    private let source: ArchiveSource
    /// Where the table ends, and how many members it has.
    private let end: ZipEnd
    private var left: UInt64
    /// A piece of the table, how much of it was taken, and where it ends in the archive.
    private var window: [UInt8] = []
    private var taken = 0
    private var windowEnd: Int64
    /// What lies before is of the members so far.
    private var dataEnd: Int64 = 0

    /// - Returns: `nil` for another format, and for a zip whose end is not plain. Waits until a zip is complete.
    public init?(_ source: ArchiveSource) throws {
        let head = try ZipBytes(source, at: 0, count: 4)
        guard let head, head.number(4, at: 0) == 0x0403_4B50 else { return nil }
        size = try source.waitUntilComplete()
        guard let end = try ZipEnd(source, size: size) else { return nil }
        self.source = source
        self.end = end
        left = end.members
        windowEnd = end.tableStart
    }

    /// The next member, or `nil` after the last.
    /// - Throws: `NotPlain`, or what the source throws.
    public mutating func next() throws -> Item? {
        guard left > 0 else {
            guard taken == window.count, windowEnd == end.tableEnd else { throw NotPlain() }
            return nil
        }
        left -= 1
        try fill(46)
        let fixed = record(46)
        let (nameLength, extraLength) = (Int(fixed.number(2, at: 28)), Int(fixed.number(2, at: 30)))
        let length = 46 + nameLength + extraLength + Int(fixed.number(2, at: 32))
        try fill(length)
        defer { taken += length }
        let record = record(length)
        guard record.number(4, at: 0) == 0x0201_4B50 else { throw NotPlain() }
        let name = record.part(46, count: nameLength)
        let place = try place(record, extra: record.part(46 + nameLength, count: extraLength), name: name)
        let member = try Self.member(record, name: name, place)
        return Item(member: member, place: place)
    }

    private func record(_ length: Int) -> ZipBytes { ZipBytes(window[taken..<taken + length]) }

    /// Sees to it that so many bytes of the table are in the window.
    private mutating func fill(_ count: Int) throws {
        let there = window.count - taken
        guard there < count else { return }
        let wanted = min(Int64(max(count - there, 64 << 10)), end.tableEnd - windowEnd)
        guard there + Int(wanted) >= count, let more = try ZipBytes(source, at: windowEnd, count: Int(wanted)) else {
            throw NotPlain()
        }
        window = Array(window[taken...] + more.bytes)
        taken = 0
        windowEnd += wanted
    }

    private mutating func place(_ record: ZipBytes, extra: ZipBytes, name: ZipBytes) throws -> Place {
        /// Deflate's options, sizes after the data, names in UTF-8.
        let harmlessFlags: UInt64 = 0b1000_0000_1110
        let method = record.number(2, at: 10)
        guard record.number(2, at: 8) & ~harmlessFlags == 0, method == 0 || method == 8 else { throw NotPlain() }
        var numbers = [record.number(4, at: 24), record.number(4, at: 20), record.number(4, at: 42)]
        var disk = record.number(2, at: 34)
        try extra.forEachField { id, field in
            switch id {
            case 1:  // zip64: the numbers that do not fit, in this order (4.5.3).
                var offset = 0
                for index in numbers.indices where numbers[index] == 0xFFFF_FFFF {
                    guard field.count >= offset + 8 else { throw NotPlain() }
                    numbers[index] = field.number(8, at: offset)
                    offset += 8
                }
                if disk == 0xFFFF, field.count >= offset + 4 { disk = field.number(4, at: offset) }
            // Another name in UTF-8, AES, strong encryption, attributes.
            case 0x7075, 0x9901, 0x0017, 0x6C78: throw NotPlain()
            default: break
            }
        }
        guard disk == 0, numbers.allSatisfy({ $0 <= UInt64(Int64.max) >> 2 }) else { throw NotPlain() }
        let (size, packed, start) = (Int64(numbers[0]), Int64(numbers[1]), Int64(numbers[2]))
        guard start >= dataEnd, method == 8 || size == packed else { throw NotPlain() }
        dataEnd = start + 30 + Int64(name.bytes.count) + packed
        guard dataEnd <= end.tableStart else { throw NotPlain() }
        return Place(
            start: start, end: end.tableStart, isDeflated: method == 8,
            checksum: UInt32(record.number(4, at: 16)), packedSize: packed, size: size)
    }

    private static func member(_ record: ZipBytes, name: ZipBytes, _ place: Place) throws -> ArchiveMember {
        guard !name.bytes.isEmpty, name.bytes.allSatisfy({ $0 != 0 && $0 < 0x80 && $0 != UInt8(ascii: "\\") }) else {
            throw NotPlain()
        }
        let attributes = record.number(4, at: 38)
        let mode: UInt64
        switch record.number(1, at: 5) {
        case 0: mode = attributes & 0x10 == 0 ? 0o100664 : 0o40775  // DOS, which has folders.
        case 3: mode = attributes >> 16
        default: throw NotPlain()
        }
        var member = ArchiveMember(
            path: String(decoding: name.bytes, as: UTF8.self), kind: .file, size: place.size,
            isExecutable: mode & 0o100 != 0)
        switch (name.bytes.last, mode & 0o170000) {
        case (UInt8(ascii: "/"), _), (_, 0o40000): member.kind = .folder
        case (_, 0), (_, 0o100000): member.kind = .file
        case (_, 0o120000) where !place.isDeflated && place.size < 4096: member.kind = .symlink(target: "")
        default: throw NotPlain()
        }
        return member
    }
}

/// The records at a zip's end, which say where its table of contents is.
private struct ZipEnd {
    let members: UInt64
    let tableStart: Int64
    let tableEnd: Int64

    init?(_ source: ArchiveSource, size: Int64) throws {
        // The last record has 22 bytes and a comment of up to 65,535; one of 20 and one of 56 may stand before it.
        let tailStart = max(0, size - 22 - 65_535 - 76)
        guard let tail = try ZipBytes(source, at: tailStart, count: Int(size - tailStart)), tail.count >= 22 else {
            return nil
        }
        let position = (0...tail.count - 22).last { position in
            tail.number(4, at: position) == 0x0605_4B50
                && position + 22 + Int(tail.number(2, at: position + 20)) == tail.count
        }
        guard let position, tail.number(4, at: position + 4) == 0 else { return nil }
        var members = tail.number(2, at: position + 10)
        var (length, start) = (tail.number(4, at: position + 12), tail.number(4, at: position + 16))
        var end = position
        if position >= 76, tail.number(4, at: position - 20) == 0x0706_4B50 {
            end = position - 76
            // Whose size leaves no room for more than is read here.
            guard tail.number(4, at: end) == 0x0606_4B50, tail.number(8, at: end + 4) == 44,
                tail.number(8, at: position - 12) == UInt64(tailStart) + UInt64(end), tail.number(8, at: end + 16) == 0
            else { return nil }
            members = tail.number(8, at: end + 32)
            (length, start) = (tail.number(8, at: end + 40), tail.number(8, at: end + 48))
        }
        tableEnd = tailStart + Int64(end)
        // Nothing lies between the table and its end.
        guard start <= UInt64(tableEnd), UInt64(tableEnd) - start == length else { return nil }
        tableStart = Int64(start)
        self.members = members
    }
}
