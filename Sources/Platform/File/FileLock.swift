internal import CLinux
internal import Glibc
internal import SystemPackage

/// Open-file-description locks (fcntl(2), F_OFD_SETLK): held by the open file, gone when its owner closes it or dies.
extension File {
    public enum LockKind: Sendable { case shared, exclusive }

    /// Takes a lock on `[start, start + length)` if nobody else holds one that conflicts; length 0 is the whole file.
    /// - Returns: false when another open file holds it.
    public func tryLock(_ kind: LockKind, start: Int64 = 0, length: Int64 = 0) throws(SystemError) -> Bool {
        let raw = kind == .shared ? LINUX_LOCK_SHARED : LINUX_LOCK_EXCLUSIVE
        if retryingInterrupts({ linux_ofd_lock(descriptor, raw, start, length, false) }) == 0 { return true }
        guard errno == EAGAIN || errno == EACCES else { throw .last("fcntl(F_OFD_SETLK)", path) }
        return false
    }

    public func unlock(start: Int64 = 0, length: Int64 = 0) throws(SystemError) {
        guard linux_ofd_lock(descriptor, LINUX_LOCK_NONE, start, length, false) == 0 else {
            throw .last("fcntl(F_OFD_SETLK)", path)
        }
    }
}
