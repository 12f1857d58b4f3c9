internal import CLinux

/// How glibc's allocator treats what was freed.
public enum Allocator {
    /// Blocks of 4 MiB and more go back to the system when they are freed: otherwise glibc raises its threshold to the size
    /// of what was freed, and every thread keeps a part of an upload for itself (mallopt(3), M_MMAP_THRESHOLD). Smaller ones
    /// stay until 4 MiB are free in a row: libcurl makes a receive buffer for each response, and pages that are given back
    /// between two of them have to be cleared again.
    public static func configure() { linux_configure_allocator(4 << 20, 4 << 20) }
}
