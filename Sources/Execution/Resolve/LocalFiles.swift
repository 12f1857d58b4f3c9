internal import Planning
internal import Platform

/// Files below a local folder.
enum LocalFiles {
    /// Paths relative to the folder, in byte order. Symlinks to files count, symlinks to folders are followed no further.
    static func below(_ root: String) throws(SystemError) -> [String] {
        var found: [String] = []
        try walk(root, "", &found)
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func walk(_ root: String, _ prefix: String, _ found: inout [String]) throws(SystemError) {
        for item in try FileSystem.list(prefix.isEmpty ? root : root + "/" + prefix) {
            let path = prefix.isEmpty ? item.name : prefix + "/" + item.name
            var kind = item.kind
            if kind == nil || kind == .symlink {
                kind = try FileSystem.status(root + "/" + path, followSymlinks: kind == .symlink)?.kind
                if item.kind == .symlink, kind == .folder { continue }
            }
            switch kind {
            case .folder: try walk(root, path, &found)
            case .file: found.append(path)
            default: continue
            }
        }
    }
}
