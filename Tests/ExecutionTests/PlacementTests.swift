import Caching
import Glibc
import Planning
import Platform
import TestSupport
import Testing

@testable import Execution

@Suite struct PlacementTests {
    let fixture: WorkspaceFixture
    let workspace: Workspace
    let placement: Placement

    init() throws {
        fixture = try WorkspaceFixture()
        workspace = try fixture.open()
        placement = fixture.placement(workspace)
    }

    private func place(_ content: Placement.Content, previous: Placed? = nil, force: Bool = false) throws -> Placed {
        try placement.place(content, id: WorkspaceFixture.id, previous: previous, force: force)
    }

    private func expectForeign(_ body: () throws -> Void) {
        do {
            try body()
            Issue.record("a user's file was replaced")
        } catch let failure as Failure {
            #expect(failure.message.contains("did not put there"))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test(
        "A file takes the place of what this manifest placed before",
        arguments: [Entry.LinkMode.copy, .hardlink, .symlink])
    func replaceFile(mode: Entry.LinkMode) throws {
        let first = try place(fixture.file(fixture.add("1"), mode: mode))
        let second = try place(fixture.file(fixture.add("2"), mode: mode), previous: first)
        #expect(second.mode == mode)
        #expect(try File(fixture.root + "/data/a").readAll() == Array("2".utf8))
        #expect(try FileSystem.list(fixture.root + "/data").count == 1, "no temporary name is left")
        let again = try place(fixture.file(fixture.add("2"), mode: mode), previous: second)
        #expect(again.files.count == 1)
        #expect(try FileSystem.list(fixture.root + "/data").count == 1)
    }

    @Test("A file that a user made is kept, unless it has the right bytes")
    func usersFile() throws {
        try fixture.write("data/a", "mine")
        let content = try fixture.file(fixture.add("wanted"))
        expectForeign { _ = try place(content) }
        #expect(try fixture.contents() == ["data/a": "mine"])
        try fixture.write("data/a", "wanted")
        #expect(try place(content).files.count == 1)
    }

    @Test("A file that a user edits while the download runs is kept, unless forced")
    func editedMeanwhile() throws {
        let first = try place(fixture.file(fixture.add("1")))
        try fixture.write("data/a", "edited after the plan was made")
        let content = try fixture.file(fixture.add("2"))
        expectForeign { _ = try place(content, previous: first) }
        #expect(try fixture.contents() == ["data/a": "edited after the plan was made"])
        _ = try place(content, previous: first, force: true)
        #expect(try fixture.contents() == ["data/a": "2"])
    }

    @Test("A user's file where our folder was is kept, whether a folder or a file is wanted there now")
    func fileForFolder() throws {
        let first = try place(fixture.unpacked(fixture.tree(["a": "1"]), at: "data/p"))
        try FileSystem.removeAll(fixture.root + "/data/p")
        try fixture.write("data/p", "mine")
        let (folder, file) = (
            try fixture.unpacked(fixture.tree(["b": "2"]), at: "data/p"),
            try fixture.file(fixture.add("3"), at: "data/p")
        )
        expectForeign { _ = try place(folder, previous: first) }
        expectForeign { _ = try place(file, previous: first) }
        #expect(try fixture.contents() == ["data/p": "mine"])
    }

    @Test("A folder is swapped in whole; what a user put into the old one is in the new one")
    func folderKeepsUsersFiles() throws {
        let first = try place(fixture.unpacked(fixture.tree(["old": "1", "same": "2", "sub/gone": "3"])))
        try fixture.write("data/t/mine.txt", "mine")
        try fixture.write("data/t/sub/mine.txt", "mine too")
        try FileSystem.createFolder(fixture.root + "/data/t/my folder")
        try FileSystem.symlink(to: "mine.txt", at: fixture.root + "/data/t/my link")
        let inode = try FileSystem.status(fixture.root + "/data/t/mine.txt")?.inode
        _ = try place(fixture.unpacked(fixture.tree(["new": "4", "same": "2"])), previous: first)
        #expect(
            try fixture.contents() == [
                "data/t/new": "4", "data/t/same": "2", "data/t/mine.txt": "mine", "data/t/sub/mine.txt": "mine too",
                "data/t/my folder": "/", "data/t/my link": "->mine.txt",
            ])
        #expect(try FileSystem.status(fixture.root + "/data/t/mine.txt")?.inode == inode, "it is the same file")
        #expect(try FileSystem.list(fixture.root + "/.clearml-sync/build").isEmpty)
    }

    @Test("A changed file of ours is carried over as a user's, and replaced by force")
    func changedFiles() throws {
        let first = try place(fixture.unpacked(fixture.tree(["a": "1", "b": "1"])))
        try fixture.write("data/t/a", "changed")
        let content = try fixture.unpacked(fixture.tree(["b": "2"]))
        _ = try place(content, previous: first)
        #expect(try fixture.contents() == ["data/t/a": "changed", "data/t/b": "2"])
        let both = try fixture.unpacked(fixture.tree(["a": "3"]))
        expectForeign { _ = try place(both, previous: first) }
        _ = try place(both, previous: first, force: true)
        #expect(try fixture.contents()["data/t/a"] == "3")
    }

    @Test("Two spellings of one accented letter are two files: a user's is not ours")
    func normalization() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        let first = try place(fixture.unpacked(fixture.tree([composed: "1"])))
        try fixture.write("data/t/" + decomposed, "mine")
        _ = try place(fixture.unpacked(fixture.tree(["other": "2"])), previous: first)
        let names = try FileSystem.list(fixture.root + "/data/t").map { Array($0.name.utf8) }
        #expect(Set(names) == [Array("other".utf8), Array(decomposed.utf8)])
    }

    @Test("A folder makes room for a file, and a file for a folder")
    func shapes() throws {
        let folder = try place(fixture.unpacked(fixture.tree(["sub/a": "1"]), at: "data/p"))
        let file = try place(fixture.file(fixture.add("2"), at: "data/p"), previous: folder)
        #expect(try fixture.contents() == ["data/p": "2"])
        _ = try place(fixture.unpacked(fixture.tree(["b": "3"]), at: "data/p"), previous: file)
        #expect(try fixture.contents() == ["data/p/b": "3"])
        let again = try fixture.file(fixture.add("2"), at: "data/p")
        try fixture.write("data/p/mine", "mine")
        expectForeign {
            _ = try place(
                again,
                previous: Placed(
                    path: "data/p", mode: .copy, isFolder: true, executable: false, objects: [], files: []))
        }
        #expect(try fixture.contents()["data/p/mine"] == "mine")
    }

    @Test("Removing takes what was placed, the folders that become empty, and nothing else")
    func removal() throws {
        let placed = try place(fixture.unpacked(fixture.tree(["a": "1", "sub/deep/b": "2", "l": "->a", "e": "/"])))
        try fixture.write("data/t/sub/mine", "mine")
        try fixture.write("data/t/a", "changed")
        #expect(try placement.remove(placed, force: false) == ["data/t/a"])
        #expect(try fixture.contents() == ["data/t/sub/mine": "mine", "data/t/a": "changed"])
        #expect(try placement.remove(placed, force: true) == [])
        #expect(try fixture.contents() == ["data/t/sub/mine": "mine"])
        try FileSystem.remove(fixture.root + "/data/t/sub/mine")
        #expect(try placement.remove(placed, force: false) == [])
        #expect(try fixture.contents() == [:])
    }

    @Test(
        "Removing steps over a file or a symlink that a user put in the place of a folder",
        arguments: ["file", "symlink"])
    func removalOfReplaced(kind: String) throws {
        let placed = try place(fixture.unpacked(fixture.tree(["sub/b": "2"])))
        try FileSystem.rename(fixture.root + "/data", to: fixture.folder["moved"])
        if kind == "symlink" {
            try FileSystem.symlink(to: fixture.folder["moved"], at: fixture.root + "/data")
        } else {
            try fixture.write("data", "mine")
        }
        #expect(try placement.remove(placed, force: false) == [])
        #expect(try fixture.contents() == ["data": kind == "file" ? "mine" : "->" + fixture.folder["moved"]])
    }

    @Test("A direct folder is one symlink, and is removed as that")
    func direct() throws {
        try fixture.folder.write("nfs/x", "theirs")
        let content = Placement.Content(
            path: "data/nfs", mode: .auto, executable: false, isFolder: true, objects: [],
            directFolder: fixture.folder["nfs"])
        let placed = try place(content)
        #expect(placed.mode == .symlink)
        #expect(try fixture.contents() == ["data/nfs": "->" + fixture.folder["nfs"]])
        #expect(try placement.remove(placed, force: true) == [])
        #expect(try fixture.folder.text("nfs/x") == "theirs")
    }

    @Test("Content that vanished from the cache is one sentence, and the old folder stays")
    func vanished() throws {
        let first = try place(fixture.unpacked(fixture.tree(["a": "1"])))
        let tree = try fixture.tree(["b": "2"])
        try FileSystem.remove(fixture.cache.layout.blob(try fixture.add("2")))
        #expect(throws: Failure.self) { try place(fixture.unpacked(tree), previous: first) }
        #expect(try fixture.contents() == ["data/t/a": "1"])
        #expect(try FileSystem.list(fixture.root + "/.clearml-sync/build").isEmpty)
    }

    @Test("Where two names cannot be exchanged the old folder is put aside for a moment")
    func swapByRenaming() throws {
        try fixture.write("data/t/old", "1")
        let new = try workspace.newBuildFolder()
        try AtomicFile.write(Array("2".utf8), to: new + "/new")
        try workspace.swapByRenaming(new, with: "data/t")
        #expect(try fixture.contents() == ["data/t/new": "2"])
        #expect(try FileSystem.list(fixture.root + "/.clearml-sync/build").isEmpty)
    }
}

@Suite struct WorkspaceTests {
    @Test("One process at a time changes a workspace; one that only looks need not wait")
    func lock() throws {
        let fixture = try WorkspaceFixture()
        let first = try fixture.open()
        do {
            _ = try fixture.open()
            Issue.record("two processes change one workspace")
        } catch let failure as Failure {
            #expect(failure.kind == .lockTimeout)
        }
        #expect(try fixture.open(seconds: nil).load().placed.isEmpty)
        #expect(first.section == "m")
    }

    @Test("A run that was killed while a folder was put aside gives it back, with the user's files")
    func killedSwap() throws {
        let fixture = try WorkspaceFixture()
        try fixture.write(".clearml-sync/build/folder.1.1.tmp/new", "2")
        try fixture.write(".clearml-sync/build/folder.1.1.tmp.old/mine", "mine")
        try fixture.write(".clearml-sync/build/folder.1.1.tmp.old.path", "data/t")
        try fixture.write("data/other", "x")
        _ = try fixture.open()
        #expect(try fixture.contents() == ["data/t/mine": "mine", "data/other": "x"])
        #expect(!FileSystem.exists(fixture.root + "/.clearml-sync/build"))
    }

    @Test("What was put aside never lands outside of the workspace", arguments: ["../escaped", "/tmp/escaped", ""])
    func hostileSwap(path: String) throws {
        let fixture = try WorkspaceFixture()
        try fixture.write(".clearml-sync/build/x.old/mine", "mine")
        try fixture.write(".clearml-sync/build/x.old.path", path)
        _ = try fixture.open()
        #expect(!FileSystem.exists(fixture.folder["escaped"]))
        #expect(try fixture.contents() == [:])
    }

    @Test("The state is what the next run knows, and ends the journal")
    func state() throws {
        let fixture = try WorkspaceFixture()
        let placed = Placed(path: "data/a", mode: .copy, isFolder: false, executable: false, objects: [], files: [])
        do {
            let workspace = try fixture.open()
            try workspace.intend(placed, id: WorkspaceFixture.id)
            #expect(try workspace.load().intended == [WorkspaceFixture.id: placed])
            try workspace.save([WorkspaceFixture.id: placed])
        }
        let state = try fixture.open().load()
        #expect(state.placed == [WorkspaceFixture.id: placed])
        #expect(state.intended.isEmpty)
        #expect(try fixture.open(section: "other").pathsOfOthers() == ["data/a": "m"])
        #expect(try fixture.open().pathsOfOthers().isEmpty)
    }

    @Test("Half a line that a killed run left does not swallow what the next run intends")
    func tornJournal() throws {
        let fixture = try WorkspaceFixture()
        let placed = Placed(path: "data/a", mode: .copy, isFolder: false, executable: false, objects: [], files: [])
        try fixture.write(".clearml-sync/m.journal", "entry\tartifacts/gone\tco")
        let workspace = try fixture.open()
        try workspace.intend(placed, id: WorkspaceFixture.id)
        #expect(try workspace.load().intended == [WorkspaceFixture.id: placed])
    }

    @Test("Two manifests of one name are told apart; one that is gone has left its name")
    func sameName() throws {
        let fixture = try WorkspaceFixture()
        try fixture.folder.write("other/m.yaml", "")
        try fixture.open().save([:])
        let other = fixture.folder["other/m.yaml"]
        #expect(throws: Failure.self) { try fixture.open(manifest: other).load() }
        try FileSystem.remove(fixture.folder["m.yaml"])
        #expect(try fixture.open(manifest: other).load().placed.isEmpty)
    }

    @Test(
        "A damaged state makes everything a stranger's, and is no end",
        arguments: ["", "\u{0}\u{0}", "clearml-sync-state 9\n"])
    func damaged(text: String) throws {
        let fixture = try WorkspaceFixture()
        try fixture.write(".clearml-sync/m.state", text)
        try fixture.write(".clearml-sync/m.journal", text)
        let state = try fixture.open().load()
        #expect(state.placed.isEmpty)
        #expect(state.intended.isEmpty)
    }
}
