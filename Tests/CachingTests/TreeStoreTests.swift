import Planning
import Platform
import TestSupport
import Testing

@testable import Caching

@Suite struct TreeStoreTests {
    let fixture: CacheFixture
    let cache: Cache
    let listing: TreeListing

    init() throws {
        fixture = try CacheFixture()
        cache = try fixture.open()
        listing = try TreeListing([.init(path: "a", kind: .file(digest: cache.put("a"), size: 1, executable: false))])
    }

    private var archive: Digest { digest(of: "archive") }
    private func overwrite(_ path: String, _ text: String) throws { try AtomicFile.write(Array(text.utf8), to: path) }
    private var recipePath: String {
        get throws { fixture.layout.recipes + "/" + (try #require(fixture.files(below: fixture.layout.recipes).first)) }
    }

    @Test("A listing comes back as it was stored")
    func roundTrip() throws {
        #expect(try !cache.trees.contains(listing.digest))
        #expect(try cache.trees.listing(listing.digest) == nil)
        let digest = try cache.trees.store(listing)
        #expect(try cache.trees.contains(digest))
        #expect(try cache.trees.listing(digest) == listing)
    }

    @Test(
        "A damaged listing is no listing, and is replaced by the next store",
        arguments: ["", "rubbish\n", "d\tsomething else\n", "d\t../escape\n"])
    func damaged(text: String) throws {
        let digest = try cache.trees.store(listing)
        try overwrite(fixture.layout.tree(digest), text)
        #expect(try cache.trees.listing(digest) == nil)
        try FileSystem.createFolder(fixture.layout.trees + "/" + digest.hex.prefix(2))
        try overwrite(fixture.layout.tree(digest), text)
        #expect(try cache.trees.store(listing) == digest)
        #expect(try cache.trees.listing(digest) == listing)
    }

    @Test("A listing that is damaged after it was read is noticed")
    func damagedAfterReading() throws {
        let digest = try cache.trees.store(listing)
        #expect(try cache.trees.listing(digest) == listing)
        #expect(try cache.trees.listing(digest) == listing)
        try overwrite(fixture.layout.tree(digest), "d\tsomething else\n")
        #expect(try cache.trees.listing(digest) == nil)
    }

    @Test("A recipe leads to its tree, and another recipe to none")
    func recipes() throws {
        let tree = try cache.trees.store(listing)
        let strip = Recipe(stripComponents: 1)
        try cache.trees.record(tree, ofArchive: archive, recipe: strip)
        #expect(try cache.trees.tree(ofArchive: archive, recipe: strip) == tree)
        #expect(try cache.trees.tree(ofArchive: archive, recipe: Recipe()) == nil)
        #expect(try cache.trees.tree(ofArchive: digest(of: "another"), recipe: strip) == nil)
    }

    @Test("A recipe never leads to a tree that is gone")
    func goneTree() throws {
        let tree = try cache.trees.store(listing)
        try cache.trees.record(tree, ofArchive: archive, recipe: Recipe())
        try FileSystem.remove(fixture.layout.tree(tree))
        #expect(try cache.trees.tree(ofArchive: archive, recipe: Recipe()) == nil)
        let other = try cache.trees.store(TreeListing([.init(path: "b", kind: .folder)]))
        try cache.trees.record(other, ofArchive: archive, recipe: Recipe())
        #expect(try cache.trees.tree(ofArchive: archive, recipe: Recipe()) == other)
    }

    @Test(
        "A damaged recipe is none, and is written anew",
        arguments: ["", "sha256:12", String(repeating: "x", count: 10_000)])
    func damagedRecipe(text: String) throws {
        let tree = try cache.trees.store(listing)
        try cache.trees.record(tree, ofArchive: archive, recipe: Recipe())
        try overwrite(recipePath, text)
        #expect(try cache.trees.tree(ofArchive: archive, recipe: Recipe()) == nil)
        try cache.trees.record(tree, ofArchive: archive, recipe: Recipe())
        #expect(try cache.trees.tree(ofArchive: archive, recipe: Recipe()) == tree)
    }
}
