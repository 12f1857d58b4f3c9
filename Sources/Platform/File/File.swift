internal import CLinux
public import Glibc
internal import SystemPackage

/// An owned file descriptor. `close()` reports errors; dropping the value closes silently.
public struct File: ~Copyable, Sendable {
    public private(set) var descriptor: Int32
    /// For messages only.
    public let path: String

    /// Takes ownership of an open descriptor.
    public init(adopting descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// open(2) / openat(2); `O_CLOEXEC` is always added.
    /// - Parameters:
    ///   - directory: descriptor that a relative path is relative to.
    ///   - mode: permission bits of a file that is created.
    public init(
        _ path: String, in directory: Int32 = AT_FDCWD, flags: Int32 = O_RDONLY, mode: UInt32 = 0o644
    ) throws(SystemError) {
        let descriptor = retryingInterrupts { openat(directory, path, flags | O_CLOEXEC, mode) }
        guard descriptor >= 0 else { throw .last("open", path) }
        self.init(adopting: descriptor, path: path)
    }

    deinit { if descriptor >= 0 { _ = Glibc.close(descriptor) } }

    public consuming func close() throws(SystemError) {
        let result = Glibc.close(descriptor)
        descriptor = -1
        guard result == 0 || errno == EINTR else { throw .last("close", path) }
    }

    public func status() throws(SystemError) -> FileStatus {
        var raw = stat()
        guard fstat(descriptor, &raw) == 0 else { throw .last("fstat", path) }
        return FileStatus(raw)
    }

    /// read(2): 0 at the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let count = retryingInterrupts { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
        guard count >= 0 else { throw .last("read", path) }
        return count
    }

    /// pread(2): 0 at or past the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        let count = retryingInterrupts { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
        guard count >= 0 else { throw .last("pread", path) }
        return count
    }

    /// Writes all bytes at the current position.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = retryingInterrupts { Glibc.write(descriptor, rest.baseAddress, rest.count) }
            guard count >= 0 else { throw .last("write", path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Writes all bytes at `offset`, leaving the position alone.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        var rest = bytes
        var offset = offset
        while !rest.isEmpty {
            let count = retryingInterrupts { pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset)) }
            guard count >= 0 else { throw .last("pwrite", path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            offset += Int64(count)
        }
    }

    public func truncate(to size: Int64) throws(SystemError) {
        guard retryingInterrupts({ ftruncate(descriptor, off_t(size)) }) == 0 else { throw .last("ftruncate", path) }
    }

    /// fallocate(2) up to `size`; a file system that has no such call gets a sparse file instead, and so does one in memory:
    /// there it would take every page at once (0.3 s for 1 GiB), while nothing else goes on.
    /// - Throws: `ENOSPC` when the space is not there.
    public func preallocate(_ size: Int64) throws(SystemError) {
        guard size > 0 else { return }
        if linux_filesystem_type(descriptor) == File.memoryFileSystem {
            try checkFree(size)
            return try truncate(to: size)
        }
        if retryingInterrupts({ linux_fallocate(descriptor, 0, size) }) == 0 { return }
        guard errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL else { throw .last("fallocate", path) }
        try truncate(to: size)
    }

    /// TMPFS_MAGIC of <linux/magic.h>.
    private static let memoryFileSystem: Int64 = 0x0102_1994

    private func checkFree(_ size: Int64) throws(SystemError) {
        var system = statvfs()
        var own = stat()
        guard fstatvfs(descriptor, &system) == 0 else { throw .last("fstatvfs", path) }
        guard fstat(descriptor, &own) == 0 else { throw .last("fstat", path) }
        // Without a limit it tells of no blocks at all (tmpfs(5), `size`).
        guard system.f_blocks > 0 else { return }
        let missing = size - Int64(own.st_blocks) * 512
        guard missing <= Int64(system.f_bavail) * Int64(system.f_frsize) else {
            throw SystemError("fallocate", path, .noSpace)
        }
    }

    public func synchronize() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw .last("fsync", path) }
    }

    /// syncfs(2): makes everything written to the file system that holds this file durable.
    public func synchronizeFileSystem() throws(SystemError) {
        guard linux_syncfs(descriptor) == 0 else { throw .last("syncfs", path) }
    }

    public func setModificationTime(_ time: FileTime) throws(SystemError) {
        // UTIME_OMIT of <sys/stat.h>, a macro that Swift does not see: the access time stays.
        let omitted = (1 << 30) - 2
        let times = [
            timespec(tv_sec: 0, tv_nsec: omitted),
            timespec(tv_sec: time.seconds, tv_nsec: time.nanoseconds),
        ]
        guard futimens(descriptor, times) == 0 else { throw .last("futimens", path) }
    }

    public func setMode(_ mode: UInt32) throws(SystemError) {
        guard fchmod(descriptor, mode) == 0 else { throw .last("fchmod", path) }
    }

    /// The whole content.
    /// - Parameter limit: more bytes than this are `EFBIG`.
    public func readAll(limit: Int = .max) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        let expected = Int(try status().size)
        guard expected <= limit else { throw SystemError("read", path, .fileTooLarge) }
        let chunk = max(expected + 1, 4096)
        while true {
            let start = bytes.count
            var failure: SystemError?
            let more = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
                do throws(SystemError) { count = try read(into: UnsafeMutableRawBufferPointer(buffer)) } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            if start == 0 { bytes = more } else { bytes += more }
            if more.isEmpty { return bytes }
            guard bytes.count <= limit else { throw SystemError("read", path, .fileTooLarge) }
        }
    }
}
