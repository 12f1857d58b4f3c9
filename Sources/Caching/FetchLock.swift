internal import Glibc
internal import Platform

/// One download per object per machine: a byte range of one file per object that somebody is fetching.
///
/// Ranges are released by the kernel when their process dies. Two processes that both believe to hold one cost
/// bandwidth, not data.
public struct FetchLocks: ~Copyable, Sendable {
    private let file: File

    /// - Returns: `nil` where the cache may not be written or the file system has no such locks.
    public init?(layout: Layout) {
        guard let file = try? File(layout.locks + "/objects", flags: O_CREAT | O_RDWR, mode: 0o666) else { return nil }
        self.file = file
    }

    /// Claims an object if nobody else has.
    /// - Parameter key: any well-mixed 64 bits of the object's identity.
    public borrowing func tryAcquire(_ key: UInt64) -> Bool {
        // A lock that cannot be had for another reason than a holder is as good as granted.
        (try? file.tryLock(.exclusive, start: Int64(key >> 2), length: 1)) ?? true
    }

    public borrowing func release(_ key: UInt64) {
        try? file.unlock(start: Int64(key >> 2), length: 1)
    }
}
