internal import Caching
internal import Glibc
internal import Planning
internal import Platform

extension Workspace {
    /// Looks at what stands at an entry's path: one stat(2) per file that was placed there.
    /// - Parameters:
    ///   - placed: what this manifest placed for the entry, if anything.
    ///   - intended: what a killed run was about to place.
    ///   - path: where the entry goes now.
    func observe(
        placed: Placed?, intended: Placed?, path: String, others: [ExactText: String], cache: Cache
    ) throws -> Observed {
        if let owner = Workspace.owner(of: path, in: others) { return .otherManifest(owner) }
        if let placed, ExactText(placed.path) == ExactText(path) {
            var changes = try self.changes(of: placed, cache: cache)
            let found = try FileSystem.status(root + "/" + path)
            // A user's file instead of our folder. A folder that is one symlink is looked at as that.
            let isOneName = placed.files.count == 1 && placed.files[0].path.isEmpty
            if !isOneName, let found, found.kind != .folder, !changes.missing.isEmpty || placed.files.isEmpty {
                changes.drifted.append(path)
            }
            if found == nil { return .absent }
            if changes.missing.isEmpty, changes.drifted.isEmpty { return .clean }
            // In the place of our folder a user has put a file, or a symlink to elsewhere.
            if placed.isFolder, !placed.files.contains(where: { $0.path.isEmpty }),
                let status = try FileSystem.status(root + "/" + path), status.kind != .folder
            {
                return .changed(missing: [], drifted: [path])
            }
            // A killed run may have got as far as replacing what was there.
            if !changes.drifted.isEmpty, let intended, try isAsIntended(intended, cache: cache) {
                return .changed(missing: [path], drifted: [])
            }
            return .changed(missing: changes.missing, drifted: changes.drifted)
        }
        guard try FileSystem.status(root + "/" + path) != nil else { return .absent }
        if let intended, ExactText(intended.path) == ExactText(path), try isAsIntended(intended, cache: cache) {
            return .changed(missing: [path], drifted: [])
        }
        return .foreign
    }

    private static func owner(of path: String, in others: [ExactText: String]) -> String? {
        guard !others.isEmpty else { return nil }
        if let section = others[ExactText(path)] { return section }
        // Inside another manifest's folder, or around one of its paths.
        return others.first { other, _ in
            other.text.utf8.starts(with: (path + "/").utf8) || path.utf8.starts(with: (other.text + "/").utf8)
        }?.value
    }

    /// Which of the placed files are gone, and which are not as they were placed. Relative to the workspace.
    func changes(of placed: Placed, cache: Cache) throws -> (missing: [String], drifted: [String]) {
        var missing: [String] = []
        var drifted: [String] = []
        for file in placed.files {
            let path = placed.path.appendingComponent(file.path)
            guard let status = try FileSystem.status(root + "/" + path) else {
                missing.append(path)
                continue
            }
            if try !matches(file.kind, status, at: root + "/" + path, mode: placed.mode, cache: cache) {
                drifted.append(path)
            }
        }
        return (missing, drifted)
    }

    private func matches(
        _ kind: Placed.File.Kind, _ status: FileStatus, at path: String, mode: Entry.LinkMode, cache: Cache
    ) throws -> Bool {
        switch kind {
        case .folder: return status.kind == .folder
        case .symlink(let target): return try status.kind == .symlink && FileSystem.symlinkTarget(path) == target
        case .file(let size, let seconds, let nanoseconds, let inode, let digest, let executable):
            guard status.kind == .file, status.size == size, status.inode == inode else { return false }
            if status.modified == FileTime(seconds: seconds, nanoseconds: nanoseconds) { return true }
            // A blob that was proven again has a new mtime, and so has every hard link to it.
            guard mode == .hardlink,
                case .present(let blob) = try cache.blobs.presence(digest, executable: executable, size: size)
            else { return false }
            return blob.inode == status.inode
        }
    }

    /// Whether every file that stands there now has the bytes that a killed run was about to place.
    private func isAsIntended(_ intended: Placed, cache: Cache) throws -> Bool {
        for file in intended.files {
            let full = root + "/" + intended.path.appendingComponent(file.path)
            guard case .symlink(let target) = file.kind, let status = try FileSystem.status(full) else { continue }
            guard status.kind == .symlink, try FileSystem.symlinkTarget(full) == target else { return false }
        }
        let direct = Set(intended.files.map { ExactText($0.path) })
        let expected = try intended.expectedFiles(cache: cache)
        for (path, digest) in expected where !direct.contains(path) {
            let full = root + "/" + intended.path.appendingComponent(path.text)
            guard let status = try FileSystem.status(full) else { continue }
            guard status.kind == .file else { return false }
            guard try File(full).hash([.sha256]).values[0] == digest.bytes else { return false }
        }
        return !expected.isEmpty || !direct.isEmpty
    }
}

extension Placed {
    /// The files that the objects come to, by path below the entry's own, each with its digest; symlinks left out.
    func expectedFiles(cache: Cache) throws -> [ExactText: Digest] {
        var files: [ExactText: Digest] = [:]
        for object in objects {
            if let tree = object.tree {
                guard let listing = try cache.trees.listing(tree) else { continue }
                for item in listing.items {
                    if case .file(let digest, _, _) = item.kind {
                        files[ExactText(object.path.appendingComponent(item.path))] = digest
                    }
                }
            } else if let digest = object.digest {
                files[ExactText(object.path)] = digest
            }
        }
        return files
    }
}

extension String {
    /// `self/name`; either alone where the other is empty.
    func appendingComponent(_ name: String) -> String {
        isEmpty ? name : name.isEmpty ? self : self + "/" + name
    }
}
