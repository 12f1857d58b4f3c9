/// What a manifest's URLs held when it was locked: content only, nothing of this machine.
public struct Lock: Hashable, Sendable {
    /// One remote file as it was.
    public struct Object: Hashable, Sendable {
        /// The logical URL's identity: without signatures and tokens.
        public var url: String
        /// Path below the entry's own path; for an entry of one object its file name.
        public var path: String
        /// S3 versionId, GCS generation, Azure versionid.
        public var version: String?
        public var validator: Validator?
        /// Bytes.
        public var size: Int64?
        /// `nil` for a direct reference that nobody hashed yet.
        public var digest: Digest?
        /// For an unpacked archive: the tree that its recipe gives.
        public var tree: Digest?

        public init(url: String, path: String) {
            self.url = url
            self.path = path
        }
    }

    /// One entry's part.
    public struct Entry: Hashable, Sendable {
        /// What the lines were resolved from, see `Planning.Entry.lockKey`: another key means to resolve anew.
        public var key: String
        public var objects: [Object]
        /// The listing that is not at hand: `objects` is empty, and what the URL holds is compared with this.
        public var absent: Listing?

        public init(key: String, objects: [Object], absent: Listing? = nil) {
            self.key = key
            self.objects = objects
            self.absent = absent
        }
    }

    /// What the lock says of an entry whose objects stand in a file of their own.
    public struct Listing: Hashable, Sendable {
        /// Of the listing's text.
        public var digest: Digest
        public var count: Int
        /// Bytes of all objects, where each is known.
        public var size: Int64?

        public init(digest: Digest, count: Int, size: Int64?) {
            self.digest = digest
            self.count = count
            self.size = size
        }
    }

    public var entries: [Planning.Entry.ID: Entry] = [:]

    public init() {}

    /// An entry with more objects than this is one line in the lock; its listing stands in a file of its own.
    public static let inlineLimit = 1000
}

extension Entry {
    /// Everything that decides which bytes an entry means: URL, version, checksum, selection, recipe. 16 hex digits.
    ///
    /// Two manifests of equal keys may share lock lines. FNV-1a (64 bit): nothing hangs on collisions but a line that
    /// is believed although its entry was edited, and then the bytes' digests still decide.
    public var lockKey: String {
        var hash = FNV1a()
        hash.add(url.identity)
        hash.add(version ?? "")
        hash.add(checksum?.description ?? "")
        for glob in include { hash.add("+" + glob.pattern) }
        for glob in exclude { hash.add("-" + glob.pattern) }
        switch extract {
        case .auto: hash.add("auto")
        case .never: hash.add("never")
        case .always(let recipe): hash.add("always " + recipe.description)
        }
        return hash.hex
    }
}

/// FNV-1a, 64 bit, over texts with a zero byte between them.
private struct FNV1a {
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325
    private var isFirst = true

    mutating func add(_ text: String) {
        if !isFirst { add(0) }
        isFirst = false
        var text = text
        text.withUTF8 { for byte in $0 { add(byte) } }
    }

    private mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

    /// 16 digits.
    var hex: String { Hex.encode((0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }) }
}
