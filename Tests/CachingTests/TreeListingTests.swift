import Caching
import Planning
import Testing

@Suite struct TreeListingTests {
    static let abc = Digest(hex: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")!
    static let empty = Digest(hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")!

    static let items: [TreeListing.Item] = [
        .init(path: "sub/b", kind: .file(digest: abc, size: 3, executable: false)),
        .init(path: "sub-a", kind: .file(digest: abc, size: 3, executable: true)),
        .init(path: "new\nline \\ tab\t \u{1}\u{7F}", kind: .file(digest: empty, size: 0, executable: false)),
        .init(path: "link", kind: .symlink(target: "sub/b\tc")),
        .init(path: "größe", kind: .folder),
        .init(path: "Z", kind: .folder),
    ]
    static let text = """
        d\tZ
        d\tgröße
        l\tsub/b\\tc\tlink
        f\te3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\t0\tnew\\nline \\\\ tab\\t \\x01\\x7f
        x\tba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\t3\tsub-a
        f\tba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\t3\tsub/b

        """

    @Test func theTextIsCanonicalAndItsDigestNeverChanges() throws {
        let listing = try TreeListing(Self.items)
        #expect(String(decoding: listing.encoded, as: UTF8.self) == Self.text)
        #expect(listing.digest.hex == "9336509e0a10bc91bc9a227384383f3b053fd10f31453cd5c0cb2d401ea78660")
        #expect(try TreeListing(Self.items.reversed()).digest == listing.digest)
    }

    @Test func parsingGivesTheSameListing() throws {
        let listing = try TreeListing(parsing: Array(Self.text.utf8))
        #expect(listing == (try TreeListing(Self.items)))
        #expect(Set(listing.items) == Set(Self.items))
        #expect(listing.encoded == Array(Self.text.utf8))
        #expect(listing.fileCount == 3)
        #expect(listing.totalSize == 6)
    }

    @Test func anEmptyTreeIsNoText() throws {
        let listing = try TreeListing([])
        #expect(listing.encoded == [])
        #expect(listing.digest == Self.empty)
        #expect(try TreeListing(parsing: []).items.isEmpty)
    }

    @Test func namesThatDifferOnlyInUnicodeNormalizationAreTwoFiles() throws {
        let names = ["caf\u{E9}", "cafe\u{301}"]
        let listing = try TreeListing(names.map { .init(path: $0, kind: .folder) })
        #expect(
            try TreeListing(parsing: listing.encoded).items.map { Array($0.path.utf8) }
                == names.map { Array($0.utf8) }.reversed())
    }

    @Test(arguments: ["", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "../a", "a\0b"])
    func aPathThatIsNotInsideTheTreeIsRefused(path: String) {
        #expect(throws: TreeListingError.invalidPath(line: 1)) {
            try TreeListing([.init(path: path, kind: .folder)])
        }
    }

    @Test func aPathBelowAFileIsRefused() {
        for kind in [
            TreeListing.Item.Kind.folder, .symlink(target: "x"), .file(digest: Self.abc, size: 3, executable: false),
        ] {
            #expect(throws: TreeListingError.belowAFile(line: 3)) {
                try TreeListing([
                    .init(path: "a", kind: kind), .init(path: "a-b", kind: .folder),
                    .init(path: "a/b/c", kind: .folder),
                ])
            }
        }
    }

    @Test func aPathThatStandsTwiceIsRefused() {
        #expect(throws: TreeListingError.duplicatePath(line: 2)) {
            try TreeListing([.init(path: "a", kind: .folder), .init(path: "a", kind: .symlink(target: "b"))])
        }
    }

    static let hex = abc.hex

    @Test(
        arguments: [
            ("d\ta", TreeListingError.malformed(line: 1)),  // no newline
            ("\n", .malformed(line: 1)),
            ("d\ta\n\n", .malformed(line: 2)),
            ("q\ta\n", .malformed(line: 1)),
            ("d a\n", .malformed(line: 1)),
            ("d\ta\tb\n", .malformed(line: 1)),
            ("l\t\ta\n", .malformed(line: 1)),
            ("f\t\(hex)\ta\n", .malformed(line: 1)),
            ("f\t\(hex)\t-1\ta\n", .malformed(line: 1)),
            ("f\t\(hex)\t03\ta\n", .malformed(line: 1)),
            ("f\t\(hex)\t\ta\n", .malformed(line: 1)),
            ("f\t\(hex)\t99999999999999999999\ta\n", .malformed(line: 1)),
            ("f\t\(hex.uppercased())\t3\ta\n", .malformed(line: 1)),
            ("f\t\(hex.dropLast())\t3\ta\n", .malformed(line: 1)),
            ("d\ta\\q\n", .malformed(line: 1)),
            ("d\ta\\\n", .malformed(line: 1)),
            ("d\ta\\x41\n", .malformed(line: 1)),  // A needs no escape
            ("d\ta\\x7F\n", .malformed(line: 1)),  // escapes are lowercase
            ("d\ta\\x0\n", .malformed(line: 1)),
            ("d\ta\u{1}\n", .malformed(line: 1)),
            ("d\tb\nd\ta\n", .unsorted(line: 2)),
            ("d\ta\nd\ta\n", .duplicatePath(line: 2)),
            ("d\t../a\n", .invalidPath(line: 1)),
            ("d\ta\nd\ta/b\n", .belowAFile(line: 2)),
        ])
    func aTextThatNoWriterWritesIsRefused(text: String, error: TreeListingError) {
        #expect(throws: error) { try TreeListing(parsing: Array(text.utf8)) }
    }

    @Test func aTextThatIsNotUTF8IsRefused() {
        #expect(throws: TreeListingError.malformed(line: 1)) { try TreeListing(parsing: [0x64, 0x09, 0xFF, 0x0A]) }
    }
}
