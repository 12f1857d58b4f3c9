import Caching
import Planning
import Platform
import TestSupport
import Testing

@testable import Execution

@Suite struct FolderBuilderTests {
    let fixture: WorkspaceFixture

    init() throws {
        fixture = try WorkspaceFixture()
        try FileSystem.createFolder(fixture.root)
    }

    private func build(_ items: [TreeListing.Item]) throws -> [Placed.File] {
        var builder = try FolderBuilder(
            root: fixture.root, linker: Linker(blobs: fixture.cache.blobs), mode: .hardlink)
        try builder.add(TreeListing(items), below: "t")
        #expect(builder.usedMode == .hardlink)
        return builder.files
    }

    @Test("What several threads build is in the tree's order, and all of it is there")
    func large() throws {
        let digest = try fixture.add("x")
        var items = (0..<5000).map { number in
            TreeListing.Item(
                path: "d\(number % 7)/f\(10_000 + number)", kind: .file(digest: digest, size: 1, executable: false))
        }
        items.append(.init(path: "link", kind: .symlink(target: "d0")))
        items.append(.init(path: "void", kind: .folder))
        let files = try build(items)
        #expect(files.map(\.path) == items.map { "t/" + $0.path }.sorted())
        for file in files {
            let status = try #require(try FileSystem.status(fixture.root + "/" + file.path))
            if case .file(_, _, _, let inode, let found, _) = file.kind {
                #expect(found == digest && status.inode == inode)
            }
        }
    }

    @Test("Two spellings of one letter are two folders, one after the other")
    func spellings() throws {
        let digest = try fixture.add("x")
        let paths = ["e\u{301}/a", "\u{E9}/b"]
        let files = try build(
            paths.map { .init(path: $0, kind: .file(digest: digest, size: 1, executable: false)) })
        #expect(files.count == 2)
        for path in paths { #expect(try FileSystem.status(fixture.root + "/t/" + path) != nil) }
    }
}
