import Glibc
import Planning
import Platform
import TestSupport
import Testing

@testable import Execution

@Suite struct SettledTests {
    private let folder: TemporaryFolder
    private let terms: SettledTerms
    private var root: String { folder["w"] }

    /// A workspace of one file, one symlink and one folder of many files, two sources, and a snapshot of it.
    init() throws {
        folder = try TemporaryFolder()
        terms = SettledTerms(manifest: folder["m.yaml"], settings: "settings", folder: folder["cache"])
        try folder.write("m.yaml", "version: 1")
        try folder.write("w/.clearml-sync/m.state", "state")
        try folder.write("w/one/file", "1")
        try FileSystem.symlink(to: "file", at: folder["w/one/link"])
        try folder.write("sources/plain", "1")
        try folder.write("sources/real", "2")
        try FileSystem.symlink(to: "real", at: folder["sources/link"])
        for number in 0..<9000 { try folder.write("w/many/\(number % 3)/\(number)", "\(number)") }
        try write()
    }

    private func placed(_ path: String, isFolder: Bool, _ files: [Placed.File]) -> Placed {
        Placed(path: path, mode: .copy, isFolder: isFolder, executable: false, objects: [], files: files)
    }

    private func file(_ path: String, below entry: String) throws -> Placed.File {
        let status = try #require(try FileSystem.status("\(root)/\(entry)\(path.isEmpty ? "" : "/")\(path)"))
        return Placed.File(
            path: path,
            kind: .file(
                size: status.size, seconds: status.modified.seconds, nanoseconds: status.modified.nanoseconds,
                inode: status.inode, digest: LockFile.hash([]), executable: false))
    }

    private func write() throws {
        let many = try (0..<9000).map { try file("\($0 % 3)/\($0)", below: "many") }
        var names = SettledNames()
        for path in ["w/.clearml-sync/m.state", "sources/plain", "sources/link"] {
            names.add(folder[path], try #require(.source(at: folder[path])))
        }
        names.add(placed("one/file", isFolder: false, [try file("", below: "one/file")]), below: root)
        let link = Placed.File(path: "", kind: .symlink(target: "file"))
        names.add(placed("one/link", isFolder: false, [link]), below: root)
        names.add(placed("many", isFolder: true, many), below: root)
        let inputs: [SettledInput?] = [
            .read(folder["m.yaml"]), .names(folder["w/.clearml-sync"]),
            .variable(name: "X", digest: LockFile.hash(Array("x".utf8))),
        ]
        try Settled.write(inputs.map { try #require($0) }, names, entries: 3, terms)
    }

    private func entries(_ environment: [String: String] = ["X": "x"]) -> Int? {
        Settled.entries(terms, environment: environment)
    }

    @Test("Nothing has changed: all entries are in place")
    func unchanged() {
        #expect(entries() == 3)
    }

    @Test("Another question has another answer")
    func otherTerms() {
        var other = terms
        other.settings += "x"
        #expect(Settled.entries(other, environment: ["X": "x"]) == nil)
    }

    @Test("Whatever changes in what was read, the snapshot is not believed", arguments: 0..<11)
    func inputs(change: Int) throws {
        switch change {
        case 0: try folder.write("m.yaml", "version: 2")
        case 1: unlink(folder["m.yaml"])
        case 2: try folder.write("w/.clearml-sync/other.state", "")
        case 3: try folder.write("w/.clearml-sync/m.journal", "")
        case 4: try folder.write("w/.clearml-sync/m.state", "other state")
        case 5: try folder.write("sources/plain", "22")
        case 6: unlink(folder["sources/plain"])
        case 7: utimensat(AT_FDCWD, folder["sources/real"], nil, 0)
        case 8:
            unlink(folder["sources/link"])
            try FileSystem.symlink(to: "plain", at: folder["sources/link"])
        case 9:
            #expect(entries(["X": "y"]) == nil)
            return
        default:
            #expect(entries([:]) == nil)
            return
        }
        #expect(entries() == nil)
    }

    @Test("Whatever changes in the workspace, the snapshot is not believed", arguments: 0..<10)
    func workspace(change: Int) throws {
        switch change {
        case 0: unlink(folder["w/one/file"])
        case 1: try folder.write("w/one/file", "22")
        case 2: utimensat(AT_FDCWD, folder["w/many/2/8999"], nil, 0)
        case 3:
            // The same size and time, another inode.
            let old = try #require(try FileSystem.status(folder["w/many/0/0"]))
            try folder.write("w/new", "0")
            let time = timespec(tv_sec: old.modified.seconds, tv_nsec: old.modified.nanoseconds)
            utimensat(AT_FDCWD, folder["w/new"], [time, time], 0)
            rename(folder["w/new"], folder["w/many/0/0"])
        case 4:
            unlink(folder["w/one/link"])
            try FileSystem.symlink(to: "elsewhere", at: folder["w/one/link"])
        case 5:
            unlink(folder["w/one/link"])
            try FileSystem.symlink(to: "fil", at: folder["w/one/link"])
        case 6:
            unlink(folder["w/one/link"])
            try folder.write("w/one/link", "file")
        case 7: rename(folder["w/many/1"], folder["w/many/x"])
        case 8:
            // The same files, seen through a symlink.
            rename(folder["w/many"], folder["w/elsewhere"])
            try FileSystem.symlink(to: "elsewhere", at: folder["w/many"])
        default: unlink(folder["w/many/2/4001"])
        }
        #expect(entries() == nil)
    }

    @Test("A damaged snapshot is as good as none", arguments: [0, 30, 60, 500, 100_000])
    func damaged(offset: Int) throws {
        let path = terms.path
        var bytes = try File(path).readAll()
        bytes[offset] ^= 1
        try AtomicFile.write(bytes, to: path)
        #expect(entries() == nil)
        try AtomicFile.write(Array(bytes[..<offset]), to: path)
        #expect(entries() == nil)
    }
}
