internal import Caching
internal import Glibc
internal import Planning
internal import Platform

/// Looks at the cache's folder, at what its file system can do, and at the way from there to a workspace.
struct DoctorFolders {
    let cache: Cache
    let workspace: String

    func examine() -> [Doctor.Finding] {
        let nearest = DoctorFolders.nearestExisting(workspace)
        return [folder(), space(.cache, cache.layout.root), locks()] + [workspaceFolder(nearest)]
            + [space(.workspace, nearest), links(to: nearest)].compactMap { $0 }
    }

    // MARK: Folders

    private func folder() -> Doctor.Finding {
        var words = cache.isWritable ? "may be read and written" : "may only be read"
        if cache.isNetwork { words += "; on a network file system" }
        var finding = Doctor.Finding(.cache, cache.layout.root, cache.isWritable ? .ok : .warning, words)
        if !cache.isWritable { finding.advice = "use --cache-dir for a cache of your own; what is in this one is used" }
        return finding
    }

    private func workspaceFolder(_ nearest: String) -> Doctor.Finding {
        guard access(nearest, W_OK) == 0 else {
            return Doctor.Finding(
                .workspace, workspace,
                Failure(
                    .permission, "nothing may be written there", cause: nearest, advice: "choose another --workspace"))
        }
        return Doctor.Finding(
            .workspace, workspace, .ok, nearest == workspace ? "may be written" : "is not there yet, and may be made")
    }

    /// Too little for most models is worth a warning; too little for anything is a failure.
    private func space(_ area: Doctor.Finding.Area, _ path: String) -> Doctor.Finding {
        let free: Int64
        do throws(SystemError) { free = try FileSystem.freeSpace(path) } catch {
            return Doctor.Finding(area, path, Failure(system: error))
        }
        guard free >= 16 << 20 else {
            return Doctor.Finding(
                area, path,
                Failure(.noSpace, "there is no space left", cause: "\(free) bytes are free", advice: "free some space"))
        }
        var finding = Doctor.Finding(area, path, free < 1 << 30 ? .warning : .ok, "\(free >> 20) MiB are free")
        if free < 1 << 30 { finding.advice = "free some space, or choose another folder" }
        return finding
    }

    // MARK: Locks

    /// Two opens of one file must not both get the lock.
    private func locks() -> Doctor.Finding {
        guard cache.isWritable, let path = try? cache.blobs.newTemporaryPath() else {
            return Doctor.Finding(.locks, cache.layout.root, .skipped, "a cache that may only be read needs none")
        }
        defer { try? FileSystem.remove(path) }
        do throws(SystemError) {
            let first = try File(path, flags: O_CREAT | O_RDWR, mode: 0o600)
            let second = try File(path, flags: O_RDWR)
            guard try first.tryLock(.exclusive) else {
                return Doctor.Finding(
                    .locks, cache.layout.root, .warning, "no lock can be had; downloads may come twice")
            }
            guard try !second.tryLock(.exclusive) else {
                return Doctor.Finding(
                    .locks, cache.layout.root, .warning, "locks lock nobody out; downloads may come twice")
            }
            return Doctor.Finding(.locks, cache.layout.root, .ok, "open-file locks work")
        } catch {
            var finding = Doctor.Finding(
                .locks, cache.layout.root, .warning, "there are no open-file locks; downloads may come twice")
            finding.cause = error.description
            return finding
        }
    }

    // MARK: Links

    /// What `link: auto` will do from this cache to this workspace.
    private func links(to folder: String) -> Doctor.Finding? {
        guard access(folder, W_OK) == 0 else { return nil }
        guard let source = try? makeSource() else {
            return Doctor.Finding(.links, workspace, .skipped, "a cache that may only be read was not tried")
        }
        defer { try? FileSystem.remove(source) }
        let target = AtomicFile.temporaryName(beside: folder + "/.clearml-sync-doctor")
        func works(_ attempt: () throws -> Bool) -> Bool {
            defer { try? FileSystem.remove(target) }
            return (try? attempt()) == true
        }
        let reflink = works {
            try File(source).clone(into: File(target, flags: O_CREAT | O_EXCL | O_WRONLY))
        }
        let hardlink = works {
            try FileSystem.hardlink(source, to: target)
            return true
        }
        let symlink = works {
            try FileSystem.symlink(to: source, at: target)
            return FileSystem.exists(target)
        }
        func word(_ works: Bool) -> String { works ? "yes" : "no" }
        let mode = reflink ? "reflinks" : hardlink ? "hard links" : "copies"
        var finding = Doctor.Finding(
            .links, workspace, reflink || hardlink ? .ok : .warning,
            "'auto' makes \(mode) (reflink \(word(reflink)), hardlink \(word(hardlink)), symlink \(word(symlink)))")
        if !reflink, !hardlink {
            finding.advice =
                "put cache and workspace on one file system, or use 'link: symlink': copies take space twice"
        } else if !reflink, isForeign {
            finding.state = .warning
            finding.text += "; what other users have put into the cache is copied (fs.protected_hardlinks)"
            finding.advice = "use 'link: symlink'"
        }
        return finding
    }

    private func makeSource() throws -> String? {
        guard cache.isWritable else { return nil }
        let path = try cache.blobs.newTemporaryPath()
        let file = try File(path, flags: O_CREAT | O_EXCL | O_RDWR, mode: 0o444)
        try Array("doctor\n".utf8).withUnsafeBytes { try file.write($0) }
        try file.close()
        return path
    }

    /// Whether somebody else's files may not be hard-linked by us (proc(5), fs.protected_hardlinks).
    private var isForeign: Bool {
        guard let owner = try? FileSystem.status(cache.layout.root, followSymlinks: true)?.owner, owner != geteuid(),
            geteuid() != 0, let text = try? File("/proc/sys/fs/protected_hardlinks").readAll(limit: 16)
        else { return false }
        return text.first == UInt8(ascii: "1")
    }

    private static func nearestExisting(_ path: String) -> String {
        var path = path[...]
        while !FileSystem.exists(String(path)), let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")),
            slash > path.startIndex
        {
            path = path[..<slash]
        }
        return path.isEmpty ? "/" : String(path)
    }
}
