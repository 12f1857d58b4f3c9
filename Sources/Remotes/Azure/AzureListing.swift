internal import Planning
public import Platform

/// List Blobs.
extension AzureStore: ListingStore {
    public func list(prefix: String, delimiter: String?, token: String?, limit: Int) -> HTTPRequest {
        var query = "restype=container&comp=list&maxresults=\(min(max(limit, 1), Self.mostResults))"
        for (name, value) in [("prefix", prefix), ("delimiter", delimiter ?? ""), ("marker", token ?? "")]
        where !value.isEmpty {
            query += "&\(name)=\(URIEncoding.parameter(value))"
        }
        return request(.get, containerURL + "?" + query)
    }

    private static let mostResults = 5000

    public func page(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> ListingPage {
        accepted()
        do throws(XMLError) { return try Self.page(body) } catch {
            throw Refusal(
                .malformed, "the listing of the container '\(place.container)' cannot be read",
                cause: "\(Refusal.location(head)): \(error)", advice: Refusal.uselessAdvice)
        }
    }

    static func page(_ body: [UInt8]) throws(XMLError) -> ListingPage {
        var page = ListingPage()
        // An answer that was cut off in the right place would be well-formed and wrong: the service always writes a marker,
        // an empty one at the end.
        var marker: String?
        var reader = try XMLReader(body)
        guard try reader.root() == "EnumerationResults" else { throw XMLError("not a listing of blobs", at: 0) }
        try reader.children { reader, name throws(XMLError) in
            switch name {
            case "Blobs":
                try reader.children { reader, name throws(XMLError) in
                    switch name {
                    case "Blob": if let object = try Self.blob(&reader) { page.objects.append(object) }
                    case "BlobPrefix":
                        try reader.children { reader, name throws(XMLError) in
                            if name == "Name" { page.prefixes.append(try Self.name(&reader)) }
                        }
                    default: break
                    }
                }
            case "NextMarker": marker = try reader.text()
            default: break
            }
        }
        guard let marker else { throw XMLError("the element NextMarker is missing", at: body.count) }
        page.next = marker.isEmpty ? nil : marker
        return page
    }

    /// What XML cannot hold comes percent-encoded and marked so.
    private static func name(_ reader: inout XMLReader) throws(XMLError) -> String {
        let isEncoded = try reader.attribute("Encoded")?.lowercased() == "true"
        let text = try reader.text()
        guard !text.isEmpty else { throw XMLError("a blob without a name", at: 0) }
        return isEncoded ? PercentDecoding.text(text[...].utf8) : text
    }

    private static func blob(_ reader: inout XMLReader) throws(XMLError) -> ListedObject? {
        var key: String?
        var (size, tag, checksum, modified) = (Int64?.none, String?.none, Checksum?.none, Int64?.none)
        var isFolder = false
        try reader.children { reader, name throws(XMLError) in
            switch name {
            case "Name": key = try Self.name(&reader)
            case "Properties":
                try reader.children { reader, name throws(XMLError) in
                    switch name {
                    case "Content-Length": size = Int64(try reader.text())
                    case "Etag": tag = try reader.text()
                    case "Content-MD5": checksum = Self.md5(try reader.text())
                    case "Last-Modified": modified = HTTPDate.parse(try reader.text())
                    // Accounts with a hierarchy of folders list these too.
                    case "ResourceType": isFolder = try reader.text() == "directory"
                    default: break
                    }
                }
            default: break
            }
        }
        guard let key, let size, size >= 0 else { throw XMLError("a blob without a name or a size", at: 0) }
        guard !isFolder else { return nil }
        var validator = Validator.weak(eTag: nil, size: size, modified: modified)
        // Here, and only here, the service leaves the quotes out.
        if let tag, !tag.isEmpty { validator = .strongETag(tag.hasPrefix("\"") ? tag : "\"\(tag)\"") }
        return ListedObject(
            key: key, facts: ObjectFacts(size: size, validator: validator, checksum: checksum, modified: modified))
    }
}
