internal import Caching
public import Planning
internal import Platform

/// What stands in the workspace, compared with what was placed there.
public struct WorkspaceReport: Sendable {
    public enum State: String, Sendable {
        case clean, missing, drifted, notPlaced = "not placed", notDeclared = "not declared"
    }

    public struct Line: Sendable {
        public var id: Entry.ID
        public var state: State
        /// Relative to the workspace; empty for an entry that is clean.
        public var paths: [String]
    }

    public var lines: [Line] = []
    public var files = 0
    /// Bytes that were hashed.
    public var bytes: Int64 = 0
    public var isClean: Bool { lines.allSatisfy { $0.state == .clean } }
}

extension Session {
    /// How thoroughly files are looked at.
    public enum Scrutiny: Sendable {
        /// stat(2) alone.
        case status
        /// The content's recorded XXH3-128, where there is one; SHA-256 otherwise.
        case fingerprint
        case digest
    }

    /// Looks at every selected entry, and at what is placed for entries that are gone.
    public func report(_ scrutiny: Scrutiny) throws -> WorkspaceReport {
        var report = WorkspaceReport()
        for entry in selected {
            guard let placed = state.placed[entry.id] else {
                report.lines.append(.init(id: entry.id, state: .notPlaced, paths: []))
                continue
            }
            report.files += placed.files.count
            var changes = try workspace.changes(of: placed, cache: cache)
            if scrutiny != .status { try check(placed, scrutiny, &changes, &report) }
            if !changes.drifted.isEmpty {
                report.lines.append(.init(id: entry.id, state: .drifted, paths: changes.drifted))
            }
            if !changes.missing.isEmpty {
                report.lines.append(.init(id: entry.id, state: .missing, paths: changes.missing))
            }
            if changes.drifted.isEmpty, changes.missing.isEmpty {
                report.lines.append(.init(id: entry.id, state: .clean, paths: []))
            }
        }
        let declared = Set(manifest.entries.map(\.id))
        for (id, placed) in state.placed.sorted(by: { $0.key < $1.key })
        where options.selection.isEverything && !declared.contains(id) {
            report.lines.append(.init(id: id, state: .notDeclared, paths: [placed.path]))
        }
        return report
    }

    /// Re-reads files whose stat(2) is right, and takes back the suspicion of files whose bytes are.
    private func check(
        _ placed: Placed, _ scrutiny: Scrutiny, _ changes: inout (missing: [String], drifted: [String]),
        _ report: inout WorkspaceReport
    ) throws {
        let missing = Set(changes.missing)
        changes.drifted.removeAll()
        for file in placed.files {
            let path = placed.path.appendingComponent(file.path)
            guard !missing.contains(path) else { continue }
            let full = workspaceRoot + "/" + path
            guard case .file(let size, _, _, _, let digest, _) = file.kind else {
                if case .symlink(let target) = file.kind, (try? FileSystem.symlinkTarget(full)) != target {
                    changes.drifted.append(path)
                }
                continue
            }
            guard let status = try FileSystem.status(full), status.kind == .file, status.size == size else {
                changes.drifted.append(path)
                continue
            }
            report.bytes += size
            if try !holds(digest, full, scrutiny) { changes.drifted.append(path) }
        }
    }

    private func holds(_ digest: Digest, _ path: String, _ scrutiny: Scrutiny) throws -> Bool {
        let file = try File(path)
        if scrutiny == .fingerprint, let recorded = cache.index.fingerprint(digest) {
            return try file.hash([.xxh3]).values[0] == recorded.bytes
        }
        return try file.hash([.sha256]).values[0] == digest.bytes
    }

    /// Where an entry lies, absolute; `nil` for an entry that is not placed.
    public func path(of id: Entry.ID) -> String? {
        state.placed[id].map { workspaceRoot + "/" + $0.path }
    }

    /// The selected entries.
    public var selection: [Entry] { selected }
}
