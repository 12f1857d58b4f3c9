internal import Planning
public import Platform

extension S3Store {
    public var uploadLimits: UploadLimits { limits }

    /// S3 checks the body against the SHA-256 that is signed, and what is signed against the key: nothing else is needed for
    /// integrity. `Content-MD5` is for buckets with object lock, which ask for it.
    public func put(_ key: String, body: [UInt8], content: UploadContent) -> HTTPRequest {
        let body = HTTPBody.bytes(body)
        let fields = objectFields(content) + bodyFields(body, content) + options.fields(for: .put)
        return request(.put, key, [], fields, body: body)
    }

    public func begin(_ key: String, size: Int64, content: UploadContent) -> HTTPRequest? {
        var fields = objectFields(content) + options.fields(for: .begin)
        if let algorithm = options.checksumAlgorithm {
            fields.append(HTTPField("x-amz-checksum-algorithm", algorithm.rawValue.uppercased()))
        }
        return request(.post, key, [("uploads", "")], fields)
    }

    public func upload(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> String {
        let answer = try element("InitiateMultipartUploadResult", head, body)
        guard let upload = answer["UploadId"], !upload.isEmpty else {
            throw malformed(head, "the answer that begins an upload names no upload")
        }
        return upload
    }

    public func part(
        _ key: String, upload: String, number: Int, offset: Int64, total: Int64, body: HTTPBody, content: UploadContent
    ) -> HTTPRequest {
        request(
            .put, key, [("partNumber", String(number)), ("uploadId", upload)],
            bodyFields(body, content) + options.fields(for: .part), body: body)
    }

    public func receipt(_ head: HTTPHead, body: [UInt8], part number: Int) throws(Refusal) -> String? {
        guard let tag = head.eTag else { throw malformed(head, "the answer to part \(number) has no ETag") }
        return tag.text
    }

    public func complete(
        _ key: String, upload: String, parts: [UploadedPart], content: UploadContent
    ) -> HTTPRequest? {
        var xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        for part in parts.sorted(by: { $0.number < $1.number }) {
            xml += "<Part><ETag>\(Self.escaped(part.receipt ?? ""))</ETag>"
            if let (name, bytes) = checksum(of: part.content) {
                xml += "<Checksum\(name)>\(Base64.encode(bytes))</Checksum\(name)>"
            }
            xml += "<PartNumber>\(part.number)</PartNumber></Part>"
        }
        xml += "</CompleteMultipartUpload>"
        let fields = [HTTPField("Content-Type", "application/xml")] + options.fields(for: .complete)
        return request(.post, key, [("uploadId", upload)], fields, body: HTTPBody(xml))
    }

    public func abort(_ key: String, upload: String) -> HTTPRequest? {
        request(.delete, key, [("uploadId", upload)], options.fields(for: .end))
    }

    public func stored(_ head: HTTPHead, body: [UInt8], key: String) throws(Refusal) -> StoredObject {
        var tag = head.eTag?.text
        if body.contains(where: { $0 > 0x20 }) {
            let answer = try element("CompleteMultipartUploadResult", head, body)
            // Ceph leaves it empty.
            let told = answer["ETag"].flatMap { $0.isEmpty || $0 == "\"\"" ? nil : $0 }
            tag = told.map { $0.hasPrefix("\"") ? $0 : "\"\($0)\"" } ?? tag
        }
        let version = head["x-amz-version-id"].flatMap { $0 == "null" || $0.isEmpty ? nil : $0 }
        return StoredObject(eTag: tag, version: version, checksum: checksum(head, isWhole: true))
    }

    public func delete(_ key: String) -> HTTPRequest { request(.delete, key, [], options.fields(for: .end)) }

    // MARK: Fields

    private func objectFields(_ content: UploadContent) -> [HTTPField] {
        [HTTPField("Content-Type", options.contentType ?? content.contentType ?? "application/octet-stream")]
    }

    private func bodyFields(_ body: HTTPBody, _ content: UploadContent) -> [HTTPField] {
        var fields = [
            HTTPField(Self.payloadField, Hex.encode(content.sha256 ?? body.hash(.sha256)))
        ]
        if let md5 = content.md5 { fields.append(HTTPField("Content-MD5", Base64.encode(md5))) }
        if let (name, bytes) = checksum(of: content) {
            fields.append(HTTPField("x-amz-checksum-\(name.lowercased())", Base64.encode(bytes)))
        }
        return fields
    }

    /// The checksum that `ChecksumAlgorithm` asks for, with its name in the API.
    private func checksum(of content: UploadContent) -> (String, [UInt8])? {
        switch options.checksumAlgorithm {
        case .sha256: content.sha256.map { ("SHA256", $0) }
        case .crc32c: content.crc32c.map { ("CRC32C", $0) }
        default: nil
        }
    }

    // MARK: Answers

    /// The children of an answer's element; an `Error` in its place is thrown.
    private func element(_ name: String, _ head: HTTPHead, _ body: [UInt8]) throws(Refusal) -> [String: String] {
        var texts: [String: String] = [:]
        do throws(XMLError) {
            var reader = try XMLReader(body)
            let root = try reader.root()
            if root == "Error" { throw XMLError("an error", at: 0) }
            // The `Result` is missing from what rclone's server answers.
            guard root == name || root + "Result" == name else {
                throw XMLError("'\(root)' instead of '\(name)'", at: 0)
            }
            try reader.children { reader, name throws(XMLError) in texts[name] = try reader.text() }
        } catch {
            if let error = S3Error(body) { throw refusal(error, head, url: head.effectiveURL) }
            throw malformed(head, "the answer to an upload cannot be read: \(error)")
        }
        return texts
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }
}
