internal import Glibc
internal import Platform

/// A claim by a running process: a locked file that the kernel releases when the process ends, however it ends.
///
/// What the process is still writing lies in `tmp/<run>`; whoever finds a lease unlocked may clear both away.
public final class Lease: Sendable {
    /// `<host>-<pid>-<random>`: unique over every host that shares the cache.
    public let run: String
    /// Folder of this process's unfinished files.
    public let temporaryFolder: String
    private let path: String
    private let file: File

    init(layout: Layout) throws(SystemError) {
        let random = UInt32.random(in: .min ... .max)
        run = "\(Lease.hostName)-\(getpid())-\(String(random, radix: 16))"
        path = layout.leases + "/" + run
        temporaryFolder = layout.temporary + "/" + run
        file = try File(path, flags: O_CREAT | O_EXCL | O_RDWR)
        _ = try file.tryLock(.exclusive)
        try FileSystem.createFolder(temporaryFolder)
        try Lease.clearDead(layout: layout, except: run)
    }

    deinit {
        try? FileSystem.removeAll(temporaryFolder)
        try? FileSystem.remove(path)
    }

    static var hostName: String {
        var name = utsname()
        uname(&name)
        return withUnsafeBytes(of: &name.nodename) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Removes leases of processes that died, with their unfinished files.
    private static func clearDead(layout: Layout, except own: String) throws(SystemError) {
        let host = hostName.split(separator: "-", omittingEmptySubsequences: false)
        for item in try FileSystem.list(layout.leases) where item.name != own {
            // Only our own host's locks are sure to be seen here. Host names have hyphens: 'a' is not 'a-b'.
            guard item.name.split(separator: "-", omittingEmptySubsequences: false).dropLast(2) == host[...] else {
                continue
            }
            guard let file = try? File(layout.leases + "/" + item.name, flags: O_RDWR),
                (try? file.tryLock(.exclusive)) == true
            else { continue }
            // A lease is locked right after it is created: an unlocked young one may be in between.
            guard let status = try? file.status(), FileTime.now().seconds - status.modified.seconds > 2 else {
                continue
            }
            try? FileSystem.removeAll(layout.temporary + "/" + item.name)
            try? FileSystem.remove(layout.leases + "/" + item.name)
        }
    }
}
