internal import Caching
internal import Glibc
internal import Planning
internal import Platform

/// Fills a folder with links, file by file; keeps the folder that was written to last open.
struct FolderBuilder: ~Copyable {
    let root: String
    private let linker: Linker
    private let mode: Entry.LinkMode
    private var open: File
    /// Path of `open` below `root`.
    private var openPath = ""
    private(set) var files: [Placed.File] = []
    private(set) var usedMode: Entry.LinkMode?

    init(root: String, linker: Linker, mode: Entry.LinkMode) throws {
        self.root = root
        self.linker = linker
        self.mode = mode
        open = try File(root, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Opens the folder of a path, making it where it is missing.
    /// - Returns: the path's last component.
    private mutating func enter(folderOf path: String) throws -> String {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = path[..<(slash ?? path.startIndex)]
        // By bytes: two spellings of an accented letter are two folders.
        if !folder.utf8.elementsEqual(openPath.utf8) {
            let full = folder.isEmpty ? root : root + "/" + folder
            do throws(SystemError) {
                open = try File(full, flags: O_RDONLY | O_DIRECTORY)
            } catch {
                try FileSystem.createFolder(full)
                open = try File(full, flags: O_RDONLY | O_DIRECTORY)
            }
            openPath = String(folder)
        }
        return slash.map { String(path[path.utf8.index(after: $0)...]) } ?? path
    }

    mutating func addFile(_ digest: Digest, executable: Bool, at path: String) throws {
        let name = try enter(folderOf: path)
        let (used, kind) = try linker.place(
            digest, executable: executable, at: name, in: open.descriptor, mode: mode)
        usedMode = used
        files.append(Placed.File(path: path, kind: kind))
    }

    mutating func addSymlink(to target: String, at path: String) throws {
        let name = try enter(folderOf: path)
        try FileSystem.symlink(to: target, at: name, in: open.descriptor)
        files.append(Placed.File(path: path, kind: .symlink(target: target)))
    }

    mutating func addFolder(at path: String) throws {
        try FileSystem.createFolder(root + "/" + path)
        files.append(Placed.File(path: path, kind: .folder))
    }

    /// Adds all that a tree has; several threads do when that is much.
    mutating func add(_ listing: TreeListing, below prefix: String) throws {
        let (root, linker, mode) = (root, linker, mode)
        let parts = try Shares.map(listing.items.count, least: 1000) { part in
            var builder = try FolderBuilder(root: root, linker: linker, mode: mode)
            builder.files.reserveCapacity(part.count)
            for item in listing.items[part] {
                let path = prefix.appendingComponent(item.path)
                switch item.kind {
                case .file(let digest, _, let executable): try builder.addFile(digest, executable: executable, at: path)
                case .symlink(let target): try builder.addSymlink(to: target, at: path)
                case .folder: try builder.addFolder(at: path)
                }
            }
            return (files: builder.files, mode: builder.usedMode)
        }
        for part in parts {
            files += part.files
            usedMode = part.mode ?? usedMode
        }
    }
}

extension Placed.File.Kind {
    static func file(_ status: FileStatus, _ digest: Digest, _ executable: Bool) -> Placed.File.Kind {
        .file(
            size: status.size, seconds: status.modified.seconds, nanoseconds: status.modified.nanoseconds,
            inode: status.inode, digest: digest, executable: executable)
    }
}
