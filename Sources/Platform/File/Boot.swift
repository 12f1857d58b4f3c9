internal import CLinux
internal import Glibc

/// The current boot of the kernel.
public enum Boot {
    /// The kernel's random identity of this boot; `unknown` where it tells none.
    public static var identity: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 37) { buffer in
            guard let base = buffer.baseAddress, linux_boot_id(base) == 0 else { return "unknown" }
            return String(cString: base)
        }
    }

    /// When it began, in seconds since 1970.
    public static var time: Int {
        var uptime = timespec()
        clock_gettime(CLOCK_BOOTTIME, &uptime)
        return FileTime.now().seconds - uptime.tv_sec
    }
}
