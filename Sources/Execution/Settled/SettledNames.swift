internal import Planning
internal import Platform

/// What the last run saw under one name: the part of stat(2) that tells whether somebody touched it since.
enum SettledName {
    /// A file that was placed: not through a symlink.
    case file(size: Int64, modified: FileTime, inode: UInt64)
    case symlink(target: String)
    case folder
    /// A source on this machine, or a file of our own that is replaced whenever it changes. It may be reached through a symlink.
    case source(size: Int64, modified: FileTime, inode: UInt64)

    /// A source as it is now; `nil` where there is none.
    static func source(at path: String) -> SettledName? {
        guard let status = try? FileSystem.status(path, followSymlinks: true) else { return nil }
        return .source(size: status.size, modified: status.modified, inode: status.inode)
    }
}

/// Collects names in the order in which they come, and writes them in chunks. Each chunk is looked at from the deepest folder that all
/// of its names lie in: so a folder with a name or two costs no call of its own, and one with many is walked to but once.
struct SettledNames {
    /// Names in a chunk, which is a thread's piece of work.
    static let chunk = 1024

    /// What stands in front of each name in a chunk: 32 bytes, then the name, a zero byte, and a symlink's target with its length.
    enum Kind: UInt8 { case file, symlink, folder, source }

    private(set) var chunks = 0
    private(set) var writer = SettledWriter()
    /// Absolute paths of the chunk that is not full yet, one behind the other, and where each ends.
    private var paths: [UInt8] = []
    private var pending: [(end: Int, name: SettledName)] = []
    /// Bytes that all of them begin with, up to and with a slash.
    private var shared = 0

    /// - Parameter path: absolute.
    mutating func add(_ path: String, _ name: SettledName) {
        paths += path.utf8
        finish(name)
    }

    /// Everything that a run has placed for one entry.
    mutating func add(_ entry: Placed, below root: String) {
        // A folder that a user has replaced by a symlink to another one would show the same names.
        if entry.isFolder, !entry.files.contains(where: \.path.isEmpty) {
            append(root, entry.path)
            finish(.folder)
        }
        for file in entry.files {
            append(root, entry.path)
            if !file.path.isEmpty { append("", file.path) }
            switch file.kind {
            case .file(let size, let seconds, let nanoseconds, let inode, _, _):
                let modified = FileTime(seconds: seconds, nanoseconds: nanoseconds)
                finish(.file(size: size, modified: modified, inode: inode))
            case .symlink(let target): finish(.symlink(target: target))
            case .folder: finish(.folder)
            }
        }
    }

    private mutating func append(_ folder: String, _ name: String) {
        paths += folder.utf8
        paths.append(UInt8(ascii: "/"))
        paths += name.utf8
    }

    private mutating func finish(_ name: SettledName) {
        let start = pending.last?.end ?? 0
        var length = paths.count - start - 1
        if !pending.isEmpty {
            // How far it begins as all before it do.
            let most = min(shared, length)
            length = 0
            while length < most, paths[length] == paths[start + length] { length += 1 }
        }
        while length > 0, paths[start + length - 1] != UInt8(ascii: "/") { length -= 1 }
        shared = length
        pending.append((paths.count, name))
        if pending.count == SettledNames.chunk { flush() }
    }

    /// Writes what is not written yet; what comes behind lies elsewhere, or does not come.
    mutating func flush() {
        guard !pending.isEmpty else { return }
        var body = SettledWriter()
        var start = 0
        for (end, name) in pending {
            body.name(paths[start + shared..<end], name)
            start = end
        }
        writer.text(paths[..<shared])
        writer.number(pending.count)
        writer.number(body.bytes.count)
        writer.append(body)
        chunks += 1
        paths.removeAll(keepingCapacity: true)
        pending.removeAll(keepingCapacity: true)
    }
}

extension SettledWriter {
    fileprivate mutating func name(_ name: ArraySlice<UInt8>, _ seen: SettledName) {
        switch seen {
        case .file(let size, let modified, let inode): head(.file, name, size, modified, inode)
        case .source(let size, let modified, let inode): head(.source, name, size, modified, inode)
        case .folder: head(.folder, name)
        case .symlink(let target):
            head(.symlink, name)
            text(target.utf8)
        }
    }

    private mutating func head(
        _ kind: SettledNames.Kind, _ name: ArraySlice<UInt8>, _ size: Int64 = 0,
        _ modified: FileTime = FileTime(seconds: 0, nanoseconds: 0), _ inode: UInt64 = 0
    ) {
        number(size)
        number(modified.seconds)
        number(inode)
        number(UInt64(modified.nanoseconds) | UInt64(name.count) << 32 | UInt64(kind.rawValue) << 56)
        terminated(name)
    }
}
