public import Planning

/// Where everything lies below the cache folder. The names are the format: changing one means a new `formatVersion`.
///
/// ```
/// <root>/
///   CACHEDIR.TAG            tells backup tools to pass by
///   format                  one integer
///   blobs/sha256/ab/<hex>   immutable content, 0444; the executable twin is <hex>.x, 0555
///   trees/sha256/ab/<hex>   listings of unpacked archives
///   recipes/ab/<hex>-<key>  archive digest + recipe -> tree digest
///   checkouts/<hex>/        folders made from trees, where somebody needs a folder here
///   roots/  pins/           what keeps content alive
///   leases/<run>            locked by a running process for as long as it lives
///   tmp/<run>/              that process's unfinished files
///   partial/<key>           downloads that can be resumed, each with <key>.journal
///   locks/objects           one byte range per object that somebody is fetching
///   unsynced/<boot>         since when blobs may not have reached the disk, see `Durability`
///   quarantine/<hex>.<n>    blobs found damaged
///   index.sqlite            only what can be recomputed or lost
/// ```
public struct Layout: Sendable, Hashable {
    /// Version of everything above, in the file `format`.
    public static let formatVersion = 1

    /// Absolute path of the folder `clearml-sync` inside the cache folder.
    public let root: String

    public init(root: String) { self.root = root }

    public var blobs: String { root + "/blobs/sha256" }
    public var trees: String { root + "/trees/sha256" }
    public var recipes: String { root + "/recipes" }
    public var checkouts: String { root + "/checkouts" }
    public var roots: String { root + "/roots" }
    public var pins: String { root + "/pins" }
    public var leases: String { root + "/leases" }
    public var temporary: String { root + "/tmp" }
    public var partial: String { root + "/partial" }
    public var locks: String { root + "/locks" }
    public var unsynced: String { root + "/unsynced" }
    public var quarantine: String { root + "/quarantine" }
    public var index: String { root + "/index.sqlite" }

    var folders: [String] {
        [blobs, trees, recipes, checkouts, roots, pins, leases, temporary, partial, locks, unsynced, quarantine]
    }

    /// `ab/<hex>` or `ab/<hex>.x`: a blob's name relative to `blobs`.
    public static func blobName(_ digest: Digest, executable: Bool = false) -> String {
        // In one piece: several of these are made for each object.
        String(unsafeUninitializedCapacity: 69) { buffer in
            digest.write(hexInto: UnsafeMutableBufferPointer(rebasing: buffer[3...]))
            buffer[0] = buffer[3]
            buffer[1] = buffer[4]
            buffer[2] = UInt8(ascii: "/")
            guard executable else { return 67 }
            buffer[67] = UInt8(ascii: ".")
            buffer[68] = UInt8(ascii: "x")
            return 69
        }
    }

    public func blob(_ digest: Digest, executable: Bool = false) -> String {
        blobs + "/" + Layout.blobName(digest, executable: executable)
    }

    public func tree(_ digest: Digest) -> String {
        trees + "/" + Layout.blobName(digest)
    }

    public func checkout(_ tree: Digest) -> String { checkouts + "/" + tree.hex }
}
