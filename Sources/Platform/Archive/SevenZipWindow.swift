internal import CArchive

/// The memory that a 7z's members take to decompress, read from its table of contents (7zFormat.txt): libarchive sets no limit.
///
/// The table is nearly always compressed itself, with LZMA. What cannot be read here says nothing, and is left to libarchive.
struct SevenZipWindow {
    /// Bytes of the largest dictionary, or of PPMd's model, that a coder asks for.
    private(set) var largest: Int64 = 0

    /// A table of contents of more bytes is refused, as a window of that size is.
    private static let largestTable = Int64(ArchiveReader.maximumWindow)

    /// - Returns: `nil` for a table that is not read here.
    init?(_ stream: SourceStream, size: Int64) throws {
        guard let start = try stream.bytes(at: 0, count: 32) else { return nil }
        var table = Table(start.dropFirst(12))
        guard let offset = table.fixed(8), let length = table.fixed(8), let position = Int64(exactly: offset),
            let count = Int64(exactly: length), count > 0, position <= size, count <= size - 32 - position
        else { return nil }
        guard count <= Self.largestTable else { throw ArchiveError.windowTooLarge }
        guard var bytes = try stream.bytes(at: 32 + position, count: Int(count)) else { return nil }
        // Compressed tables of compressed tables would be legal, too.
        for _ in 0..<4 {
            table = Table(bytes)
            switch table.byte() {
            case 0x01:
                guard table.byte() == 0x04, let streams = table.streams() else { return nil }
                largest = max(largest, streams.coders.map(\.window).max() ?? 0)
                return
            case 0x17:
                guard let streams = table.streams(), streams.coders.count == 1,
                    let packed = try Self.packed(streams, in: stream, size: size)
                else { return nil }
                largest = max(largest, streams.coders[0].window)
                guard largest <= ArchiveReader.maximumWindow, streams.unpackedSize <= UInt64(Self.largestTable) else {
                    throw ArchiveError.windowTooLarge
                }
                guard let unpacked = try Self.unpack(packed, streams) else { return nil }
                bytes = unpacked
            default: return nil
            }
        }
        return nil
    }

    private static func packed(_ streams: Streams, in stream: SourceStream, size: Int64) throws -> [UInt8]? {
        guard let offset = Int64(exactly: streams.packedOffset), let count = Int64(exactly: streams.packedSize),
            offset <= size, count > 0, count <= min(size - offset, Self.largestTable)
        else { return nil }
        return try stream.bytes(at: 32 + offset, count: Int(count))
    }

    /// LZMA's bytes behind the header that a file of its own has: properties, and the size.
    private static func unpack(_ packed: [UInt8], _ streams: Streams) throws -> [UInt8]? {
        let coder = streams.coders[0]
        if coder.method == .copy { return packed }
        guard coder.method == .lzma, coder.properties.count == 5 else { return nil }
        let head =
            coder.properties + (0..<8).map { UInt8(truncatingIfNeeded: streams.unpackedSize >> (8 * UInt64($0))) }
        let content = WholeStream(head + packed)
        let handle = try ReadHandle(content) { raw in
            archive_read_append_filter(raw, ARCHIVE_FILTER_LZMA)
            archive_read_support_format_raw(raw)
        }
        do {
            try handle.open()
            guard try handle.nextHeader() != nil else { return nil }
            var bytes: [UInt8] = []
            while bytes.count < Int(streams.unpackedSize), let more = try handle.nextData(after: 0).bytes {
                bytes += more
            }
            return bytes
        } catch is ArchiveError { return nil }
    }
}

/// Bytes in memory as a stream of one block.
private final class WholeStream: ByteStream {
    private let bytes: UnsafeMutableRawBufferPointer
    private var isTaken = false

    init(_ bytes: [UInt8]) {
        self.bytes = .allocate(byteCount: bytes.count, alignment: 1)
        self.bytes.copyBytes(from: bytes)
    }

    deinit { bytes.deallocate() }

    func next() -> UnsafeRawBufferPointer {
        defer { isTaken = true }
        return UnsafeRawBufferPointer(rebasing: bytes[..<(isTaken ? 0 : bytes.count)])
    }
}

/// One step of what a member's bytes went through.
private struct Coder {
    enum Method { case copy, lzma, lzma2, ppmd, other }

    var method: Method
    var properties: [UInt8]

    init(_ id: [UInt8], _ properties: [UInt8]) {
        self.properties = properties
        method =
            switch id {
            case [0]: .copy
            case [3, 1, 1]: .lzma
            case [0x21]: .lzma2
            case [3, 4, 1]: .ppmd
            default: .other
            }
    }

    var window: Int64 {
        switch method {
        case .lzma where properties.count == 5, .ppmd where properties.count == 5:
            return properties.dropFirst().reversed().reduce(0) { $0 << 8 | Int64($1) }
        case .lzma2 where properties.count == 1: return ArchiveSignature.dictionarySize(properties[0])
        default: return 0
        }
    }
}

/// What a table says of packed streams, as far as it matters here.
private struct Streams {
    var packedOffset: UInt64 = 0
    /// Of the first.
    var packedSize: UInt64 = 0
    var unpackedSize: UInt64 = 0
    var coders: [Coder] = []
}

/// A 7z's table of contents, field by field; `nil` at its end and where it has what is not read here.
private struct Table {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) { rest = Array(bytes)[...] }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func take(_ count: UInt64) -> [UInt8]? {
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return Array(rest.prefix(Int(count)))
    }

    mutating func fixed(_ width: UInt64) -> UInt64? {
        take(width)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A number whose first byte tells by its leading ones how many more there are.
    mutating func number() -> UInt64? {
        guard let first = byte() else { return nil }
        let more = UInt64((~first).leadingZeroBitCount)
        guard let low = fixed(more) else { return nil }
        return more >= 7 ? low : UInt64(first & (0x7F >> UInt8(more))) << (8 * more) | low
    }

    /// Packed streams and folders, up to the sizes of what these unpack to.
    mutating func streams() -> Streams? {
        var streams = Streams()
        guard byte() == 0x06, let offset = number(), let count = number() else { return nil }
        streams.packedOffset = offset
        var id = byte()
        if id == 0x09 {
            for index in 0..<min(count, UInt64(rest.count) + 1) {
                guard let size = number() else { return nil }
                if index == 0 { streams.packedSize = size }
            }
            id = byte()
        }
        if id == 0x0A {
            guard byte() == 1, count <= UInt64(rest.count), take(4 * count) != nil else { return nil }
            id = byte()
        }
        guard id == 0, byte() == 0x07, byte() == 0x0B, let folders = number(), byte() == 0 else { return nil }
        for _ in 0..<min(folders, UInt64(rest.count) + 1) {
            guard let coders = folder() else { return nil }
            streams.coders += coders
        }
        guard byte() == 0x0C, let size = number() else { return nil }
        streams.unpackedSize = size
        return streams
    }

    private mutating func folder() -> [Coder]? {
        var coders: [Coder] = []
        var (inputs, outputs): (UInt64, UInt64) = (0, 0)
        guard let count = number(), count <= 32 else { return nil }
        for _ in 0..<count {
            guard let flags = byte(), let id = take(UInt64(flags & 0x0F)) else { return nil }
            var (streamsIn, streamsOut): (UInt64, UInt64) = (1, 1)
            if flags & 0x10 != 0 {
                guard let more = number(), let out = number(), more <= 32, out <= 32 else { return nil }
                (streamsIn, streamsOut) = (more, out)
            }
            (inputs, outputs) = (inputs + streamsIn, outputs + streamsOut)
            var properties: [UInt8] = []
            if flags & 0x20 != 0 {
                guard let length = number(), let taken = take(length) else { return nil }
                properties = taken
            }
            coders.append(Coder(id, properties))
        }
        // Which output goes into which input, and which inputs are the packed streams.
        guard outputs > 0, inputs + 1 >= outputs else { return nil }
        for _ in 0..<2 * (outputs - 1) { guard number() != nil else { return nil } }
        let packed = inputs - (outputs - 1)
        if packed > 1 { for _ in 0..<packed { guard number() != nil else { return nil } } }
        return coders
    }
}
