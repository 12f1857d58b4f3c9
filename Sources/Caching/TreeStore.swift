public import Planning
public import Platform
internal import Synchronization

/// The listings under `trees/`, and the recipes that lead to them.
public final class TreeStore: Sendable {
    private let layout: Layout
    private let isWritable: Bool
    private let synchronizes: Bool
    /// The listing that was read last, and its file as it was then: who has planned with it will place it next. One of very
    /// many names is not kept: memory is worth more than the time to read it again.
    private let recent = Mutex<(status: FileStatus, listing: TreeListing)?>(nil)

    init(layout: Layout, lease: Lease?, synchronizes: Bool) {
        self.layout = layout
        self.isWritable = lease != nil
        self.synchronizes = synchronizes
    }

    /// Whether the listing is there: one stat(2).
    public func contains(_ tree: Digest) throws(SystemError) -> Bool {
        try FileSystem.status(layout.tree(tree)) != nil
    }

    /// The listing, checked against its name; `nil` when it is absent or damaged.
    public func listing(_ tree: Digest) throws -> TreeListing? {
        guard let status = try FileSystem.status(layout.tree(tree)) else { return nil }
        if let recent = recent.withLock({ $0 }), recent.status == status, recent.listing.digest == tree {
            return recent.listing
        }
        let bytes = try File(layout.tree(tree)).readAll(limit: Int(status.size) + 1)
        guard let listing = try? TreeListing(parsing: bytes), listing.digest == tree else {
            if isWritable { try? FileSystem.remove(layout.tree(tree)) }
            return nil
        }
        if listing.items.count <= 100_000 { recent.withLock { $0 = (status, listing) } }
        return listing
    }

    /// Stores a listing under its digest. Its blobs must be there already: a tree never names what is missing.
    public func store(_ listing: TreeListing) throws(SystemError) -> Digest {
        let digest = listing.digest
        let path = layout.tree(digest)
        let text = listing.encoded
        // A name alone proves nothing: a power loss may have left it without its text.
        if let found = try? File(path).readAll(limit: text.count), found == text { return digest }
        try FileSystem.createFolder(layout.trees + "/" + digest.hex.prefix(2))
        try AtomicFile.write(text, to: path, mode: 0o444, synchronizing: synchronizes)
        return digest
    }

    // MARK: Recipes

    /// The tree that an archive gives under a recipe, if it was made before and its listing is still there.
    public func tree(ofArchive archive: Digest, recipe: Recipe) throws(SystemError) -> Digest? {
        let path = recipePath(archive, recipe)
        guard try FileSystem.status(path) != nil else { return nil }
        guard let text = try? File(path).readAll(limit: 4096),
            let tree = Digest(String(decoding: text, as: UTF8.self).filter { !$0.isWhitespace }), try contains(tree)
        else { return nil }
        return tree
    }

    public func record(_ tree: Digest, ofArchive archive: Digest, recipe: Recipe) throws(SystemError) {
        let path = recipePath(archive, recipe)
        guard try self.tree(ofArchive: archive, recipe: recipe) != tree else { return }
        try FileSystem.createFolder(layout.recipes + "/" + archive.hex.prefix(2))
        try AtomicFile.write(Array("\(tree)\n".utf8), to: path, mode: 0o444, synchronizing: synchronizes)
    }

    private func recipePath(_ archive: Digest, _ recipe: Recipe) -> String {
        var hasher = ContentHasher(.sha256)
        var text = recipe.description
        text.withUTF8 { hasher.update(UnsafeRawBufferPointer($0)) }
        let key = Hex.encode(hasher.finish().prefix(8))
        return "\(layout.recipes)/\(archive.hex.prefix(2))/\(archive.hex)-\(key)"
    }
}
