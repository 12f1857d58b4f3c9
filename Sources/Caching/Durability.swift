internal import Glibc
public import Platform
internal import Synchronization

/// What survives a power loss, without an fsync per file.
///
/// Before its first commit a run makes a durable mark `unsynced/<boot>.<run>`: "from this second on, in this boot of the
/// kernel, what this run commits may not have reached the disk". The mark goes when a syncfs(2) came after all of it:
/// at the end of a `--sync` run, otherwise at the start of a later run in the same boot, when it is cheap. A mark of
/// an earlier boot says that the machine went down with it: blobs that were committed in its window (the seconds of
/// their mtime) are re-hashed at first use, and get a new mtime outside of it. On network file systems each file is
/// fsynced before its rename instead.
public final class Durability: Sendable {
    /// Seconds since 1970 in which blobs were committed that a lost boot may have taken with it.
    private typealias Window = ClosedRange<Int>

    let synchronizesEachFile: Bool
    private let layout: Layout
    private let boot: String
    /// `nil` in a cache that we may only read.
    private let run: String?
    private let lost: [Window]
    private let isMarked = Mutex(false)

    init(layout: Layout, run: String?, isNetwork: Bool) throws(SystemError) {
        self.layout = layout
        self.run = run
        synchronizesEachFile = isNetwork
        boot = Boot.identity
        let bootTime = Boot.time
        var lost: [Window] = []
        for item in try FileSystem.list(layout.unsynced) where !item.name.hasPrefix(boot + ".") {
            guard !item.name.hasSuffix(".tmp"),
                let bytes = try? File(layout.unsynced + "/" + item.name).readAll(limit: 64)
            else { continue }
            let start = Int(String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }) ?? 0
            lost.append(start...max(start, bootTime))
        }
        self.lost = lost
    }

    /// Whether a blob with this status is known to have reached the disk, or was written since the machine came up.
    func trusts(_ status: FileStatus) -> Bool {
        lost.isEmpty || lost.allSatisfy { !$0.contains(status.modified.seconds) }
    }

    private func mark(of run: String) -> String { "\(layout.unsynced)/\(boot).\(run)" }

    /// Called before anything is published; the first call makes the mark durable, later ones cost a lock.
    func beginWriting() throws(SystemError) {
        guard !synchronizesEachFile, let run else { return }
        var failure: SystemError?
        isMarked.withLock { isMarked in
            guard !isMarked else { return }
            do throws(SystemError) {
                let now = Array("\(FileTime.now().seconds)\n".utf8)
                try AtomicFile.write(now, to: mark(of: run), synchronizing: true)
                try File(layout.unsynced, flags: O_RDONLY | O_DIRECTORY).synchronize()
                isMarked = true
            } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Makes everything that this run committed durable, and takes its mark away (`--sync`).
    public func synchronize() throws(SystemError) {
        var failure: SystemError?
        isMarked.withLock { isMarked in
            guard isMarked, let run else { return }
            do throws(SystemError) {
                try File(layout.unsynced, flags: O_RDONLY | O_DIRECTORY).synchronizeFileSystem()
                try FileSystem.remove(mark(of: run))
                isMarked = false
            } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// At the start of a run: makes durable what finished runs of this boot left, which the kernel has mostly written by now.
    public func synchronizeEarlierRuns() throws(SystemError) {
        guard run != nil else { return }
        // A run has its lease before its mark: a mark without a lease belongs to a run that has ended.
        let marks = try FileSystem.list(layout.unsynced).map(\.name).filter { $0.hasPrefix(boot + ".") }
        let running = Set(try FileSystem.list(layout.leases).map(\.name))
        let ended = marks.filter { !running.contains(String($0.dropFirst(boot.count + 1))) && !$0.hasSuffix(".tmp") }
        guard !ended.isEmpty else { return }
        try File(layout.unsynced, flags: O_RDONLY | O_DIRECTORY).synchronizeFileSystem()
        for mark in ended { try FileSystem.remove(layout.unsynced + "/" + mark) }
    }

    /// After every blob was re-hashed: no earlier loss casts doubt any more.
    public func forgetLosses() throws(SystemError) {
        for item in try FileSystem.list(layout.unsynced) where !item.name.hasPrefix(boot + ".") {
            try FileSystem.remove(layout.unsynced + "/" + item.name)
        }
    }
}
