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
        let modified = item["updated"]?.string.flatMap(GoogleTime.seconds)
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

/// Dates as Google's APIs write them (RFC 3339, in UTC): `2026-11-22T21:43:48.984Z`.
enum GoogleTime {
    /// Seconds since 1970-01-01 UTC; a fraction is dropped. `nil` for any other form.
    static func seconds(_ text: String) -> Int64? {
        let fields = text.utf8.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let numbers = fields.compactMap { Int64(Substring($0)) }
        guard numbers.count == fields.count, (6...7).contains(fields.count), text.hasSuffix("Z"),
            (1...12).contains(numbers[1]), (1...31).contains(numbers[2]), numbers[3] < 24, numbers[4] < 60,
            numbers[5] < 61
        else { return nil }
        // Days from the civil calendar, years beginning in March.
        let year = numbers[0] - (numbers[1] <= 2 ? 1 : 0)
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((numbers[1] + 9) % 12) + 2) / 5 + numbers[2] - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return ((era * 146_097 + dayOfEra - 719_468) * 24 + numbers[3]) * 3600 + numbers[4] * 60 + numbers[5]
    }
}
