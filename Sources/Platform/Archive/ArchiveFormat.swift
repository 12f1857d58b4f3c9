/// The archive formats that are read.
public enum ArchiveFormat: String, Sendable { case tar, zip, sevenZip = "7z" }

/// What a tar may be compressed with.
public enum ArchiveCompression: String, Sendable, CaseIterable { case gzip, bzip2, xz, zstd, lz4 }

/// What the first bytes of a file tell of its format.
enum ArchiveSignature: Equatable {
    /// The table of contents stands at the end.
    case seekable(ArchiveFormat)
    case compressed(ArchiveCompression)
    /// A plain tar, or no archive.
    case unknown

    /// Bytes that `init(of:)` and `xzDictionarySize(_:)` want to see, unless the file is shorter.
    static let length = 1024

    init(of head: some Collection<UInt8>) {
        func starts(_ magic: UInt8...) -> Bool { head.starts(with: magic) }
        // Zip: a member, an empty archive's end, or the mark of an archive that was once split.
        if starts(0x50, 0x4B, 3, 4) || starts(0x50, 0x4B, 5, 6) || starts(0x50, 0x4B, 7, 8) {
            self = .seekable(.zip)
        } else if starts(0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C) {
            self = .seekable(.sevenZip)
        } else if starts(0x1F, 0x8B, 8) {
            self = .compressed(.gzip)
        } else if head.count >= 4, starts(0x42, 0x5A, 0x68), (0x31...0x39).contains(head.dropFirst(3).first ?? 0) {
            self = .compressed(.bzip2)
        } else if starts(0xFD, 0x37, 0x7A, 0x58, 0x5A, 0) {
            self = .compressed(.xz)
        } else if starts(0x28, 0xB5, 0x2F, 0xFD) {
            self = .compressed(.zstd)
        } else if starts(0x04, 0x22, 0x4D, 0x18) {
            self = .compressed(.lz4)
        } else {
            self = .unknown
        }
    }

    /// A zip that is nothing but an end record that counts no members (APPNOTE.TXT, 4.3.16).
    static func isEmptyZip(_ head: [UInt8], size: Int64) -> Bool {
        guard head.starts(with: [0x50, 0x4B, 5, 6]), head.count >= 22 else { return false }
        let comment = Int64(head[20]) | Int64(head[21]) << 8
        return head[8..<20].allSatisfy { $0 == 0 } && size == 22 + comment
    }

    /// The dictionary size that the first block of an xz stream asks for (The .xz File Format, 3.1 and 5.3.1): libarchive
    /// lifts liblzma's memory limit. `nil` when the head does not say.
    static func xzDictionarySize(_ head: [UInt8]) -> Int64? {
        let streamHeader = 12
        guard head.count > streamHeader + 1, head[streamHeader] != 0 else { return nil }
        let end = streamHeader + (Int(head[streamHeader]) + 1) * 4
        let flags = head[streamHeader + 1]
        guard end <= head.count else { return nil }
        var position = streamHeader + 2
        func number() -> UInt64? {
            var (value, shift): (UInt64, UInt64) = (0, 0)
            while position < end, shift < 63 {
                let byte = head[position]
                position += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
                shift += 7
            }
            return nil
        }
        if flags & 0x40 != 0, number() == nil { return nil }
        if flags & 0x80 != 0, number() == nil { return nil }
        for _ in 0...(flags & 3) {
            guard let filter = number(), let length = number(), length <= UInt64(end - position) else { return nil }
            if filter == 0x21, length == 1 { return dictionarySize(head[position]) }
            position += Int(length)
        }
        return nil
    }

    /// Bytes of a dictionary as LZMA2 writes it down (The .xz File Format, 5.3.1).
    static func dictionarySize(_ code: UInt8) -> Int64 {
        let bits = Int(code & 0x3F)
        return bits < 40 ? Int64(2 | bits & 1) << (bits / 2 + 11) : 1 << 32
    }
}
