internal import CLinux
internal import Glibc
internal import SystemPackage

extension File {
    /// FICLONE: makes `target`, an empty file, share all bytes of this one; false where the file system cannot.
    public func clone(into target: borrowing File) throws(SystemError) -> Bool {
        if linux_ficlone(target.descriptor, descriptor) == 0 { return true }
        guard [EOPNOTSUPP, EXDEV, EINVAL, ENOTTY, ENOSYS, EPERM, EACCES, ETXTBSY].contains(errno) else {
            throw .last("ioctl(FICLONE)", target.path)
        }
        return false
    }

    /// Copies `length` bytes, in the kernel where it can (copy_file_range), otherwise through a buffer.
    public func copy(into target: borrowing File, length: Int64) throws(SystemError) {
        var offset: Int64 = 0
        while offset < length {
            var (from, to) = (offset, offset)
            let count = linux_copy_file_range(
                descriptor, &from, target.descriptor, &to, Int(min(length - offset, 1 << 30)))
            if count > 0 {
                offset += Int64(count)
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO {
                throw .last("copy_file_range", target.path)
            } else {
                // Not supported here, across these file systems, or (0) by this kind of file: the plain way.
                return try copyThroughBuffer(into: target, from: offset, length: length)
            }
        }
    }

    private func copyThroughBuffer(into target: borrowing File, from start: Int64, length: Int64) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = start
        while offset < length {
            let count = try read(into: buffer, at: offset)
            guard count > 0 else { throw SystemError("copy", path, .noData) }
            try target.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: offset)
            offset += Int64(count)
        }
    }
}
