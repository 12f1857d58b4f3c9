internal import Glibc

/// A folder that stays open, for looking at many names in it: the kernel walks no path again.
public struct OpenFolder: ~Copyable {
    private let descriptor: Int32

    /// open(2)
    /// - Parameter path: ends with a zero byte.
    public init?(_ path: UnsafePointer<CChar>) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// fstatat(2); `nil` where nothing is or nothing can be seen.
    /// - Parameter name: ends with a zero byte; it may be a path below the folder.
    public borrowing func status(of name: UnsafePointer<CChar>, followSymlinks: Bool = false) -> FileStatus? {
        var raw = stat()
        return fstatat(descriptor, name, &raw, followSymlinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 ? FileStatus(raw) : nil
    }

    /// Whether the name is a symlink to just this (readlinkat(2)).
    public borrowing func isSymlink(_ name: UnsafePointer<CChar>, to target: UnsafeRawBufferPointer) -> Bool {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: target.count + 1) { buffer in
            guard let start = buffer.baseAddress, let expected = target.baseAddress else { return false }
            let length = readlinkat(descriptor, name, start, target.count + 1)
            return length == target.count && memcmp(start, expected, length) == 0
        }
    }
}
