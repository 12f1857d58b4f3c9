internal import Planning
internal import Platform
internal import Synchronization

/// A bucket of Google Cloud Storage, by its JSON API.
///
/// A generation is an object's version and its validator. Objects stored with `Content-Encoding: gzip` come as they are
/// stored: `Accept-Encoding: gzip` keeps the server from unpacking them ("Transcoding of gzip-compressed files").
final class GoogleStore: Sendable {
    let bucket: String
    let endpoint: GoogleEndpoint
    let access: BearerAccess
    /// Pays where the bucket's owner does not ("Requester Pays").
    let project: String?
    private let tls: HTTPRequest.TLSTrust
    private let isRequesterPays = Atomic(false)

    init(
        bucket: String, endpoint: GoogleEndpoint, access: BearerAccess, project: String?, tls: HTTPRequest.TLSTrust
    ) {
        self.bucket = bucket
        self.endpoint = endpoint
        self.access = access
        self.project = project
        self.tls = tls
    }

    var accessName: String { access.name }

    /// A request of the JSON API; it never leads anywhere else.
    func request(
        _ method: HTTPRequest.Method, _ url: String, headers: [HTTPField] = [], range: Range<Int64>? = nil,
        body: HTTPBody? = nil
    ) -> HTTPRequest {
        HTTPRequest(method, url, headers: headers, range: range, body: body, tls: tls, followsRedirects: false)
    }

    func authorize(_ request: HTTPRequest, then send: @escaping @Sendable (Result<HTTPRequest, Refusal>) -> Void) {
        // A session's URL may be of another host; it carries its own permission.
        guard endpoint.serves(request.url) else { return send(.success(request)) }
        var request = request
        if isRequesterPays.load(ordering: .relaxed), let project, !request.url.contains("userProject=") {
            request.url += (request.url.contains("?") ? "&" : "?") + GoogleEndpoint.form([("userProject", project)])
        }
        access.authorize(request, then: send)
    }

    /// From now on the configured project pays.
    /// - Returns: false when none is configured, or it pays already.
    func learnsRequesterPays() -> Bool {
        project != nil && !isRequesterPays.exchange(true, ordering: .relaxed)
    }
}

extension GoogleStore: Store {
    func get(_ object: ObjectID, range: Range<Int64>?, match: Validator?, unless cached: Validator?) -> HTTPRequest {
        var (query, headers) = media(object)
        switch match {
        case .version(let generation):
            // Both: where old generations are kept the one that was begun can be read to its end, elsewhere it is refused.
            if object.version == nil { query.append(("generation", generation)) }
            query.append(("ifGenerationMatch", generation))
        case .strongETag(let tag): headers.append(HTTPField("If-Match", tag))
        default: break
        }
        switch cached {
        case .version(let generation): query.append(("ifGenerationNotMatch", generation))
        case .strongETag(let tag): headers.append(HTTPField("If-None-Match", tag))
        default: break
        }
        return request(.get, endpoint.object(object.key, in: bucket, query), headers: headers, range: range)
    }

    func head(_ object: ObjectID) -> HTTPRequest {
        let (query, headers) = media(object)
        return request(.head, endpoint.object(object.key, in: bucket, query), headers: headers)
    }

    private func media(_ object: ObjectID) -> (query: [(String, String)], headers: [HTTPField]) {
        (
            [("alt", "media")] + (object.version.map { [("generation", $0)] } ?? []),
            [HTTPField("Accept-Encoding", "gzip")]
        )
    }

    func facts(_ head: HTTPHead, of object: ObjectID) -> ObjectFacts {
        access.wasAccepted()
        let storedEncoding = head["x-goog-stored-content-encoding"]?.lowercased() ?? "identity"
        // What is unpacked on the way is neither as long as the stored object nor has its checksums.
        let isAsStored = storedEncoding == "identity" || head.contentEncoding == storedEncoding
        var size = head.contentRange?.total
        if size == nil, isAsStored, head.status != 206 { size = head.contentLength }
        if size == nil, isAsStored { size = head["x-goog-stored-content-length"].flatMap(Int64.init) }
        let version = head["x-goog-generation"]
        var validator = Validator.weak(eTag: head.eTag?.text, size: size, modified: head.lastModified)
        if let version {
            validator = .version(version)
        } else if let tag = head.eTag, !tag.isWeak {
            validator = .strongETag(tag.text)
        }
        return ObjectFacts(
            size: size, validator: validator, version: version,
            checksum: isAsStored ? GoogleChecksums(head).best : nil, modified: head.lastModified)
    }
}

/// The checksums that Google Cloud Storage states of an object: CRC-32C of every one, MD5 unless it was composed of others.
struct GoogleChecksums {
    var crc32c: Checksum?
    var md5: Checksum?

    /// Of `x-goog-hash: crc32c=…,md5=…`, which may also come as several fields.
    init(_ head: HTTPHead) {
        for field in head.values("x-goog-hash").flatMap({ $0.split(separator: ",") }) {
            let pair = field.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            take(String(pair[0].drop { $0 == " " }), String(pair[1]))
        }
    }

    /// Of an object's metadata.
    init(_ resource: JSON) {
        for name in ["crc32c", "md5Hash"] {
            if let text = resource[name]?.string { take(name, text) }
        }
    }

    private mutating func take(_ name: String, _ base64: String) {
        guard let bytes = Base64.decode(base64) else { return }
        switch name.lowercased() {
        case "crc32c": crc32c = Checksum(algorithm: .crc32c, bytes: bytes)
        case "md5", "md5hash": md5 = Checksum(algorithm: .md5, bytes: bytes)
        default: break
        }
    }

    /// CRC-32C where there is one: a processor's instruction computes it, and every object has it.
    var best: Checksum? { crc32c ?? md5 }
}
