import Caching
@testable import Execution
import Glibc
import Planning
import Platform
import TestSupport
import Testing

@Suite struct ObservationTests {
    let fixture: WorkspaceFixture
    let workspace: Workspace

    init() throws {
        fixture = try WorkspaceFixture()
        workspace = try fixture.open()
    }

    private func place(_ content: Placement.Content) throws -> Placed {
        try fixture.placement(workspace).place(content, id: WorkspaceFixture.id, previous: nil, force: false)
    }

    @Test("Nothing there; something there that nobody of us put there")
    func neverPlaced() throws {
        #expect(try fixture.observe(workspace, placed: nil, path: "data/a") == .absent)
        try fixture.write("data/a", "mine")
        #expect(try fixture.observe(workspace, placed: nil, path: "data/a") == .foreign)
        #expect(try fixture.observe(workspace, placed: nil, path: "data") == .foreign)
    }

    @Test("As placed is clean, in every mode", arguments: [Entry.LinkMode.auto, .copy, .hardlink, .symlink])
    func clean(mode: Entry.LinkMode) throws {
        let placed = try place(fixture.file(fixture.add("x"), mode: mode))
        #expect(try fixture.observe(workspace, placed: placed, path: "data/a") == .clean)
        let tree = try place(fixture.unpacked(fixture.tree(["f": "1", "sub/l": "->../f", "e": "/"]), mode: mode))
        #expect(try fixture.observe(workspace, placed: tree, path: "data/t") == .clean)
    }

    @Test("A file that a user changed, replaced or touched is drift", arguments: ["content", "inode", "mtime", "folder"])
    func drift(kind: String) throws {
        let placed = try place(fixture.file(fixture.add("xyz")))
        let path = fixture.root + "/data/a"
        switch kind {
        case "content": try fixture.write("data/a", "longer text")
        case "inode": try AtomicFile.write(Array("xyz".utf8), to: path)
        case "mtime": try File(path).setModificationTime(FileTime(seconds: 1, nanoseconds: 0))
        default:
            try FileSystem.remove(path)
            try fixture.write("data/a/mine", "x")
        }
        #expect(try fixture.observe(workspace, placed: placed, path: "data/a") == .changed(missing: [], drifted: ["data/a"]))
    }

    @Test("A hard link to a blob that was proven again is no drift")
    func resealed() throws {
        let digest = try fixture.add("x")
        let placed = try place(fixture.file(digest, mode: .hardlink))
        try File(fixture.cache.layout.blob(digest)).setModificationTime(FileTime(seconds: 1, nanoseconds: 0))
        #expect(try fixture.cache.blobs.verified(digest) != nil)
        #expect(try fixture.observe(workspace, placed: placed, path: "data/a") == .clean)
    }

    @Test("What is gone of a folder, and what changed in it, is told by path")
    func parts() throws {
        let placed = try place(fixture.unpacked(fixture.tree(["a": "1", "b": "2", "l": "->a", "sub/c": "3"])))
        try FileSystem.remove(fixture.root + "/data/t/a")
        #expect(
            try fixture.observe(workspace, placed: placed, path: "data/t") == .changed(missing: ["data/t/a"], drifted: []))
        try FileSystem.remove(fixture.root + "/data/t/l")
        try FileSystem.symlink(to: "elsewhere", at: fixture.root + "/data/t/l")
        #expect(
            try fixture.observe(workspace, placed: placed, path: "data/t")
                == .changed(missing: ["data/t/a"], drifted: ["data/t/l"]))
        try FileSystem.removeAll(fixture.root + "/data/t")
        #expect(try fixture.observe(workspace, placed: placed, path: "data/t") == .absent)
    }

    @Test("A user's file where our folder was is the user's", arguments: [["a": "1"], [:]])
    func fileForFolder(files: [String: String]) throws {
        let placed = try place(fixture.unpacked(fixture.tree(files)))
        try FileSystem.removeAll(fixture.root + "/data/t")
        #expect(try fixture.observe(workspace, placed: placed, path: "data/t") == .absent)
        try fixture.write("data/t", "mine")
        guard case .changed(_, let drifted) = try fixture.observe(workspace, placed: placed, path: "data/t") else {
            Issue.record("it would be replaced")
            return
        }
        #expect(drifted == ["data/t"])
    }

    @Test("What other manifests placed is theirs: the path itself, what is in it, what is around it")
    func others() throws {
        let others = ["data/x": "bert"]
        for path in ["data/x", "data/x/y", "data"] {
            #expect(try fixture.observe(workspace, placed: nil, path: path, others: others) == .otherManifest("bert"))
        }
        for path in ["data/xy", "dat", "data/y"] {
            #expect(try fixture.observe(workspace, placed: nil, path: path, others: others) == .absent)
        }
    }

    @Test("What a killed run was about to place is ours if it is just that", arguments: ["file", "tree", "direct", "members"])
    func intended(kind: String) throws {
        let content: Placement.Content
        switch kind {
        case "file": content = try fixture.file(fixture.add("x"), at: "data/p")
        case "tree": content = try fixture.unpacked(fixture.tree(["a": "1", "l": "->a"]), at: "data/p")
        case "direct":
            content = Placement.Content(
                path: "data/p", mode: .auto, executable: false, isFolder: true, objects: [], directFolder: fixture.folder.path)
        default:
            content = Placement.Content(
                path: "data/p", mode: .auto, executable: false, isFolder: true,
                objects: [Placed.Object(path: "m", digest: nil, tree: nil)], direct: ["m": fixture.folder["m.yaml"]])
        }
        _ = try place(content)
        // Killed here: no state says so, the journal alone does.
        let intended = try #require(try workspace.load().intended[WorkspaceFixture.id])
        #expect(
            try fixture.observe(workspace, placed: nil, intended: intended, path: "data/p")
                == .changed(missing: ["data/p"], drifted: []))
        let before = try fixture.contents()
        let placed = try place(content)
        #expect(try fixture.contents() == before, "placing it again is no conflict with itself")
        #expect(try fixture.observe(workspace, placed: placed, path: "data/p") == .clean)

        try FileSystem.removeAll(fixture.root + "/data/p")
        if kind == "file" || kind == "direct" {
            try fixture.write("data/p", "mine")
        } else {
            try fixture.write("data/p/" + (kind == "tree" ? "a" : "m"), "mine")
        }
        #expect(try fixture.observe(workspace, placed: nil, intended: intended, path: "data/p") == .foreign)
    }
}
