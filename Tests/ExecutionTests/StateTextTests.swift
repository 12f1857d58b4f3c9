@testable import Execution
import Planning
import Testing

@Suite struct StateTextTests {
    static let digest = Digest(hex: String(repeating: "ab", count: 32))!
    static let id = Entry.ID(kind: .dataset, name: "d")

    private func placed(_ path: String, _ files: [Placed.File] = []) -> Placed {
        Placed(path: path, mode: .hardlink, isFolder: true, executable: false, objects: [], files: files)
    }

    private func file(_ path: String) -> Placed.File {
        Placed.File(
            path: path,
            kind: .file(size: 5, seconds: -1, nanoseconds: 999_999_999, inode: .max, digest: Self.digest, executable: true))
    }

    private func read(_ lines: String) -> [Entry.ID: Placed]? {
        StateText(parsing: Array("\(StateText.header)\nmanifest\t/m.yaml\n\(lines)".utf8))?.entries
    }

    @Test("A state comes back as it was written")
    func roundTrip() throws {
        let placed = Placed(
            path: "data/t", mode: .copy, isFolder: true, executable: true,
            objects: [
                Placed.Object(path: "", digest: nil, tree: Self.digest),
                Placed.Object(path: "x", digest: Self.digest, tree: nil),
            ],
            files: [file("a"), Placed.File(path: "l", kind: .symlink(target: "../b\tc")), Placed.File(path: "e", kind: .folder)])
        let other = Entry.ID(kind: .model, name: "m")
        let state = StateText(manifest: "/a\tb\n/m.yaml", entries: [Self.id: placed, other: self.placed("models/m")])
        let parsed = try #require(StateText(parsing: state.encoded))
        #expect(parsed.entries == state.entries)
        #expect(parsed.manifest == state.manifest)
    }

    @Test(
        "Names that look like the format's own characters come back",
        arguments: ["a\nb", "a\r\nb", "Icon\r", "a\tb", "a\\nb", "\\", "\u{301}x", "e\u{301}", "\u{E9}", "日本", " "])
    func oddNames(name: String) throws {
        let state = StateText(
            manifest: "/m", entries: [Self.id: placed("data/" + name, [file(name), file("next")])])
        let parsed = try #require(StateText(parsing: state.encoded)?.entries[Self.id])
        #expect(parsed.files.map { Array($0.path.utf8) } == [Array(name.utf8), Array("next".utf8)])
        #expect(Array(parsed.path.utf8) == Array("data/\(name)".utf8))
    }

    @Test("A text of another kind or format is no state", arguments: ["", "clearml-sync-state 2\nmanifest\t/m\n", "clearml-sync-state 1\n", "x"])
    func otherKind(text: String) {
        #expect(StateText(parsing: Array(text.utf8)) == nil)
    }

    @Test("Reading ends before a line that was torn off")
    func torn() throws {
        let whole = StateText(manifest: "/m", entries: [Self.id: placed("data/t", [file("long/name"), file("other/name")])])
        let parsed = try #require(StateText(parsing: Array(whole.encoded.dropLast(4)))?.entries[Self.id])
        #expect(parsed.files.map(\.path) == ["long/name"])
    }

    @Test(
        "A state that names something outside of the workspace, or its own folder, is not believed",
        arguments: ["..", "../x", "a/../../x", "/etc/passwd", "", ".", "a//b", ".clearml-sync", ".clearml-sync/x"])
    func outsideEntry(path: String) {
        #expect(read("entry\tdatasets/d\tcopy\tfile\t-\t\(path)\nfolder\tx\n") == [:])
    }

    @Test(
        "The same of a file, a symlink, a folder and an object of an entry",
        arguments: [
            "file\t1\t1\t1\t1\t\(digest.hex)\t-\t../x", "symlink\tt\t/etc/resolv.conf", "folder\ta/../../b",
            "object\t-\t-\t..",
        ])
    func outsideFiles(line: String) throws {
        let entries = try #require(read("entry\tdatasets/d\tcopy\tfolder\t-\td\nfolder\tgood\n\(line)\nfolder\tafter\n"))
        #expect(entries[Self.id]?.files.map(\.path) == ["good"])
        #expect(entries[Self.id]?.objects == [])
    }

    @Test(
        "A line that cannot be read ends the reading",
        arguments: [
            "file\tx\t1\t1\t1\t\(digest.hex)\t-\tp", "file\t1\t1\t1\t-1\t\(digest.hex)\t-\tp", "file\t1\t1\t1\t1\tzz\t-\tp",
            "file\t1", "moon\tp", "", "entry\tdatasets/e\tteleport\tfile\t-\te", "entry\tthings/e\tcopy\tfile\t-\te",
            "entry\tdatasets/e", "symlink\tp",
        ])
    func malformed(line: String) throws {
        let entries = try #require(read("entry\tdatasets/d\tcopy\tfolder\t-\td\nfolder\tgood\n\(line)\nfolder\tafter\n"))
        #expect(entries.keys.map(\.description) == ["datasets/d"])
        #expect(entries[Self.id]?.files.map(\.path) == ["good"])
    }
}
