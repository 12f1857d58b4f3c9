internal import Planning
public import Platform

extension S3Store {
    public func list(prefix: String, delimiter: String?, token: String?, limit: Int) -> HTTPRequest {
        // In the order of their names, as the signature wants them.
        var query: [(String, String)] = []
        if let token { query.append(("continuation-token", token)) }
        if let delimiter { query.append(("delimiter", delimiter)) }
        query.append(("encoding-type", "url"))
        query.append(("list-type", "2"))
        query.append(("max-keys", String(min(max(1, limit), 1000))))
        if !prefix.isEmpty { query.append(("prefix", prefix)) }
        return request(.get, nil, query, options.fields(for: .list))
    }

    public func page(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> ListingPage {
        var page = ListedPage()
        do throws(XMLError) { try page.read(body) } catch {
            throw malformed(head, "the listing of the bucket '\(bucket)' cannot be read: \(error)")
        }
        guard let isTruncated = page.isTruncated else {
            throw malformed(head, "the listing of the bucket '\(bucket)' does not say whether it is whole")
        }
        if isTruncated, page.token?.isEmpty ?? true {
            throw malformed(
                head, "a page of the listing of the bucket '\(bucket)' does not say where the next one begins")
        }
        var result = ListingPage(next: isTruncated ? page.token : nil)
        result.objects.reserveCapacity(page.objects.count)
        for object in page.objects {
            result.objects.append(ListedObject(key: try decoded(object.key, page, head), facts: object.facts))
        }
        for prefix in page.prefixes { result.prefixes.append(try decoded(prefix, page, head)) }
        return result
    }

    private func decoded(_ key: String, _ page: ListedPage, _ head: HTTPHead) throws(Refusal) -> String {
        guard page.isEncoded else { return key }
        guard let decoded = URIEncoding.decodeListed(key) else {
            throw malformed(head, "the listing of the bucket '\(bucket)' holds the key '\(key)', which is not UTF-8")
        }
        return decoded
    }

    func malformed(_ head: HTTPHead, _ message: String) -> Refusal {
        Refusal(
            .malformed, message, cause: "\(URLRedaction.redact(head.effectiveURL)) answered \(head.status)",
            advice: "is this an S3 server?")
    }
}

/// `ListBucketResult` as it stands in the answer (Amazon S3 API Reference, ListObjectsV2).
private struct ListedPage {
    struct Object {
        var key: String
        var facts: ObjectFacts
    }

    var objects: [Object] = []
    var prefixes: [String] = []
    var isTruncated: Bool?
    var token: String?
    /// Keys and prefixes are percent-encoded. Not every server that is asked for it does it.
    var isEncoded = false

    mutating func read(_ body: [UInt8]) throws(XMLError) {
        var reader = try XMLReader(body)
        guard try reader.root() == "ListBucketResult" else { throw XMLError("no ListBucketResult", at: 0) }
        objects.reserveCapacity(1000)
        try reader.children { reader, name throws(XMLError) in
            switch name {
            case "Contents": objects.append(try Self.object(&reader))
            case "CommonPrefixes":
                try reader.children { reader, name throws(XMLError) in
                    if name == "Prefix" { prefixes.append(try reader.text()) }
                }
            case "IsTruncated": isTruncated = try reader.text() == "true"
            case "NextContinuationToken": token = try reader.text()
            case "EncodingType": isEncoded = try reader.text() == "url"
            default: break
            }
        }
    }

    private static func object(_ reader: inout XMLReader) throws(XMLError) -> Object {
        var (key, tag, size, modified): (String?, String?, Int64?, Int64?)
        try reader.children { reader, name throws(XMLError) in
            switch name {
            case "Key": key = try reader.text()
            case "ETag": tag = try reader.text()
            case "Size": size = Int64(try reader.text())
            case "LastModified": modified = CivilTime(iso: try reader.text())?.seconds
            default: break
            }
        }
        guard let key, !key.isEmpty else { throw XMLError("an object without a key", at: 0) }
        let quoted = tag.flatMap { $0.isEmpty ? nil : $0.hasPrefix("\"") ? $0 : "\"\($0)\"" }
        let validator: Validator =
            quoted.map { .strongETag($0) } ?? .weak(eTag: nil, size: size, modified: modified)
        return Object(key: key, facts: ObjectFacts(size: size, validator: validator, eTag: quoted, modified: modified))
    }
}
