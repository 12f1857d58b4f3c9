internal import Planning
internal import Platform
internal import Remotes

/// What we computed of some bytes ourselves.
struct KnownChecksums {
    private var values: [Checksum] = []

    init(of bytes: [UInt8], _ functions: [HashFunction]) {
        var hashers = ContentHashers(functions)
        bytes.withUnsafeBytes { hashers.update($0) }
        self.init(functions, hashers.finishAndReset())
    }

    init(_ functions: [HashFunction], _ values: [[UInt8]]) {
        for (function, value) in zip(functions, values) {
            guard let algorithm = Checksum.Algorithm(rawValue: function.rawValue), self[algorithm] == nil,
                let checksum = Checksum(algorithm: algorithm, bytes: value)
            else { continue }
            self.values.append(checksum)
        }
    }

    subscript(algorithm: Checksum.Algorithm) -> Checksum? { values.first { $0.algorithm == algorithm } }

    /// The one that says most: SHA-256 before MD5 before CRC-32C.
    var strongest: Checksum? { self[.sha256] ?? self[.md5] ?? self[.crc32c] }

    var content: UploadContent {
        UploadContent(sha256: self[.sha256]?.bytes, md5: self[.md5]?.bytes, crc32c: self[.crc32c]?.bytes)
    }

    /// Computes one more, unless it is known.
    mutating func add(_ algorithm: Checksum.Algorithm, of bytes: [UInt8]) {
        guard self[algorithm] == nil, let function = HashFunction(rawValue: algorithm.rawValue) else { return }
        values += KnownChecksums(of: bytes, [function]).values
    }

    /// - Throws: when the bytes are not those of the digest.
    func check(_ digest: Digest?, path: String) throws(Failure) {
        guard let digest, let sha256 = self[.sha256], sha256.digest != digest else { return }
        throw KnownChecksums.unexpected(sha256, digest, path: path)
    }

    static func unexpected(_ found: Checksum?, _ digest: Digest, path: String) -> Failure {
        Failure(
            .integrity, "the file does not hold what it should",
            cause: "\(path) has \(found.map { "\($0)" } ?? "nothing"), and should have \(digest)",
            advice: "run 'clearml-sync cache rebuild' if it lies in the cache")
    }
}
