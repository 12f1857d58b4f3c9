/// Reads members of a plain zip by themselves, wherever they lie. For one thread; the archive is complete.
public final class ZipMemberReader {
    private let source: ArchiveSource
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    /// With room for a byte too many, which shows that a member is longer than it says.
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: (256 << 10) + 1, alignment: 4096)
    private var inflater: Inflater
    /// The member's place, and what of it has been read and given.
    private var place: ZipDirectory.Place?
    private var position: Int64 = 0
    private var packedLeft: Int64 = 0
    private var left: Int64 = 0
    private var isAtEnd = false
    private var checksum = CRC32()

    public init(_ source: ArchiveSource) throws(ArchiveError) {
        self.source = source
        inflater = try Inflater(.none)
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    /// Turns to a member.
    /// - Throws: `NotPlain` when its own header is not that of the table, or what the source throws.
    public func open(_ item: ZipDirectory.Item) throws {
        let place = item.place
        let name = item.member.path.utf8
        // The header has two variable parts; one read nearly always brings both, and a small member's data.
        let header = 30 + name.count
        try fill(from: place.start, Int64(header) + 128 + place.packedSize)
        guard inflater.input.count >= header else { throw ZipDirectory.NotPlain() }
        let bytes = inflater.input
        func number(_ offset: Int) -> UInt16 {
            UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }
        guard bytes.starts(with: [0x50, 0x4B, 3, 4]), number(8) == (place.isDeflated ? 8 : 0), number(6) & 1 == 0,
            Int(number(26)) == name.count, bytes[30..<header].elementsEqual(name)
        else { throw ZipDirectory.NotPlain() }
        let data = header + Int(number(28))
        guard place.start + Int64(data) + place.packedSize <= place.end else { throw ZipDirectory.NotPlain() }
        self.place = place
        position = place.start + Int64(data)
        packedLeft = place.packedSize
        left = place.size
        isAtEnd = false
        checksum = CRC32()
        inflater.reset()
        take(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(data)))
    }

    /// The next bytes of the member, never empty, valid until the next call; `nil` at its end. The last ones come when length
    /// and checksum are known to be right.
    public func next() throws -> UnsafeRawBufferPointer? {
        guard let place, !isAtEnd else { return nil }
        let bytes = place.isDeflated ? try inflate() : try copy()
        left -= Int64(bytes.count)
        checksum.update(bytes)
        if isAtEnd, left != 0 || packedLeft != 0 || checksum.value != place.checksum {
            throw ZipDirectory.NotPlain()
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// The whole of a member that has few bytes.
    public func text(of item: ZipDirectory.Item) throws -> String {
        try open(item)
        var text: [UInt8] = []
        while let block = try next() { text += block }
        return String(decoding: text, as: UTF8.self)
    }

    private func copy() throws -> UnsafeRawBufferPointer {
        try fillIfEmpty()
        let bytes = inflater.input
        inflater.input = UnsafeRawBufferPointer(start: nil, count: 0)
        isAtEnd = packedLeft == 0
        return bytes
    }

    /// Fills the output, or inflates what is left to its end.
    private func inflate() throws -> UnsafeRawBufferPointer {
        let limit = left < output.count ? Int(left) + 1 : output.count - 1
        var count = 0
        while count < limit, !isAtEnd {
            try fillIfEmpty()
            let inflated: Inflated
            do throws(ArchiveError) {
                inflated = try inflater.inflate(into: UnsafeMutableRawBufferPointer(rebasing: output[count..<limit]))
            } catch { throw ZipDirectory.NotPlain() }
            count += inflated.count
            isAtEnd = inflated.isEnd
            let isStuck = inflated.count == 0 && inflater.input.isEmpty && packedLeft == 0
            guard isAtEnd ? inflated.unread == 0 : !isStuck else { throw ZipDirectory.NotPlain() }
        }
        guard count <= left else { throw ZipDirectory.NotPlain() }
        return UnsafeRawBufferPointer(rebasing: output[..<count])
    }

    private func fillIfEmpty() throws {
        guard inflater.input.isEmpty, packedLeft > 0 else { return }
        try fill(from: position, packedLeft)
        guard !inflater.input.isEmpty else { throw ZipDirectory.NotPlain() }
        take(inflater.input)
    }

    /// Reads what comes next into the input.
    private func fill(from offset: Int64, _ wanted: Int64) throws {
        let room = UnsafeMutableRawBufferPointer(rebasing: input[..<Int(min(wanted, Int64(input.count)))])
        inflater.input = UnsafeRawBufferPointer(rebasing: room[..<(try source.read(room, offset))])
    }

    /// Keeps of bytes that were read at `position` what belongs to the member.
    private func take(_ bytes: UnsafeRawBufferPointer) {
        inflater.input = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(min(packedLeft, Int64(bytes.count)))))
        position += Int64(inflater.input.count)
        packedLeft -= Int64(inflater.input.count)
    }
}
