/// Why an archive cannot be read. A description is a clause without the archive's name, which the caller knows.
public enum ArchiveError: Error, Hashable, Sendable {
    /// No bytes at all.
    case empty
    /// Content of another kind; also a single compressed file that is no tar.
    case notAnArchive
    /// The content ends before the archive does.
    case truncated
    /// A checksum or a structure is wrong; libarchive's, zlib's or our own words about it.
    case corrupt(String)
    /// The archive ends, and bytes other than zeros follow.
    case trailingData
    case encrypted
    /// A variant that libarchive does not read, in its words.
    case unsupported(String)
    /// Decompression would take more memory than `ArchiveReader.maximumWindow`.
    case windowTooLarge
    case outOfMemory
}

extension ArchiveError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the archive is empty: it has no bytes at all"
        case .notAnArchive: "the content is not a tar, zip or 7z archive"
        case .truncated: "the archive is truncated: it ends in the middle of its content"
        case .corrupt(let detail): "the archive is corrupt: \(detail)"
        case .trailingData: "the archive is corrupt: other data follows its end"
        case .encrypted: "the archive is encrypted, and encrypted archives cannot be unpacked"
        case .unsupported(let detail): "the archive uses a feature that cannot be read: \(detail)"
        case .windowTooLarge:
            "the archive needs more memory to decompress than is allowed; compress it again with a window or dictionary "
                + "of at most 128 MiB (zstd without --long=28 or more, xz -9 or less, 7z -md=128m)"
        case .outOfMemory: "there is not enough memory to decompress the archive"
        }
    }
}
