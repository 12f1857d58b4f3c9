internal import Glibc
internal import Planning
internal import Platform
internal import TestSupport
internal import Testing

/// A manifest with its workspace and cache, and a server: what most tests of `pull` start from.
final class PullScene: Sendable {
    let server: FaultServer
    /// HOME of every run; the cache lies in it.
    let home: TemporaryFolder
    /// Where manifests and workspaces lie.
    let folder: TemporaryFolder

    /// - Parameter sharing: the cache and the server of another scene are used.
    init(sharing other: PullScene? = nil) throws {
        server = try other?.server ?? FaultServer()
        home = try other?.home ?? TemporaryFolder()
        folder = try TemporaryFolder()
    }

    var workspace: String { folder["workspace"] }
    var cache: String { home["cache/clearml-sync"] }

    // MARK: Manifests

    /// One artifact entry in YAML's flow style.
    static func entry(_ name: String, _ url: String, _ more: String = "") -> String {
        "{name: \(name), url: \"\(url)\"\(more.isEmpty ? "" : ", " + more)}"
    }

    /// Writes `manifest.yaml` with these artifacts.
    func declare(_ entries: String..., as file: String = "manifest.yaml", more: String = "") throws {
        try declare(entries, as: file, more: more)
    }

    func declare(_ entries: [String], as file: String = "manifest.yaml", more: String = "") throws {
        let list = entries.map { "  - \($0)\n" }.joined()
        try folder.write(file, "version: 1\n\(more)artifacts:\(entries.isEmpty ? " []" : "")\n\(list)")
    }

    /// Declares one artifact `a` for the server's path.
    func declareOne(_ path: String = "/a.bin", _ more: String = "") throws {
        try declare(PullScene.entry("a", server.url(path), more))
    }

    // MARK: Runs

    /// Runs `pull` to its end.
    func pull(
        _ options: String..., manifest: String = "manifest.yaml", environment: [String: String] = [:],
        limit: Duration = .seconds(60)
    ) throws -> Binary.Output {
        try Binary.run(
            ["pull", folder[manifest]] + options, environment: environment, home: home, workingFolder: folder.path,
            limit: limit)
    }

    func startPull(_ options: String..., manifest: String = "manifest.yaml") throws -> ChildProcess {
        try Binary.start(["pull", folder[manifest]] + options, home: home, workingFolder: folder.path)
    }

    /// Pulls, which must succeed.
    @discardableResult
    func pullWell(
        _ options: String..., manifest: String = "manifest.yaml", location: Testing.SourceLocation = #_sourceLocation
    ) throws -> Binary.Output {
        let output = try Binary.run(["pull", folder[manifest]] + options, home: home, workingFolder: folder.path)
        #expect(output.exitCode == 0, "stderr: \(output.stderr)", sourceLocation: location)
        return output
    }

    /// Forgets the lock and the workspace, as another user of the same cache would not have them.
    func forgetWorkspace() throws {
        try FileSystem.removeAll(workspace)
        if FileSystem.exists(folder["manifest.lock"]) { try FileSystem.remove(folder["manifest.lock"]) }
    }

    // MARK: What is there

    /// The content of a file in the workspace; nil where none is.
    func placed(_ path: String = "artifacts/a/a.bin") -> [UInt8]? { try? folder.read("workspace/" + path) }

    /// Every file and symlink below a folder with its content or target, without our own `.clearml-sync`.
    static func tree(_ root: String) throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        func walk(_ path: String) throws {
            for item in try FileSystem.list(root + path) where item.name != ".clearml-sync" {
                let child = path + "/" + item.name
                switch try FileSystem.status(root + child)?.kind {
                case .folder: try walk(child)
                case .symlink:
                    found[String(child.dropFirst())] = try Array("-> \(FileSystem.symlinkTarget(root + child))".utf8)
                default: found[String(child.dropFirst())] = try File(root + child).readAll()
                }
            }
        }
        if FileSystem.exists(root) { try walk("") }
        return found
    }

    func tree() throws -> [String: [UInt8]] { try PullScene.tree(workspace) }
}

/// `<algorithm>:<hex>` of bytes, as manifests write it.
func checksum(_ bytes: [UInt8], _ function: HashFunction = .sha256) -> String {
    var hasher = ContentHasher(function)
    bytes.withUnsafeBytes { hasher.update($0) }
    return "\(function.rawValue):\(Hex.encode(hasher.finish()))"
}

/// A failed run: the exit code, and one clear message of subject, cause and advice on stderr.
/// - Parameters:
///   - saying: parts of the message.
///   - advises: whether there is something that a user can do.
func expectFailure(
    _ output: Binary.Output, _ exitCode: Int32, about subject: String = "artifacts/a", saying parts: String...,
    advises: Bool = true, location: Testing.SourceLocation = #_sourceLocation
) {
    let comment = Comment(rawValue: "stderr: \(output.stderr)")
    #expect(output.exitCode == exitCode, comment, sourceLocation: location)
    let lines = output.stderr.split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("error: \(subject)") } == 1, comment, sourceLocation: location)
    for part in parts { #expect(output.stderr.contains(part), comment, sourceLocation: location) }
    if advises { #expect(lines.contains { $0.hasPrefix("  help: ") }, comment, sourceLocation: location) }
    #expect(!output.stderr.contains("Fatal error"), comment, sourceLocation: location)
}
