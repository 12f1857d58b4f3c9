internal import Caching
internal import Glibc
internal import Planning
internal import Platform
internal import SystemPackage

/// Puts entries into the workspace and takes them out again. What appears there appears whole.
struct Placement: Sendable {
    let workspace: Workspace
    let cache: Cache
    let linker: Linker

    /// What an entry comes to, all its objects being in the cache.
    struct Content: Sendable {
        var path: String
        var mode: Entry.LinkMode
        var executable: Bool
        var isFolder: Bool
        var objects: [Placed.Object]
        /// Local paths of objects that are used where they lie, by `Placed.Object.path`.
        var direct: [ExactText: String] = [:]
        /// The whole entry is one symlink to here.
        var directFolder: String?
    }

    /// Places an entry over whatever this manifest placed before.
    /// - Parameters:
    ///   - previous: what was placed, to tell our files from a user's.
    ///   - force: files that a user changed are replaced.
    func place(_ content: Content, id: Entry.ID, previous: Placed?, force: Bool) throws -> Placed {
        var placed = Placed(
            path: content.path, mode: content.mode, isFolder: content.isFolder, executable: content.executable,
            objects: content.objects, files: [])
        // What needs no content is told whole: a later run knows these symlinks again.
        placed.files = content.direct.map { Placed.File(path: $0.key.text, kind: .symlink(target: $0.value)) }
        if let folder = content.directFolder { placed.files = [Placed.File(path: "", kind: .symlink(target: folder))] }
        try workspace.intend(placed, id: id)
        let target = workspace.root + "/" + content.path
        let isFree = try Placement.createFolder(around: target)
        if let folder = content.directFolder {
            placed.mode = .symlink
            try placeSymlink(to: folder, at: target, previous: previous, force: force)
        } else if content.isFolder {
            try placeFolder(content, at: target, previous: previous, force: force, placed: &placed)
        } else {
            try placeFile(content, at: target, isFree: isFree, previous: previous, force: force, placed: &placed)
        }
        return placed
    }

    // MARK: One name

    private func placeSymlink(to source: String, at target: String, previous: Placed?, force: Bool) throws {
        if try Placement.isSymlink(target, to: source) { return }
        try replace(target, previous: previous, force: force) { try FileSystem.symlink(to: source, at: $0) }
    }

    private static func isSymlink(_ path: String, to target: String) throws -> Bool {
        try FileSystem.status(path)?.kind == .symlink && FileSystem.symlinkTarget(path) == target
    }

    /// - Parameter isFree: the folder around is new.
    private func placeFile(
        _ content: Content, at target: String, isFree: Bool, previous: Placed?, force: Bool, placed: inout Placed
    ) throws {
        if let source = content.direct[""] {
            placed.mode = .symlink
            return try placeSymlink(to: source, at: target, previous: previous, force: force)
        }
        guard let digest = content.objects.first?.digest else {
            throw Failure(.other, "nothing is known of the content")
        }
        func make(_ path: String) throws {
            let made = try linker.place(digest, executable: content.executable, at: path, mode: content.mode)
            placed.mode = made.mode
            placed.files = [Placed.File(path: "", kind: made.kind)]
        }
        if isFree { return try make(target) }
        try replace(target, previous: previous, force: force, expecting: digest, make: make)
    }

    /// Makes a file or symlink at `target` through `make`, over what stands there if that is ours to replace.
    private func replace(
        _ target: String, previous: Placed?, force: Bool, expecting digest: Digest? = nil, make: (String) throws -> Void
    ) throws {
        guard let found = try FileSystem.status(target) else { return try make(target) }
        if found.kind == .folder {
            try removeOwn(previous, at: target, force: force)
            return try make(target)
        }
        if try !isOurs(target, previous: previous, force: force) {
            // The right bytes may be replaced by themselves, anything else stays.
            guard found.kind == .file, let digest, let file = try? File(target),
                try file.hash([.sha256]).values[0] == digest.bytes
            else { throw Placement.foreign(workspace.relative(target)) }
        }
        let temporary = AtomicFile.temporaryName(beside: target)
        try make(temporary)
        try FileSystem.rename(temporary, to: target)
        // rename(2) between two links to one inode does nothing, and leaves both.
        try FileSystem.remove(temporary)
    }

    /// Whether what stands at `target` is the one file or symlink that we placed there. Asked when it is replaced, not only when
    /// that is planned: a download takes hours, and users edit files meanwhile.
    private func isOurs(_ target: String, previous: Placed?, force: Bool) throws -> Bool {
        guard let previous, ExactText(previous.path) == ExactText(workspace.relative(target)) else { return false }
        if force { return true }
        return try previous.files.count == 1 && previous.files[0].path.isEmpty
            && workspace.changes(of: previous, cache: cache).drifted.isEmpty
    }

    /// A folder that we placed makes room for a file; what a user put into it stops that.
    private func removeOwn(_ previous: Placed?, at target: String, force: Bool) throws {
        guard let previous, ExactText(previous.path) == ExactText(workspace.relative(target)) else {
            throw Placement.foreign(workspace.relative(target))
        }
        _ = try remove(previous, force: force)
        if try FileSystem.status(target) != nil { throw Placement.foreign(workspace.relative(target)) }
        // The folders around it became empty and went with it.
        try Placement.createFolder(around: target)
    }

    /// - Returns: whether the folder is new, and so has nothing in it.
    @discardableResult
    private static func createFolder(around path: String) throws(SystemError) -> Bool {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return false }
        return try FileSystem.createFolder(String(path[..<slash]))
    }

    static func foreign(_ path: String) -> Failure {
        Failure(
            .other, "something that clearml-sync did not put there stands at '\(path)'",
            advice: "move it away, or give the entry another 'path'")
    }

    // MARK: A folder

    private func placeFolder(
        _ content: Content, at target: String, previous: Placed?, force: Bool, placed: inout Placed
    ) throws {
        let build = try workspace.newBuildFolder()
        defer { try? FileSystem.removeAll(build) }
        var builder = try FolderBuilder(root: build, linker: linker, mode: content.mode)
        for object in content.objects {
            if let source = content.direct[ExactText(object.path)] {
                try builder.addSymlink(to: source, at: object.path)
            } else if let tree = object.tree {
                guard let listing = try cache.trees.listing(tree) else {
                    throw Failure(
                        .other, "a tree that was in the cache is not there any more", cause: tree.description,
                        advice: "run the same command again")
                }
                try builder.add(listing, below: object.path)
            } else if let digest = object.digest {
                try builder.addFile(digest, executable: content.executable, at: object.path)
            }
        }
        placed.mode = builder.usedMode ?? content.mode
        placed.files = builder.files
        guard let found = try FileSystem.status(target) else { return try FileSystem.rename(build, to: target) }
        guard found.kind == .folder else {
            guard try isOurs(target, previous: previous, force: force) else { throw Placement.foreign(content.path) }
            try FileSystem.remove(target)
            return try FileSystem.rename(build, to: target)
        }
        try carryOver(from: target, to: build, previous: previous, content: placed, force: force)
        try workspace.swap(build, with: content.path)
    }

    /// Gives what a user put into the old folder a second name in the new one, so that no moment lacks it.
    private func carryOver(
        from old: String, to new: String, previous: Placed?, content: Placed, force: Bool
    ) throws {
        // By bytes: two spellings of an accented letter are two files, though equal as `String`s.
        var ours: Set<[UInt8]> = []
        if let previous, ExactText(previous.path) == ExactText(content.path) {
            // Changed files count as a user's, unless they are to be replaced.
            let changed =
                force ? [] : Set(try workspace.changes(of: previous, cache: cache).drifted.map { ExactText($0) })
            for file in previous.files where !changed.contains(ExactText(previous.path.appendingComponent(file.path))) {
                ours.insert(Array(file.path.utf8))
            }
        }
        let intended = try content.expectedFiles(cache: cache)
        try walk(old) { path, kind in
            guard !ours.contains(Array(path.utf8)) else { return }
            if kind == .folder {
                try FileSystem.createFolder(new + "/" + path)
            } else if try FileSystem.status(new + "/" + path) == nil {
                if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) {
                    try FileSystem.createFolder(new + "/" + path[..<slash])
                }
                try FileSystem.hardlink(old + "/" + path, to: new + "/" + path)
            } else if let digest = intended[ExactText(path)], let file = try? File(old + "/" + path),
                try file.hash([.sha256]).values[0] == digest.bytes
            {
                return  // The same bytes stand there anew.
            } else if kind == .symlink,
                try Placement.isSymlink(new + "/" + path, to: FileSystem.symlinkTarget(old + "/" + path))
            {
                return
            } else {
                throw Placement.foreign(content.path + "/" + path)
            }
        }
    }

    /// Everything below a folder that is not a non-empty folder, by relative path.
    private func walk(
        _ root: String, below prefix: String = "", _ body: (String, FileStatus.Kind) throws -> Void
    ) throws {
        let items = try FileSystem.list(prefix.isEmpty ? root : root + "/" + prefix)
        if items.isEmpty, !prefix.isEmpty { return try body(prefix, .folder) }
        for item in items {
            let path = prefix.appendingComponent(item.name)
            let kind = try item.kind ?? FileSystem.status(root + "/" + path)?.kind ?? .other
            if kind == .folder { try walk(root, below: path, body) } else { try body(path, kind) }
        }
    }

    // MARK: Removing

    /// Removes what was placed and nothing else; folders that become empty go too.
    /// - Returns: the paths that stay because somebody changed them.
    func remove(_ placed: Placed, force: Bool) throws -> [String] {
        let drifted = force ? [] : try workspace.changes(of: placed, cache: cache).drifted
        let kept = Set(drifted.map { ExactText($0) })
        var folders: Set<ExactText> = []
        for file in placed.files {
            let path = placed.path.appendingComponent(file.path)
            if kept.contains(ExactText(path)) { continue }
            if case .folder = file.kind { folders.insert(ExactText(path)) } else { try removeFile(path) }
            var parent = path[...]
            while let slash = parent.utf8.lastIndex(of: UInt8(ascii: "/")) {
                parent = parent[..<slash]
                guard folders.insert(ExactText(parent)).inserted else { break }
            }
        }
        // The deepest first: a longer path is never around a shorter one.
        for folder in folders.map(\.text).sorted(by: { $0.utf8.count > $1.utf8.count }) {
            do throws(SystemError) { try FileSystem.removeEmptyFolder(workspace.root + "/" + folder) } catch {
                // A user's file or symlink took its place.
                guard error.code == .notDirectory else { throw error }
            }
        }
        return drifted
    }

    private func removeFile(_ path: String) throws {
        do throws(SystemError) { try FileSystem.remove(workspace.root + "/" + path) } catch {
            // A user made a folder of it, or it is long gone with its folder.
            guard [.isDirectory, .notDirectory].contains(error.code) else { throw error }
        }
    }
}

extension Workspace {
    func relative(_ path: String) -> String { String(path.dropFirst(root.count + 1)) }
}
