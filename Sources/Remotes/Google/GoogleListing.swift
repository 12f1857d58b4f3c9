internal import Planning
internal import Platform

extension GoogleStore: ListingStore {
    /// Only what a listing is read for: a fifth of what the server would otherwise send.
    private static let fields =
        "items(name,size,generation,md5Hash,crc32c,updated,etag),prefixes,nextPageToken"

    func list(prefix: String, delimiter: String?, token: String?, limit: Int) -> HTTPRequest {
        var query = [("maxResults", String(max(1, min(limit, 1000)))), ("fields", Self.fields)]
        if !prefix.isEmpty { query.append(("prefix", prefix)) }
        if let delimiter { query.append(("delimiter", delimiter)) }
        if let token { query.append(("pageToken", token)) }
        return request(.get, endpoint.bucket(bucket, query))
    }

    func page(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> ListingPage {
        access.wasAccepted()
        let answer = try json(body, of: "the listing of the bucket '\(bucket)'")
        guard case .object = answer else { throw malformed("the listing of the bucket '\(bucket)' is no object") }
        var page = ListingPage()
        for item in answer["items"]?.array ?? [] {
            guard let key = item["name"]?.string, let size = item["size"]?.string.flatMap(Int64.init), size >= 0 else {
                throw malformed("an object in the listing of the bucket '\(bucket)' has no name or no size")
            }
            page.objects.append(ListedObject(key: key, facts: facts(item, size: size)))
        }
        page.prefixes = (answer["prefixes"]?.array ?? []).compactMap(\.string)
        page.next = answer["nextPageToken"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        return page
    }

    private func facts(_ item: JSON, size: Int64) -> ObjectFacts {
        let version = item["generation"]?.string
        let modified = item["updated"]?.string.flatMap { CivilTime(iso: $0)?.seconds }
        let validator = version.map { Validator.version($0) }
        return ObjectFacts(
            size: size, validator: validator ?? .weak(eTag: item["etag"]?.string, size: size, modified: modified),
            version: version, checksum: GoogleChecksums(item).best, modified: modified)
    }

    /// Reads an answer's body.
    func json(_ body: [UInt8], of what: String) throws(Refusal) -> JSON {
        do {
            return try body.withUnsafeBytes { try JSON(parsing: $0) }
        } catch {
            throw malformed("\(what) is no JSON", cause: "\(error)")
        }
    }

    func malformed(_ message: String, cause: String? = nil) -> Refusal {
        Refusal(.malformed, message, cause: cause ?? endpoint.base)
    }
}
