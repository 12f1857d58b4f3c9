public import Planning
public import Platform

/// Where objects lie by key: a bucket, a container, a web server. Turns wishes into requests and reads the answers.
///
/// A store does no I/O. Whoever sends its requests calls `authorize` at the moment of sending, for signatures expire, and gives
/// every answer that is not the wished one to `refusal`. One instance serves a whole run: what it learns (a region) and what it
/// holds (a token) is shared by all its objects.
public protocol Store: Sendable {
    /// What gives access, as a user knows it: `sdk.aws.s3.credentials[2]`, `AWS_ACCESS_KEY_ID`, `no credentials`.
    var accessName: String { get }

    /// Whether a Content-Encoding may have been made on the way; otherwise it was stored with the object, and the bytes are the
    /// object's own.
    var mayEncode: Bool { get }

    /// - Parameters:
    ///   - range: bytes asked for; `nil` asks for all.
    ///   - match: what the object must still be (ranges of one version); a changed object is refused as `changed`.
    ///   - cached: what the cache holds; an unchanged object is answered with 304.
    func get(_ object: ObjectID, range: Range<Int64>?, match: Validator?, unless cached: Validator?) -> HTTPRequest

    /// Asks for an object's facts alone.
    func head(_ object: ObjectID) -> HTTPRequest

    /// What the head of a `get` or `head` answer says of the whole object.
    func facts(_ head: HTTPHead, of object: ObjectID) -> ObjectFacts

    /// Adds the credentials and hands the request on: at once, or from another thread when a token had to be fetched first.
    func authorize(_ request: HTTPRequest, then send: @escaping @Sendable (Result<HTTPRequest, Refusal>) -> Void)

    /// Explains an answer other than the wished one.
    /// - Parameters:
    ///   - request: what was sent: what the store learns from the answer (a region, a token that was withdrawn) depends on it.
    ///   - body: its first bytes, 64 KiB at most.
    func refusal(_ head: HTTPHead, body: [UInt8], to request: HTTPRequest) -> Refusal

    /// What to do about a transfer without an answer, where the store's configuration may be its cause.
    func advice(on failure: HTTPFailure) -> String?
}

extension Store {
    public func advice(on failure: HTTPFailure) -> String? { nil }

    public var mayEncode: Bool { false }
}

/// An object as its store knows it.
public struct ObjectID: Hashable, Sendable {
    /// The key, literally; for a web server the transport URL, secrets included.
    public var key: String
    /// S3 versionId, GCS generation, Azure versionid: this version and no other.
    public var version: String?

    public init(_ key: String, version: String? = nil) {
        self.key = key
        self.version = version
    }
}

/// What a store says of an object.
public struct ObjectFacts: Hashable, Sendable {
    /// Bytes of the whole object.
    public var size: Int64?
    public var validator: Validator
    /// A version that can be asked for again.
    public var version: String?
    /// A strong one, quotes included, also where `validator` is something stronger: listings often tell no more.
    public var eTag: String?
    /// Of the whole content, as the store computed or kept it; what is checked of a download.
    public var checksum: Checksum?
    /// Seconds since 1970-01-01 UTC.
    public var modified: Int64?

    public init(
        size: Int64?, validator: Validator, version: String? = nil, eTag: String? = nil, checksum: Checksum? = nil,
        modified: Int64? = nil
    ) {
        self.size = size
        self.validator = validator
        self.version = version
        self.eTag = eTag
        self.checksum = checksum
        self.modified = modified
    }

    /// Whether something that was said of the object before is still so: the same fact may come from a listing or from a head.
    public func agree(with earlier: Validator) -> Bool {
        if validator == earlier { return true }
        switch earlier {
        case .strongETag(let tag): return tag == eTag
        case .checksum(let checksum): return checksum == self.checksum
        case .version, .weak: return false
        }
    }
}

/// One object and the store that holds it.
public struct RemoteObject: Sendable {
    public var store: any Store
    public var id: ObjectID

    public init(_ store: any Store, _ id: ObjectID) {
        self.store = store
        self.id = id
    }
}
