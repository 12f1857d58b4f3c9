internal import Planning
internal import Platform

/// What of a local path is pushed, and where each file goes.
struct PushSelection {
    struct Item: Sendable {
        /// On this machine.
        var path: String
        var url: LogicalURL
        /// Relative to the folder that is pushed; the file's own name for one file.
        var name: String
        var size: Int64
    }

    var items: [Item] = []
    /// What the whole push is known by: the file's URL, or the folder's.
    var identity: String
    /// The folder's URL; `nil` for one file.
    var folder: PushTarget.Folder?

    /// | path | URL | goes to |
    /// |---|---|---|
    /// | a file | ends in `/`, or is an existing local folder | the file's name below the URL |
    /// | a file | another | the URL |
    /// | a folder | any | each file's relative path below the URL |
    init(path: String, to target: PushTarget, matches: [Glob], base: String) throws(Failure) {
        do {
            guard let status = try FileSystem.status(path, followSymlinks: true) else {
                throw Failure(.notFound, "there is nothing to push", cause: path)
            }
            if status.kind == .folder {
                let folder = try target.folder()
                identity = folder.identity
                self.folder = folder
                try addFiles(below: path, folder, matches)
                return
            }
            guard matches.isEmpty else {
                throw Failure(.usage, "'--match' selects below a folder, and this is a file", cause: path)
            }
            let name = path.split(separator: "/").last.map(String.init) ?? path
            var url = target.file()
            if try target.isFolder || PushSelection.isFolder(url, base) { url = try target.folder().member(name) }
            identity = url.identity
            items = [Item(path: path, url: url, name: name, size: status.size)]
        } catch { throw Failure(error) }
    }

    private static func isFolder(_ url: LogicalURL, _ base: String) throws(SystemError) -> Bool {
        guard let path = url.localPath(base: base) else { return false }
        return try FileSystem.status(path, followSymlinks: true)?.kind == .folder
    }

    private mutating func addFiles(
        below path: String, _ folder: PushTarget.Folder, _ matches: [Glob]
    ) throws(Failure) {
        do {
            for name in try LocalFiles.below(path) where PushSelection.selects(name, matches) {
                let file = path + "/" + name
                let size = try FileSystem.status(file, followSymlinks: true)?.size ?? 0
                items.append(Item(path: file, url: try folder.member(name), name: name, size: size))
            }
        } catch { throw Failure(error) }
        guard items.isEmpty else { return }
        throw Failure(
            .notFound, matches.isEmpty ? "the folder holds no file" : "no file below the folder matches", cause: path)
    }

    /// A pattern without a slash is for names at any depth, as in ClearML's `upload_folder`; one with a slash for paths.
    private static func selects(_ name: String, _ matches: [Glob]) -> Bool {
        guard !matches.isEmpty else { return true }
        let last = name.utf8.lastIndex(of: UInt8(ascii: "/")).map { name[name.utf8.index(after: $0)...] } ?? name[...]
        return matches.contains { $0.pattern.utf8.contains(UInt8(ascii: "/")) ? $0.matches(name) : $0.matches(last) }
    }
}
