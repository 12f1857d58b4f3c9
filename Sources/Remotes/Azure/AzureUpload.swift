internal import Planning
public import Platform

/// Put Blob for what is small; Put Block and Put Block List for the rest. Blocks that no list names vanish by themselves.
extension AzureStore: WritableStore {
    public func put(_ key: String, body: [UInt8], content: UploadContent) -> HTTPRequest {
        var fields = [HTTPField("x-ms-blob-type", "BlockBlob"), contentType(content)]
        if let md5 = content.md5 { fields.append(HTTPField("Content-MD5", Base64.encode(md5))) }
        return request(.put, url(key), fields, body: .bytes(body))
    }

    private func contentType(_ content: UploadContent) -> HTTPField {
        HTTPField("x-ms-blob-content-type", content.contentType ?? "application/octet-stream")
    }

    public func begin(_ key: String, size: Int64, content: UploadContent) -> HTTPRequest? { nil }

    public func upload(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> String {
        throw Refusal(.unsupported, "uploads to Azure have no beginning")
    }

    public func part(
        _ key: String, upload: String, number: Int, offset: Int64, total: Int64, body: HTTPBody, content: UploadContent
    ) -> HTTPRequest {
        var fields: [HTTPField] = []
        if let md5 = content.md5 { fields.append(HTTPField("Content-MD5", Base64.encode(md5))) }
        let block = URIEncoding.parameter(Self.block(number, content))
        return request(.put, url(key, query: "comp=block&blockid=\(block)"), fields, body: body)
    }

    /// A block's name: its number and what is in it, so that two who write the same blob never get one another's blocks.
    /// All names of a blob's blocks must have one length.
    static func block(_ number: Int, _ content: UploadContent) -> String {
        let digits = String(number)
        let name = String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
        return Base64.encode(Array(name.utf8) + (content.md5 ?? []))
    }

    public func receipt(_ head: HTTPHead, body: [UInt8], part number: Int) throws(Refusal) -> String? {
        accepted()
        return nil
    }

    public func complete(
        _ key: String, upload: String, parts: [UploadedPart], content: UploadContent
    ) -> HTTPRequest? {
        var list = #"<?xml version="1.0" encoding="utf-8"?><BlockList>"#
        for part in parts.sorted(by: { $0.number < $1.number }) {
            list += "<Latest>\(Self.block(part.number, part.content))</Latest>"
        }
        list += "</BlockList>"
        var fields = [contentType(content)]
        // The service does not compute the whole's: it keeps what it is told for those who read.
        if let md5 = content.md5 { fields.append(HTTPField("x-ms-blob-content-md5", Base64.encode(md5))) }
        return request(.put, url(key, query: "comp=blocklist"), fields, body: HTTPBody(list))
    }

    public func abort(_ key: String, upload: String) -> HTTPRequest? { nil }

    public func stored(_ head: HTTPHead, body: [UInt8], key: String) throws(Refusal) -> StoredObject {
        accepted()
        // The answer to a block list has the checksum of that list.
        let isList = URLParts(head.effectiveURL).query.split(separator: UInt8(ascii: "&"))
            .contains { $0.elementsEqual("comp=blocklist".utf8) }
        return StoredObject(
            eTag: head.eTag?.text, version: head["x-ms-version-id"],
            checksum: isList ? nil : head["Content-MD5"].flatMap(Self.md5))
    }

    public func delete(_ key: String) -> HTTPRequest { request(.delete, url(key)) }
}
