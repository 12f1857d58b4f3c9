internal import Planning
internal import Platform

/// What was asked for, before any file is read: a snapshot answers just this question.
public struct SettledTerms: Sendable {
    /// Absolute path of the manifest.
    public var manifest: String
    /// All settings and options that a run depends on, as text.
    public var settings: String
    /// Where snapshots lie: on this machine, beside the index.
    public var folder: String

    public init(manifest: String, settings: String, folder: String) {
        self.manifest = manifest
        self.settings = settings
        self.folder = folder
    }

    /// One snapshot for each question.
    var path: String { folder + "/settled/" + LockFile.hash(Array("\(manifest)\n\(settings)".utf8)).hex }
}

/// What the answer depends on besides: each is looked at again before a snapshot is believed.
enum SettledInput: Equatable {
    /// A file that was read: its SHA-256.
    case file(path: String, digest: Digest)
    /// A variable that the manifest used: the SHA-256 of its value, for that may be a secret.
    case variable(name: String, digest: Digest)
    /// A file of which size, mtime and inode say enough: our own, replaced whenever it changes, or a source on this machine.
    case own(path: String, size: Int64, modified: FileTime, inode: UInt64)
    /// The sections that share the workspace, and what killed runs left: a new one may claim our paths.
    case names(folder: String, digest: Digest)

    func holds(_ environment: [String: String]) -> Bool {
        switch self {
        case .file(let path, _): SettledInput.read(path) == self
        case .variable(let name, let digest): LockFile.hash(Array((environment[name] ?? "").utf8)) == digest
        case .own(let path, _, _, _): SettledInput.own(path) == self
        case .names(let folder, _): SettledInput.names(folder) == self
        }
    }

    static func read(_ path: String) -> SettledInput? {
        (try? File(path).readAll(limit: 1 << 30)).map { .file(path: path, digest: LockFile.hash($0)) }
    }

    /// Symlinks are followed: a source may be reached through one.
    static func own(_ path: String) -> SettledInput? {
        guard let status = try? FileSystem.status(path, followSymlinks: true) else { return nil }
        return .own(path: path, size: status.size, modified: status.modified, inode: status.inode)
    }

    static func names(_ folder: String) -> SettledInput? {
        guard let items = try? FileSystem.list(folder) else { return nil }
        let names = items.map(\.name).filter { $0.hasSuffix(".state") || $0.hasSuffix(".journal") }.sorted()
        return .names(folder: folder, digest: LockFile.hash(Array(names.joined(separator: "/").utf8)))
    }
}
