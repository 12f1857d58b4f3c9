internal import Planning
internal import Platform

/// How one stat(2) tells an untouched blob from a touched one, without the index.
///
/// When a blob is committed its mtime gets nanoseconds that are computed from its digest. Whoever writes to the inode
/// later (root through a hard link, a tool that "touches" files it reads) leaves other nanoseconds behind. The seconds
/// stay those of the commit, which is what `Durability` looks at.
enum Seal {
    static func nanoseconds(_ digest: Digest) -> Int { Int(digest.prefix % 1_000_000_000) }

    static func time(_ digest: Digest) -> FileTime {
        FileTime(seconds: FileTime.now().seconds, nanoseconds: nanoseconds(digest))
    }

    /// - Parameter granularity: nanoseconds that the file system keeps apart: 1, or more on coarse ones.
    static func holds(_ digest: Digest, _ status: FileStatus, granularity: Int) -> Bool {
        let expected = nanoseconds(digest)
        return status.modified.nanoseconds == expected - expected % granularity
    }
}
