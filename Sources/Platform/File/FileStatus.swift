internal import Glibc

/// A time as file systems keep it, since 1970-01-01 UTC.
public struct FileTime: Hashable, Sendable, Comparable {
    public var seconds: Int
    public var nanoseconds: Int

    public init(seconds: Int, nanoseconds: Int) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static func now() -> FileTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileTime(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    public func seconds(since earlier: FileTime) -> Double {
        Double(seconds - earlier.seconds) + Double(nanoseconds - earlier.nanoseconds) / 1e9
    }

    public static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

/// What stat(2) tells, in the parts that this project uses.
public struct FileStatus: Hashable, Sendable {
    public enum Kind: Sendable { case file, folder, symlink, other }

    public var kind: Kind
    public var size: Int64
    public var modified: FileTime
    public var device: UInt64
    public var inode: UInt64
    public var links: UInt64
    /// Permission bits (0o7777).
    public var mode: UInt32
    public var owner: UInt32
    /// Bytes really allocated on disk.
    public var allocated: Int64

    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .symlink
            default: .other
            }
        size = Int64(raw.st_size)
        modified = FileTime(seconds: raw.st_mtim.tv_sec, nanoseconds: raw.st_mtim.tv_nsec)
        device = UInt64(raw.st_dev)
        inode = UInt64(raw.st_ino)
        links = UInt64(raw.st_nlink)
        mode = raw.st_mode & 0o7777
        owner = raw.st_uid
        allocated = Int64(raw.st_blocks) * 512
    }

    public var isExecutable: Bool { mode & 0o100 != 0 }
}
