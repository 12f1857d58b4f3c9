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

/// What the answer depends on besides names and their stat(2): each is looked at again before a snapshot is believed.
enum SettledInput: Equatable {
    /// A file that was read: its SHA-256.
    case file(path: String, digest: Digest)
    /// A variable that the manifest used: the SHA-256 of its value, for that may be a secret.
    case variable(name: String, digest: Digest)
    /// The sections that share the workspace, and what killed runs left: a new one may claim our paths.
    case names(folder: String, digest: Digest)

    func holds(_ environment: [String: String]) -> Bool {
        switch self {
        case .file(let path, _): SettledInput.read(path) == self
        case .variable(let name, let digest): LockFile.hash(Array((environment[name] ?? "").utf8)) == digest
        case .names(let folder, _): SettledInput.names(folder) == self
        }
    }

    static func read(_ path: String) -> SettledInput? {
        (try? File(path).readAll(limit: 1 << 30)).map { .file(path: path, digest: LockFile.hash($0)) }
    }

    static func names(_ folder: String) -> SettledInput? {
        guard let items = try? FileSystem.list(folder) else { return nil }
        let names = items.map(\.name).filter { $0.hasSuffix(".state") || $0.hasSuffix(".journal") }.sorted()
        return .names(folder: folder, digest: LockFile.hash(Array(names.joined(separator: "/").utf8)))
    }
}

extension SettledWriter {
    mutating func input(_ input: SettledInput) {
        switch input {
        case .file(let path, let digest): write(0, path, digest)
        case .variable(let name, let digest): write(1, name, digest)
        case .names(let folder, let digest): write(2, folder, digest)
        }
    }

    private mutating func write(_ kind: Int, _ name: String, _ digest: Digest) {
        number(kind)
        text(name.utf8)
        self.digest(digest)
    }
}

extension SettledReader {
    mutating func input() -> SettledInput? {
        guard let kind = number(), let name = string(), let digest = digest() else { return nil }
        return switch kind {
        case 0: .file(path: name, digest: digest)
        case 1: .variable(name: name, digest: digest)
        case 2: .names(folder: name, digest: digest)
        default: nil
        }
    }
}
