public import Planning
public import Platform

/// A store that takes objects. An object appears whole or not at all.
public protocol WritableStore: Store {
    /// How objects of some size are brought here.
    var uploadLimits: UploadLimits { get }

    /// The whole object in one request.
    /// - Parameter content: checksums of `body`; the store picks the one that its server verifies.
    func put(_ key: String, body: [UInt8], content: UploadContent) -> HTTPRequest

    /// Begins an upload in parts; `nil` where parts need no beginning (Azure).
    func begin(_ key: String, size: Int64, content: UploadContent) -> HTTPRequest?
    /// The name of the upload that has begun.
    func upload(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> String

    /// - Parameters:
    ///   - number: from 1.
    ///   - offset: of the part's first byte; `total`: bytes of the whole object.
    ///   - content: what `uploadLimits.functions` make of the body, which is perhaps only read while it is sent.
    func part(
        _ key: String, upload: String, number: Int, offset: Int64, total: Int64, body: HTTPBody, content: UploadContent
    ) -> HTTPRequest
    /// What the end needs to know of a part: an ETag, a block's name; `nil` where it needs nothing.
    func receipt(_ head: HTTPHead, body: [UInt8], part number: Int) throws(Refusal) -> String?

    /// Ends an upload in parts; `nil` where the last part does (GCS).
    func complete(_ key: String, upload: String, parts: [UploadedPart], content: UploadContent) -> HTTPRequest?
    /// Gives an upload up; `nil` where the store forgets it by itself.
    func abort(_ key: String, upload: String) -> HTTPRequest?

    /// What the answer to `put`, to the last part or to `complete` says of the object as it is stored now.
    /// S3 answers `complete` with status 200 and an error in the body: that is a refusal (AWS: CompleteMultipartUpload).
    func stored(_ head: HTTPHead, body: [UInt8], key: String) throws(Refusal) -> StoredObject

    func delete(_ key: String) -> HTTPRequest
}

/// What a server says of an object that it has just stored.
public struct StoredObject: Hashable, Sendable {
    public var eTag: String?
    public var version: String?
    /// Of the whole content, as the server computed it.
    public var checksum: Checksum?

    public init(eTag: String? = nil, version: String? = nil, checksum: Checksum? = nil) {
        self.eTag = eTag
        self.version = version
        self.checksum = checksum
    }
}

public struct UploadedPart: Hashable, Sendable {
    public var number: Int
    public var receipt: String?
    public var content: UploadContent

    public init(number: Int, receipt: String?, content: UploadContent) {
        self.number = number
        self.receipt = receipt
        self.content = content
    }
}

/// What is known of bytes before they are sent: raw checksum bytes, not text.
public struct UploadContent: Hashable, Sendable {
    public var sha256: [UInt8]?
    public var md5: [UInt8]?
    public var crc32c: [UInt8]?
    /// `application/octet-stream` unless somebody knows better.
    public var contentType: String?

    public init(
        sha256: [UInt8]? = nil, md5: [UInt8]? = nil, crc32c: [UInt8]? = nil, contentType: String? = nil
    ) {
        self.sha256 = sha256
        self.md5 = md5
        self.crc32c = crc32c
        self.contentType = contentType
    }
}

/// How a store wants its objects.
public struct UploadLimits: Hashable, Sendable {
    /// Bytes from which an object goes in parts; `nil`: never.
    public var threshold: Int64?
    /// Bytes of a part, unless there would be more than `mostParts`.
    public var partSize: Int64
    /// Bytes up to which parts grow with the object, so that a store has fewer of them to put together; `partSize`: not at all.
    public var grownPartSize: Int64
    public var mostParts: Int
    /// Parts of one object under way at once; 1 where they must come in order.
    public var concurrency: Int
    /// What each part must be hashed with beforehand.
    public var functions: [HashFunction]
    /// Whether `complete` is told the MD5 of the whole: a store that computes none keeps it for those who read.
    public var keepsMD5: Bool

    public init(
        threshold: Int64?, partSize: Int64, grownPartSize: Int64? = nil, mostParts: Int = 10_000, concurrency: Int = 8,
        functions: [HashFunction], keepsMD5: Bool = false
    ) {
        self.threshold = threshold
        self.partSize = partSize
        self.grownPartSize = grownPartSize ?? partSize
        self.mostParts = mostParts
        self.concurrency = concurrency
        self.functions = functions
        self.keepsMD5 = keepsMD5
    }
}
