/// What is there already, gathered before planning: the facts that `plan()` decides on.
public struct Inventory: Sendable {
    /// What the index remembers of a URL, its blob being there.
    public struct Seen: Hashable, Sendable {
        public var validator: Validator
        public var digest: Digest
        public var size: Int64

        public init(validator: Validator, digest: Digest, size: Int64) {
            self.validator = validator
            self.digest = digest
            self.size = size
        }
    }

    /// Blobs that are in the cache.
    public var blobs: Set<Digest> = []
    /// Trees whose listing and blobs are all in the cache.
    public var trees: Set<Digest> = []
    /// What archives in the cache, or known by digest, unpack to: by object identity.
    public var seen: [ExactText: Seen] = [:]
    /// Bytes of an interrupted download that need not be fetched again: by object identity.
    public var partials: [ExactText: Int64] = [:]
    public var placed: [Entry.ID: Placed] = [:]
    public var observed: [Entry.ID: Observed] = [:]
    /// Entries at whose path the locked bytes lie already, put there by somebody else.
    public var adoptable: Set<Entry.ID> = []
    /// Sizes of local sources, by object identity.
    public var localSizes: [ExactText: Int64] = [:]
    /// What this manifest placed for entries that it does not declare any more.
    public var orphans: [Entry.ID: (placed: Placed, observed: Observed)] = [:]
    /// Bytes free for us.
    public var cacheFree: Int64 = .max
    public var workspaceFree: Int64 = .max
    public var isOneFileSystem = true

    public init() {}
}
