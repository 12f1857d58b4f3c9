internal import Caching
internal import Planning
internal import Platform

/// What an object's bytes must be: checked before anything is published.
struct Expectation: Sendable {
    /// From the lock, or a SHA-256 that the manifest states.
    var digest: Digest?
    /// What the digest comes from, for the advice: `lock --upgrade` helps only against the lock.
    var isLocked = false
    /// Another checksum that the manifest states.
    var checksum: Checksum?
    /// Bytes.
    var size: Int64?

    /// The checksum comes from the store and not from the manifest.
    private var isStated = false

    init(digest: Digest? = nil, isLocked: Bool = false, checksum: Checksum? = nil, size: Int64? = nil) {
        self.digest = digest
        self.isLocked = isLocked
        self.checksum = checksum
        self.size = size
    }

    /// With what the store says of its object, unless a lock or a manifest says it better.
    func stated(_ checksum: Checksum?) -> Expectation {
        guard !isDecisive, let checksum else { return self }
        var expectation = self
        expectation.checksum = checksum
        expectation.isStated = true
        return expectation
    }

    /// Whether the bytes themselves decide, whatever a server says of their version.
    var isDecisive: Bool { digest != nil || checksum != nil }

    /// What has to be computed beside the digest.
    var functions: [HashFunction] { checksum.map { [$0.algorithm.hashFunction] } ?? [] }

    func check(size found: Int64) throws(Failure) {
        guard let size, size != found else { return }
        throw Failure(
            .integrity, "the size is \(found) bytes, not \(size)",
            advice: isLocked ? nil : "correct 'size' in the manifest, or the URL")
    }

    func check(_ blob: Blob) throws(Failure) {
        try check(size: blob.size)
        if let digest, digest != blob.digest {
            throw mismatch(expected: digest.description, found: blob.digest.description)
        }
        if let checksum {
            let found = blob.checksums.first ?? []
            if found == checksum.bytes { return }
            throw mismatch(
                expected: checksum.description, found: "\(checksum.algorithm.rawValue):\(Hex.encode(found))")
        }
    }

    private func mismatch(expected: String, found: String) -> Failure {
        if isStated {
            return Failure(
                .integrity, "what came is not what the store says it holds",
                cause: "the store says \(expected), found \(found)",
                advice: "try again; if it stays so, the object is damaged in the store or on the way")
        }
        return self.wrong(expected: expected, found: found)
    }

    private func wrong(expected: String, found: String) -> Failure {
        Failure(
            .integrity, "the content is not what it should be", cause: "expected \(expected), found \(found)",
            advice: isLocked && checksum == nil ? nil : "correct 'checksum' in the manifest, or the URL")
    }
}

extension Checksum.Algorithm {
    /// The function that computes it.
    var hashFunction: HashFunction {
        switch self {
        case .sha256: .sha256
        case .sha512: .sha512
        case .sha1: .sha1
        case .md5: .md5
        case .crc32c: .crc32c
        case .xxh3: .xxh3
        }
    }
}
