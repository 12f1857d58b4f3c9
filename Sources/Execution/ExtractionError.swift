/// Why an archive that can be read is not unpacked. The whole archive is refused: nothing of it gets a tree.
public enum ExtractionError: Error, Hashable, Sendable {
    case absolutePath(member: String)
    /// A `..` component.
    case parentComponent(member: String)
    case emptyName
    /// A component of more than 255 bytes, or a path of more than 4095.
    case nameTooLong(member: String)
    /// The target is absolute, or leads out of the tree.
    case escapingSymlink(member: String, target: String)
    /// Symlinks lead in a circle, or through more of them than Linux follows.
    case symlinkLoop(member: String, target: String)
    /// A member whose parent folder is a symlink of the same archive.
    case belowSymlink(member: String, symlink: String)
    case missingHardlinkTarget(member: String, target: String)
    /// A device, a FIFO or a socket.
    case specialFile(member: String)
    /// A file where a folder is, or a folder where something else is.
    case fileAndFolder(path: String)
    case tooManyBytes(limit: Int64)
    case ratioTooHigh(limit: Int64)
    case tooManyMembers(limit: Int)
}

extension ExtractionError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .absolutePath(let member): "the archive's member \(quoted(member)) has an absolute path"
        case .parentComponent(let member): "the archive's member \(quoted(member)) has `..` in its path"
        case .emptyName: "the archive has a member without a name"
        case .nameTooLong(let member):
            "the archive's member \(quoted(member)) has a name that is too long for a file system"
        case .escapingSymlink(let member, let target):
            "the archive's symlink \(quoted(member)) leads out of the archive, to \(quoted(target))"
        case .symlinkLoop(let member, let target):
            "the archive's symlink \(quoted(member)), to \(quoted(target)), leads in a circle"
        case .belowSymlink(let member, let symlink):
            "the archive's member \(quoted(member)) is below \(quoted(symlink)), which is a symlink in the same archive"
        case .missingHardlinkTarget(let member, let target):
            "the archive's member \(quoted(member)) is a hard link to \(quoted(target)), which no selected earlier member is"
        case .specialFile(let member):
            "the archive's member \(quoted(member)) is a device, FIFO or socket; only files, folders and links are unpacked"
        case .fileAndFolder(let path): "the archive has both a file and a folder at \(quoted(path))"
        case .tooManyBytes(let limit):
            "the archive unpacks to more than \(limit) bytes, the limit that max_unpacked_bytes sets"
        case .ratioTooHigh(let limit):
            "the archive unpacks to more than \(limit) times its size, the limit that max_unpack_ratio sets: it may be a bomb"
        case .tooManyMembers(let limit): "the archive has more than \(limit) members"
        }
    }

    /// Control characters of a hostile name never reach a terminal.
    private func quoted(_ name: String) -> String { String(name.prefix(200)).debugDescription }
}
