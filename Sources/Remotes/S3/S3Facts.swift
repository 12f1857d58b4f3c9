internal import Configuration
internal import Planning
public import Platform

extension S3Store {
    public func facts(_ head: HTTPHead, of object: ObjectID) -> ObjectFacts {
        let size = head.contentRange.map(\.total) ?? (head.status == 206 ? nil : head.contentLength)
        let version = head["x-amz-version-id"].flatMap { $0 == "null" || $0.isEmpty ? nil : $0 }
        let checksum = checksum(head, isWhole: head.status != 206)
        let validator: Validator =
            if let version {
                .version(version)
            } else if let tag = head.eTag, !tag.isWeak {
                // Before any checksum: it is what ranges of one object are guarded by (If-Match).
                .strongETag(tag.text)
            } else if let checksum {
                .checksum(checksum)
            } else {
                .weak(eTag: head.eTag?.text, size: size, modified: head.lastModified)
            }
        return ObjectFacts(
            size: size, validator: validator, version: version ?? object.version,
            eTag: head.eTag.flatMap { $0.isWeak ? nil : $0.text }, checksum: checksum, modified: head.lastModified)
    }

    /// What the server says of the whole content: a checksum of its own, else the MD5 that an ETag is.
    /// - Parameter isWhole: `false` for the answer to a range, whose checksum may be that of a part alone.
    func checksum(_ head: HTTPHead, isWhole: Bool) -> Checksum? {
        if isWhole || head["x-amz-checksum-type"] == "FULL_OBJECT" {
            for (name, algorithm) in Self.checksumFields {
                if let text = head[name], let checksum = Self.wholeChecksum(text, algorithm) { return checksum }
            }
        }
        return head.eTag.flatMap { eTagChecksum($0.text, head) }
    }

    /// The strongest first; CRC-32, CRC-64 and XXH64 are not among what this program computes.
    static let checksumFields: [(name: String, algorithm: Checksum.Algorithm)] = [
        ("x-amz-checksum-sha256", .sha256), ("x-amz-checksum-sha1", .sha1), ("x-amz-checksum-crc32c", .crc32c),
    ]

    /// A checksum in Base64. That of an upload in parts is one of the parts' checksums, ends in `-<parts>`, and says nothing of the
    /// whole ("Checking object integrity", Amazon S3 User Guide).
    static func wholeChecksum(_ text: String, _ algorithm: Checksum.Algorithm) -> Checksum? {
        guard !text.contains("-") else { return nil }
        return Base64.decode(text).flatMap { Checksum(algorithm: algorithm, bytes: $0) }
    }

    /// The MD5 that an ETag is: of an object in one part that is not encrypted with a customer's or a KMS key ("Object", Amazon S3
    /// API Reference). Directory buckets make their ETags otherwise.
    private func eTagChecksum(_ tag: String, _ head: HTTPHead) -> Checksum? {
        guard head["x-amz-server-side-encryption"].map({ $0 == "AES256" }) ?? true,
            head["x-amz-server-side-encryption-customer-algorithm"] == nil, !bucket.hasSuffix("--x-s3")
        else { return nil }
        return MultipartETag.md5(ofETag: tag)
    }
}
