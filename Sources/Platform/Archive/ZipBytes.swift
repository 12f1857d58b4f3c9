/// A piece of a zip's records: little-endian numbers at fixed places.
struct ZipBytes {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// Reads a piece of the archive; `nil` where there are not so many bytes.
    init?(_ source: ArchiveSource, at offset: Int64, count: Int) throws {
        guard let bytes = try source.bytes(at: offset, count: count) else { return nil }
        self.bytes = bytes[...]
    }

    var count: Int { bytes.count }

    func number(_ width: Int, at offset: Int) -> UInt64 {
        let start = bytes.startIndex + offset
        return bytes[start..<start + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    func part(_ offset: Int, count: Int) -> ZipBytes {
        let start = bytes.startIndex + offset
        return ZipBytes(bytes[start..<start + count])
    }

    /// The fields of an "extra field": an identifier, a length and as many bytes each (APPNOTE.TXT, 4.5).
    func forEachField(_ body: (UInt64, ZipBytes) throws -> Void) throws {
        var offset = 0
        while offset + 4 <= count {
            let length = Int(number(2, at: offset + 2))
            guard offset + 4 + length <= count else { throw ZipDirectory.NotPlain() }
            try body(number(2, at: offset), part(offset + 4, count: length))
            offset += 4 + length
        }
        guard offset == count else { throw ZipDirectory.NotPlain() }
    }
}
