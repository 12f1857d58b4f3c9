internal import CArchiveWriter
internal import Glibc

/// Writes archives for tests, also such as no honest tool would write.
public struct ArchiveWriter {
    public enum Format: String, Sendable { case ustar, pax, gnutar, zip, raw, sevenZip = "7zip" }

    public enum Compression: String, Sendable, CaseIterable { case none, gzip, bzip2, xz, zstd, lz4 }

    public struct Member: Sendable {
        public enum Kind: Sendable { case file, folder, symlink(String), hardlink(String), fifo }

        /// Raw bytes, which need not be UTF-8.
        public var path: [UInt8]
        public var kind: Kind
        public var content: [UInt8] = []
        public var mode: UInt16 = 0o644
        /// Where a sparse file has data, in pax archives.
        public var dataRanges: [Range<Int64>] = []

        public init(_ path: some Sequence<UInt8>, _ kind: Kind) {
            self.path = Array(path)
            self.kind = kind
        }

        public static func file(_ path: String, _ content: String = "", mode: UInt16 = 0o644) -> Member {
            file(path, Array(content.utf8), mode: mode)
        }

        public static func file(_ path: String, _ content: [UInt8], mode: UInt16 = 0o644) -> Member {
            var member = Member(path.utf8, .file)
            member.content = content
            member.mode = mode
            return member
        }

        public static func folder(_ path: String) -> Member { Member(path.utf8, .folder) }
        public static func symlink(_ path: String, to target: String) -> Member { Member(path.utf8, .symlink(target)) }
        public static func hardlink(_ path: String, to target: String) -> Member {
            Member(path.utf8, .hardlink(target))
        }
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The archive's bytes.
    /// - Parameter password: encrypts, in zip archives.
    public static func write(
        _ members: [Member], _ format: Format, _ compression: Compression = .none, password: String? = nil
    ) throws -> [UInt8] {
        guard let archive = archive_write_new() else { throw Failure(description: "archive_write_new") }
        defer { archive_write_free(archive) }
        let locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil)
        let previous = uselocale(locale)
        defer {
            uselocale(previous)
            if let locale { freelocale(locale) }
        }
        func require(_ result: Int32) throws {
            guard result >= ARCHIVE_WARN else {
                throw Failure(description: archive_error_string(archive).map { String(cString: $0) } ?? "unknown")
            }
        }
        try require(archive_write_set_format_by_name(archive, format.rawValue))
        if compression != .none { try require(archive_write_add_filter_by_name(archive, compression.rawValue)) }
        if compression != .none || format == .zip || format == .sevenZip {
            archive_write_set_bytes_in_last_block(archive, 1)
        }
        if let password {
            try require(archive_write_set_options(archive, "zip:encryption=traditional"))
            try require(archive_write_set_passphrase(archive, password))
        }
        let output = Output()
        try require(
            archive_write_open2(
                archive, Unmanaged.passUnretained(output).toOpaque(), nil,
                { _, context, bytes, count in
                    let output = Unmanaged<Output>.fromOpaque(context!).takeUnretainedValue()
                    output.bytes += UnsafeRawBufferPointer(start: bytes, count: count)
                    return count
                }, nil, nil))
        for member in members { try add(member, to: archive, require) }
        try require(archive_write_close(archive))
        return output.bytes
    }

    private static func add(_ member: Member, to archive: OpaquePointer, _ require: (Int32) throws -> Void) throws {
        guard let entry = archive_entry_new() else { throw Failure(description: "archive_entry_new") }
        defer { archive_entry_free(entry) }
        archive_entry_copy_pathname(entry, (member.path + [0]).map { CChar(bitPattern: $0) })
        archive_entry_set_perm(entry, mode_t(member.mode))
        switch member.kind {
        case .file:
            archive_entry_set_filetype(entry, UInt32(Glibc.S_IFREG))
            archive_entry_set_size(entry, Int64(member.content.count))
        case .folder: archive_entry_set_filetype(entry, UInt32(Glibc.S_IFDIR))
        case .fifo: archive_entry_set_filetype(entry, UInt32(Glibc.S_IFIFO))
        case .symlink(let target):
            archive_entry_set_filetype(entry, UInt32(Glibc.S_IFLNK))
            archive_entry_copy_symlink(entry, target)
        case .hardlink(let target):
            archive_entry_set_filetype(entry, UInt32(Glibc.S_IFREG))
            archive_entry_copy_hardlink(entry, target)
        }
        for range in member.dataRanges {
            archive_entry_sparse_add_entry(entry, range.lowerBound, Int64(range.count))
        }
        try require(archive_write_header(archive, entry))
        if !member.content.isEmpty {
            let count = member.content.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
            try require(Int32(clamping: count))
        }
        try require(archive_write_finish_entry(archive))
    }

    private final class Output { var bytes: [UInt8] = [] }
}
