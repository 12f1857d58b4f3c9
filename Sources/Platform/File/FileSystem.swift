internal import CLinux
public import Glibc
internal import SystemPackage

/// Calls on paths, each optionally relative to an open folder.
public enum FileSystem {
    /// stat(2) or lstat(2); `nil` when nothing is there (ENOENT, ENOTDIR).
    public static func status(
        _ path: String, in directory: Int32 = AT_FDCWD, followSymlinks: Bool = false
    ) throws(SystemError) -> FileStatus? {
        var raw = stat()
        if fstatat(directory, path, &raw, followSymlinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 { return FileStatus(raw) }
        guard errno == ENOENT || errno == ENOTDIR else { throw .last("stat", path) }
        return nil
    }

    /// Whether something is there that a user may reach, symlinks followed.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// mkdir(2) with all missing parents; an existing folder is fine.
    /// - Returns: whether there was none.
    @discardableResult
    public static func createFolder(
        _ path: String, in directory: Int32 = AT_FDCWD, mode: UInt32 = 0o777
    ) throws(SystemError) -> Bool {
        if mkdirat(directory, path, mode) == 0 { return true }
        if errno == EEXIST { return false }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw .last("mkdir", path)
        }
        try createFolder(String(path[..<slash]), in: directory, mode: mode)
        if mkdirat(directory, path, mode) == 0 { return true }
        guard errno == EEXIST else { throw .last("mkdir", path) }
        return false
    }

    public static func rename(
        _ old: String, in oldDirectory: Int32 = AT_FDCWD, to new: String, in newDirectory: Int32 = AT_FDCWD
    ) throws(SystemError) {
        guard renameat(oldDirectory, old, newDirectory, new) == 0 else { throw .last("rename", new) }
    }

    /// renameat2(RENAME_NOREPLACE): false when something stands at `new` already.
    public static func renameWithoutReplacing(
        _ old: String, in oldDirectory: Int32 = AT_FDCWD, to new: String, in newDirectory: Int32 = AT_FDCWD
    ) throws(SystemError) -> Bool {
        if linux_renameat2(oldDirectory, old, newDirectory, new, linux_rename_noreplace) == 0 { return true }
        if errno == EEXIST { return false }
        guard errno == EINVAL || errno == ENOSYS else { throw .last("rename", new) }
        // A file system without the flag (NFS): link(2) has the same promise for files.
        if linkat(oldDirectory, old, newDirectory, new, 0) == 0 {
            unlinkat(oldDirectory, old, 0)
            return true
        }
        if errno == EEXIST { return false }
        guard try status(new, in: newDirectory) == nil else { return false }
        try rename(old, in: oldDirectory, to: new, in: newDirectory)
        return true
    }

    /// renameat2(RENAME_EXCHANGE): both names change places at once; false where the file system cannot.
    public static func exchange(_ first: String, _ second: String) throws(SystemError) -> Bool {
        if linux_renameat2(AT_FDCWD, first, AT_FDCWD, second, linux_rename_exchange) == 0 { return true }
        guard errno == EINVAL || errno == ENOSYS else { throw .last("rename", second) }
        return false
    }

    /// unlink(2); an absent file is fine.
    public static func remove(_ path: String, in directory: Int32 = AT_FDCWD) throws(SystemError) {
        guard unlinkat(directory, path, 0) == 0 || errno == ENOENT else { throw .last("unlink", path) }
    }

    /// rmdir(2); false when the folder is not empty, true when it is gone.
    @discardableResult
    public static func removeEmptyFolder(_ path: String) throws(SystemError) -> Bool {
        if rmdir(path) == 0 || errno == ENOENT { return true }
        guard errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY else { throw .last("rmdir", path) }
        return false
    }

    /// Removes a file, a symlink, or a folder and all below it, never following a symlink.
    public static func removeAll(_ path: String) throws(SystemError) {
        guard let found = try status(path) else { return }
        guard found.kind == .folder else { return try remove(path) }
        for item in try list(path) { try removeAll(path + "/" + item.name) }
        try removeEmptyFolder(path)
    }

    /// One name in a folder.
    public struct Item: Sendable {
        public var name: String
        /// `nil` where the file system does not tell without a stat(2).
        public var kind: FileStatus.Kind?
    }

    /// readdir(3) without `.` and `..`, in no order. A name that is not UTF-8 is `EILSEQ`.
    public static func list(_ path: String) throws(SystemError) -> [Item] {
        guard let stream = opendir(path) else { throw .last("opendir", path) }
        defer { closedir(stream) }
        var items: [Item] = []
        while true {
            errno = 0
            guard let item = readdir(stream) else {
                guard errno == 0 else { throw .last("readdir", path) }
                return items
            }
            let name = withUnsafePointer(to: &item.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let name else { throw SystemError("readdir", path, .illegalByteSequence) }
            if name == "." || name == ".." { continue }
            let kind: FileStatus.Kind? =
                switch Int(item.pointee.d_type) {
                case Int(DT_REG): .file
                case Int(DT_DIR): .folder
                case Int(DT_LNK): .symlink
                case Int(DT_UNKNOWN): nil
                default: .other
                }
            items.append(Item(name: name, kind: kind))
        }
    }

    public static func symlink(to target: String, at path: String, in directory: Int32 = AT_FDCWD) throws(SystemError) {
        guard symlinkat(target, directory, path) == 0 else { throw .last("symlink", path) }
    }

    /// readlink(2).
    public static func symlinkTarget(_ path: String, in directory: Int32 = AT_FDCWD) throws(SystemError) -> String {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            let length = readlinkat(
                directory, path, UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), 4096)
            count = max(0, length)
            if length < 0 { failure = .last("readlink", path) }
        }
        if let failure { throw failure }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// link(2), symlinks not followed.
    public static func hardlink(
        _ old: String, in oldDirectory: Int32 = AT_FDCWD, to new: String, in newDirectory: Int32 = AT_FDCWD
    ) throws(SystemError) {
        guard linkat(oldDirectory, old, newDirectory, new, 0) == 0 else { throw .last("link", new) }
    }

    /// Bytes that an unprivileged user may still write where `path` lies (statvfs f_bavail).
    public static func freeSpace(_ path: String) throws(SystemError) -> Int64 {
        var raw = statvfs()
        guard statvfs(path, &raw) == 0 else { throw .last("statvfs", path) }
        return Int64(raw.f_bavail) * Int64(raw.f_frsize)
    }

    /// Whether the path lies on a network file system (NFS, SMB, Lustre, CephFS, GPFS, FUSE), by statfs(2)'s f_type.
    public static func isNetwork(_ path: String) throws(SystemError) -> Bool {
        let folder = try File(path, flags: O_RDONLY | O_DIRECTORY)
        let network: Set<Int64> = [
            0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x0BD0_0BD0, 0x00C3_6400, 0x4750_4653, 0x6573_5546, 0x0102_1997,
            0x5346_414F,
        ]
        return network.contains(linux_filesystem_type(folder.descriptor) & 0xFFFF_FFFF)
    }

    /// realpath(3); `nil` when something on the way does not exist.
    public static func canonicalPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    public static var currentFolder: String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}
