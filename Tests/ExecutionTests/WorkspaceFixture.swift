import Caching
import Glibc
import Planning
import Platform
import TestSupport

@testable import Execution

/// A cache and a workspace of a test's own, on one file system.
struct WorkspaceFixture {
    static let id = Entry.ID(kind: .dataset, name: "d")

    let folder: TemporaryFolder
    let cache: Cache
    let root: String

    init() throws {
        folder = try TemporaryFolder()
        cache = try Cache(root: folder["cache"])
        root = folder["work"]
        try folder.write("m.yaml", "version: 1\n")
    }

    /// One process that may change the workspace.
    func open(section: String = "m", manifest: String? = nil, seconds: Double? = 0) throws -> Workspace {
        try Workspace(root: root, section: section, manifest: manifest ?? folder["m.yaml"], lockingFor: seconds)
    }

    func placement(_ workspace: Workspace) -> Placement {
        Placement(workspace: workspace, cache: cache, linker: Linker(blobs: cache.blobs))
    }

    func add(_ text: String, executable: Bool = false) throws -> Digest {
        var writer = try cache.blobs.newBlob(executable: executable)
        var text = text
        let bytes = text.withUTF8 { Array($0) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        try writer.write(UnsafeRawBufferPointer(buffer))
        return try writer.commit().digest
    }

    /// A tree of files, by path; a text that begins with `->` is a symlink's target, `/` an empty folder.
    func tree(_ files: [String: String]) throws -> Digest {
        let items = try files.map { path, text -> TreeListing.Item in
            if text == "/" { return .init(path: path, kind: .folder) }
            if text.hasPrefix("->") { return .init(path: path, kind: .symlink(target: String(text.dropFirst(2)))) }
            return .init(
                path: path, kind: .file(digest: try add(text), size: Int64(text.utf8.count), executable: false))
        }
        return try cache.trees.store(TreeListing(items))
    }

    func file(_ digest: Digest, at path: String = "data/a", mode: Entry.LinkMode = .copy) -> Placement.Content {
        Placement.Content(
            path: path, mode: mode, executable: false, isFolder: false,
            objects: [Placed.Object(path: "", digest: digest, tree: nil)])
    }

    func unpacked(_ tree: Digest, at path: String = "data/t", mode: Entry.LinkMode = .copy) -> Placement.Content {
        Placement.Content(
            path: path, mode: mode, executable: false, isFolder: true,
            objects: [Placed.Object(path: "", digest: nil, tree: tree)])
    }

    /// What stands in the workspace, its own state left out: files' text, `->` and a symlink's target, `/` for a folder.
    func contents(below path: String = "", prefix: String = "") throws -> [String: String] {
        var result: [String: String] = [:]
        for item in try FileSystem.list(root + path) where prefix + item.name != ".clearml-sync" {
            let (child, name) = (path + "/" + item.name, prefix + item.name)
            switch try FileSystem.status(root + child)?.kind {
            case .folder:
                let inner = try contents(below: child, prefix: name + "/")
                result.merge(inner.isEmpty ? [name: "/"] : inner) { first, _ in first }
            case .symlink: result[name] = "->" + (try FileSystem.symlinkTarget(root + child))
            default: result[name] = String(decoding: try File(root + child).readAll(), as: UTF8.self)
            }
        }
        return result
    }

    func write(_ path: String, _ text: String) throws { try folder.write("work/" + path, text) }

    func observe(
        _ workspace: Workspace, placed: Placed?, intended: Placed? = nil, path: String, others: [String: String] = [:]
    ) throws -> Observed {
        try workspace.observe(
            placed: placed, intended: intended, path: path,
            others: Dictionary(uniqueKeysWithValues: others.map { (ExactText($0), $1) }), cache: cache)
    }
}
