internal import CArchive
internal import Glibc

/// One member of an archive, as the archive describes it: nothing here has been checked.
public struct ArchiveMember: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case file, folder
        case symlink(target: String)
        /// Another name of an earlier member; it has no data of its own.
        case hardlink(target: String)
        /// A device, a FIFO or a socket.
        case special
    }

    public var path: String
    public var kind: Kind
    /// Bytes, when the archive tells before the data.
    public var size: Int64?
    public var isExecutable: Bool

    public init(path: String, kind: Kind, size: Int64? = nil, isExecutable: Bool = false) {
        self.path = path
        self.kind = kind
        self.size = size
        self.isExecutable = isExecutable
    }

    init(_ entry: OpaquePointer, format: ArchiveFormat) {
        path = MemberName.decode(archive_entry_pathname(entry), format: format)
        if let target = archive_entry_hardlink(entry) {
            kind = .hardlink(target: MemberName.decode(target, format: format))
        } else {
            switch archive_entry_filetype(entry) {
            case S_IFREG: kind = .file
            case S_IFDIR: kind = .folder
            case S_IFLNK: kind = .symlink(target: MemberName.decode(archive_entry_symlink(entry), format: format))
            // Zip and 7z members without a mode; a folder is told by its name then.
            case 0: kind = path.hasSuffix("/") ? .folder : .file
            default: kind = .special
            }
        }
        size = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : nil
        isExecutable = archive_entry_perm(entry) & 0o100 != 0
    }
}

/// The names of members as text.
enum MemberName {
    /// UTF-8 where the bytes are that, as nearly always. Other bytes are read as code page 437, the zip format's own
    /// (APPNOTE.TXT, appendix D), or as ISO 8859-1 in other formats: the name is readable or at least stable, and two
    /// names stay two names.
    static func decode(_ name: UnsafePointer<CChar>?, format: ArchiveFormat) -> String {
        guard let name else { return "" }
        if let text = String(validatingCString: name) { return text }
        let bytes = UnsafeBufferPointer(start: name, count: strlen(name)).lazy.map { UInt8(bitPattern: $0) }
        var scalars = String.UnicodeScalarView()
        for byte in bytes {
            scalars.append(format == .zip && byte >= 128 ? codePage437[Int(byte) - 128] : Unicode.Scalar(byte))
        }
        return String(scalars)
    }

    private static let codePage437 = Array(
        ("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
            + "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}").unicodeScalars)
}
