public import Platform

/// PUT, as WebDAV servers, nginx and caches take it. There are no parts and no checksums: what counts is the status.
extension WebStore: WritableStore {
    public var uploadLimits: UploadLimits { UploadLimits(threshold: nil, partSize: .max, functions: []) }

    public func put(_ key: String, body: [UInt8], content: UploadContent) -> HTTPRequest {
        put(key, body: .bytes(body), content: content)
    }

    private func put(_ key: String, body: HTTPBody, content: UploadContent) -> HTTPRequest {
        var request = request(
            .put, key, [HTTPField("Content-Type", content.contentType ?? "application/octet-stream")])
        request.body = body
        return request
    }

    public func stored(_ head: HTTPHead, body: [UInt8], key: String) throws(Refusal) -> StoredObject {
        StoredObject(eTag: head.eTag?.text)
    }

    public func delete(_ key: String) -> HTTPRequest { request(.delete, key) }

    public func begin(_ key: String, size: Int64, content: UploadContent) -> HTTPRequest? { nil }
    public func upload(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> String { throw WebStore.noParts }
    public func part(
        _ key: String, upload: String, number: Int, offset: Int64, total: Int64, body: HTTPBody, content: UploadContent
    ) -> HTTPRequest { put(key, body: body, content: content) }
    public func receipt(_ head: HTTPHead, body: [UInt8], part number: Int) throws(Refusal) -> String? {
        throw WebStore.noParts
    }
    public func complete(_ key: String, upload: String, parts: [UploadedPart], content: UploadContent) -> HTTPRequest? {
        nil
    }
    public func abort(_ key: String, upload: String) -> HTTPRequest? { nil }

    private static var noParts: Refusal { Refusal(.unsupported, "a web server takes no object in parts") }
}
