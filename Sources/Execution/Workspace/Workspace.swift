internal import Caching
internal import Glibc
internal import Planning
internal import Platform
internal import Synchronization

/// A workspace as one manifest sees it: the folder, and `.clearml-sync/` in it with one section per manifest.
///
/// ```
/// .clearml-sync/
///   lock                 held by whoever changes the workspace
///   <section>.state      what that manifest placed, see `StateText`
///   <section>.journal    what a run under way, or one that was killed, was about to place
///   build/               folders on their way in or out
/// ```
public final class Workspace: Sendable {
    /// Absolute.
    public let root: String
    /// The manifest's name in this workspace.
    public let section: String
    let manifest: String
    private let lock: File?
    private let journal = Mutex<Journal>(Journal())

    private struct Journal: ~Copyable {
        var file: File?
    }

    var folder: String { root + "/.clearml-sync" }
    private var statePath: String { "\(folder)/\(section).state" }
    private var journalPath: String { "\(folder)/\(section).journal" }

    /// - Parameters:
    ///   - manifest: absolute path of the manifest; another manifest of the same section is refused.
    ///   - lockingFor: seconds to wait for another process that changes the workspace; `nil` only looks and takes no lock.
    public init(root: String, section: String, manifest: String, lockingFor seconds: Double?) throws {
        self.root = root
        self.section = section
        self.manifest = manifest
        guard let seconds else {
            lock = nil
            return
        }
        try FileSystem.createFolder(root)
        try FileSystem.createFolder(root + "/.clearml-sync")
        let file = try File(root + "/.clearml-sync/lock", flags: O_CREAT | O_RDWR, mode: 0o666)
        let deadline = MonotonicTime.now().adding(seconds: seconds)
        while try !file.tryLock(.exclusive) {
            guard MonotonicTime.now() < deadline else {
                throw Failure(
                    .lockTimeout, "another process is changing the workspace", cause: root,
                    advice: "wait until it has ended, or give --lock-timeout more seconds")
            }
            usleep(50_000)
        }
        lock = consume file
        try clearBuild()
    }

    /// The states of all sections.
    var stateFiles: [String] {
        guard let items = try? FileSystem.list(folder) else { return [] }
        return items.filter { $0.name.hasSuffix(".state") }.map { folder + "/" + $0.name }
    }

    private var build: String { folder + "/build" }

    /// Takes away what was on its way when a run was killed: user's files in there have a second link in the workspace.
    private func clearBuild() throws {
        guard try FileSystem.status(build) != nil else { return }
        // Killed between the two renames of `swapByRenaming`: the old folder is all there is of the user's files.
        for item in try FileSystem.list(build) where item.name.hasSuffix(".path") {
            let path = String(decoding: try File(build + "/" + item.name).readAll(limit: 4096), as: UTF8.self)
            let old = build + "/" + item.name.dropLast(5)
            guard path.isRelativePath, try FileSystem.status(old) != nil,
                try FileSystem.status(root + "/" + path) == nil
            else { continue }
            try FileSystem.rename(old, to: root + "/" + path)
        }
        try FileSystem.removeAll(build)
    }

    /// Puts a finished folder from `build/` at a path where a folder stands; the old one is then in `build/`.
    func swap(_ new: String, with path: String) throws {
        if try FileSystem.exchange(new, root + "/" + path) { return }
        try swapByRenaming(new, with: path)
    }

    /// As `swap`, where the file system cannot exchange two names (NFS): for a moment nothing stands at the path.
    func swapByRenaming(_ new: String, with path: String) throws {
        let old = new + ".old"
        try AtomicFile.write(Array(path.utf8), to: old + ".path", synchronizing: true)
        try FileSystem.rename(root + "/" + path, to: old)
        try FileSystem.rename(new, to: root + "/" + path)
        try FileSystem.remove(old + ".path")
        try FileSystem.removeAll(old)
    }

    // MARK: State

    /// What this manifest placed, and what a killed run was about to place.
    struct State {
        var placed: [Entry.ID: Placed]
        /// Without files, direct references aside: nobody had the time to record them.
        var intended: [Entry.ID: Placed]
    }

    func load() throws -> State {
        var state = State(placed: [:], intended: [:])
        if try FileSystem.status(statePath) != nil {
            let text = StateText(parsing: try File(statePath).readAll())
            if let text {
                guard text.manifest == manifest || !FileSystem.exists(text.manifest) else {
                    throw Failure(
                        .manifest, "two manifests have the name '\(section)' in this workspace",
                        cause: "\(manifest) and \(text.manifest)",
                        advice: "give one of them another 'name', or another workspace")
                }
                state.placed = text.entries
            }
        }
        if try FileSystem.status(journalPath) != nil {
            state.intended = StateText.entries(StateText.lines(try File(journalPath).readAll()))
        }
        return state
    }

    /// Replaces the state. Of the journal only what a killed run was about to place stays, and this one has not come to.
    func save(_ placed: [Entry.ID: Placed], stillIntended: [Entry.ID: Placed] = [:]) throws {
        try AtomicFile.write(StateText(manifest: manifest, entries: placed).encoded, to: statePath)
        journal.withLock { $0.file = nil }
        guard !stillIntended.isEmpty else { return try FileSystem.remove(journalPath) }
        var text: [UInt8] = []
        for id in stillIntended.keys.sorted() {
            if let placed = stillIntended[id] { StateText.append(placed, id: id, to: &text) }
        }
        try AtomicFile.write(text, to: journalPath)
    }

    /// Says what is about to be placed, before anything is: a run that is killed is then understood by the next.
    func intend(_ placed: Placed, id: Entry.ID) throws(Failure) {
        var text: [UInt8] = []
        StateText.append(placed, id: id, to: &text)
        var failure: SystemError?
        journal.withLock { journal in
            do throws(SystemError) {
                if journal.file == nil {
                    let file = try File(journalPath, flags: O_CREAT | O_RDWR | O_APPEND)
                    // A killed run may have left half a line: appended to it, our first line would be lost as well.
                    let left = try file.readAll()
                    try file.truncate(to: Int64(left.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0))
                    journal.file = consume file
                }
                try text.withUnsafeBytesThrowing { bytes throws(SystemError) in try journal.file!.write(bytes) }
            } catch { failure = error }
        }
        if let failure { throw Failure(system: failure) }
    }

    /// The paths of the other manifests in this workspace, each with its section.
    func pathsOfOthers() throws -> [ExactText: String] {
        var paths: [ExactText: String] = [:]
        guard try FileSystem.status(folder) != nil else { return paths }
        for item in try FileSystem.list(folder) where item.name.hasSuffix(".state") {
            let section = String(item.name.dropLast(6))
            guard section != self.section, let text = StateText(parsing: try File(folder + "/" + item.name).readAll())
            else {
                continue
            }
            for placed in text.entries.values { paths[ExactText(placed.path)] = section }
        }
        return paths
    }

    /// A new, empty folder beside the workspace's content, on its file system.
    func newBuildFolder() throws(SystemError) -> String {
        let path = AtomicFile.temporaryName(beside: build + "/folder")
        try FileSystem.createFolder(path)
        return path
    }
}

extension [UInt8] {
    fileprivate func withUnsafeBytesThrowing(
        _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        var failure: SystemError?
        withUnsafeBytes { bytes in
            do throws(SystemError) { try body(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
