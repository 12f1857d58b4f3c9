internal import Planning
internal import Platform

extension GoogleStore: WritableStore {
    /// Parts of a session come in order ("Resumable uploads"), each but the last a multiple of 256 KiB and answered with 308;
    /// a session that is given up answers 499.
    var uploadLimits: UploadLimits {
        UploadLimits(
            threshold: 16 << 20, partSize: 16 << 20, mostParts: 1 << 20, concurrency: 1, functions: [.crc32c])
    }

    /// Metadata and content in one body ("multipart uploads"): the server stores nothing unless the checksums are right.
    func put(_ key: String, body: [UInt8], content: UploadContent) -> HTTPRequest {
        var whole = MultipartBody(capacity: body.count + 1024)
        var text: [UInt8] = []
        metadata(key, content).append(to: &text)
        whole.append(text, headers: ["Content-Type: application/json; charset=UTF-8"])
        whole.append(body, headers: ["Content-Type: \(content.type)"])
        return request(
            .post, endpoint.upload(to: bucket, [("uploadType", "multipart")]),
            headers: [HTTPField("Content-Type", "multipart/related; boundary=\(whole.boundary)")],
            body: .bytes(whole.finished()))
    }

    func begin(_ key: String, size: Int64, content: UploadContent) -> HTTPRequest? {
        var text: [UInt8] = []
        metadata(key, content).append(to: &text)
        return request(
            .post, endpoint.upload(to: bucket, [("uploadType", "resumable")]),
            headers: [
                HTTPField("Content-Type", "application/json; charset=UTF-8"),
                HTTPField("X-Upload-Content-Type", content.type),
                HTTPField("X-Upload-Content-Length", String(size)),
            ], body: .bytes(text))
    }

    /// The session's URL.
    func upload(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> String {
        access.wasAccepted()
        guard let location = head["Location"], location.hasPrefix("https://") || location.hasPrefix("http://") else {
            throw malformed("the server began no upload: its answer names no session")
        }
        guard endpoint.isEmulator || location.hasPrefix("https://") else {
            throw malformed("the server's upload session is not on https")
        }
        return location
    }

    func part(
        _ key: String, upload: String, number: Int, offset: Int64, total: Int64, body: HTTPBody, content: UploadContent
    ) -> HTTPRequest {
        let range = body.count == 0 ? "*" : "\(offset)-\(offset + Int64(body.count) - 1)"
        return request(
            .put, upload,
            headers: [HTTPField("Content-Type", content.type), HTTPField("Content-Range", "bytes \(range)/\(total)")],
            body: body)
    }

    func receipt(_ head: HTTPHead, body: [UInt8], part number: Int) throws(Refusal) -> String? { nil }

    func complete(_ key: String, upload: String, parts: [UploadedPart], content: UploadContent) -> HTTPRequest? { nil }

    func abort(_ key: String, upload: String) -> HTTPRequest? {
        request(.delete, upload, headers: [HTTPField("Content-Length", "0")])
    }

    func stored(_ head: HTTPHead, body: [UInt8], key: String) throws(Refusal) -> StoredObject {
        access.wasAccepted()
        let resource = try json(body, of: "the answer to the upload of '\(key)'")
        guard resource["name"]?.string == key else {
            throw malformed("the answer to the upload of '\(key)' names another object")
        }
        return StoredObject(
            eTag: resource["etag"]?.string, version: resource["generation"]?.string,
            checksum: GoogleChecksums(resource).best)
    }

    func delete(_ key: String) -> HTTPRequest { request(.delete, endpoint.object(key, in: bucket)) }

    /// What the server is to check and to keep with the object.
    private func metadata(_ key: String, _ content: UploadContent) -> JSON {
        .object([
            "name": .string(key), "contentType": .string(content.type),
            "crc32c": content.crc32c.map { .string(Base64.encode($0)) },
            "md5Hash": content.md5.map { .string(Base64.encode($0)) },
        ])
    }
}

extension UploadContent {
    fileprivate var type: String { contentType ?? "application/octet-stream" }
}
