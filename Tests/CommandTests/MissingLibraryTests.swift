internal import Platform
internal import TestSupport
internal import Testing

/// A library that is loaded late and cannot be: a file that is none stands before the system's own.
@Suite struct MissingLibraryTests {
    private static func breaking(_ library: String, in scene: PullScene) throws -> [String: String] {
        try scene.folder.write("libraries/" + library, "")
        return ["LD_LIBRARY_PATH": scene.folder["libraries"]]
    }

    private static func archive() throws -> [UInt8] {
        try ArchiveWriter.write([.file("one.txt", "one")], .pax)
    }

    @Test(arguments: [("libcurl.so.4", "/a.bin"), ("libarchive.so.13", "/a.tar")])
    func aMissingLibraryEndsTheRunWithASentenceAndNothingWrong(_ library: String, _ path: String) throws {
        let scene = try PullScene()
        scene.server.file(path, try Self.archive())
        try scene.declareOne(path)
        let output = try scene.pull(environment: Self.breaking(library, in: scene))
        #expect(output.exitCode == 127, "\(output.stderr)")
        let lines = output.stderr.split(separator: "\n").filter { $0.hasPrefix("error: ") }
        #expect(lines.count == 1 && lines[0].contains("a shared library is missing"), "\(output.stderr)")
        #expect(lines.first?.contains(library) == true, "\(output.stderr)")
        #expect(try scene.tree().isEmpty)

        try scene.pullWell()
        #expect(try scene.tree().count == 1)
    }

    @Test func aRunThatHasNothingToDoLoadsNeither() throws {
        let scene = try PullScene()
        scene.server.file("/a.tar", try Self.archive())
        try scene.declareOne("/a.tar")
        try scene.pullWell()
        _ = try Self.breaking("libcurl.so.4", in: scene)
        let output = try scene.pull(environment: Self.breaking("libarchive.so.13", in: scene))
        #expect(output.exitCode == 0 && output.stderr.contains("nothing to do"), "\(output.stderr)")
    }
}
