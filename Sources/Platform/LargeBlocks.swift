internal import CLinux

/// What the allocator does with large buffers.
public enum LargeBlocks {
    /// Blocks of 4 MiB and more go back to the system when they are freed. Otherwise glibc raises its threshold to the size of
    /// what was freed, and every thread keeps a part of an upload for itself (mallopt(3), M_MMAP_THRESHOLD).
    public static func giveBack() { linux_map_large_blocks(4 << 20) }
}
