internal import CCrypto

/// A function from content to a short value. The raw value is the word that manifests use.
public enum HashFunction: String, Sendable, CaseIterable {
    case sha256, sha512, sha1, md5
    /// CRC-32C (Castagnoli, RFC 3720), four bytes big-endian, as S3 and GCS write it.
    case crc32c
    /// XXH3-128 with seed 0 in its canonical form: 16 bytes big-endian.
    case xxh3

    /// Length of a value in bytes.
    public var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        case .sha1: 20
        case .md5, .xxh3: 16
        case .crc32c: 4
        }
    }
}

extension HashFunction {
    /// The value of bytes that are all there.
    public func hash(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { hash($0) } }

    /// The value of bytes that are all there.
    public func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .sha256: return SHA256.hash(bytes)
        case .xxh3: return Fingerprint(of: bytes).bytes
        case .sha512, .sha1, .md5, .crc32c:
            var hasher = ContentHasher(self)
            hasher.update(bytes)
            return hasher.finish()
        }
    }
}

/// SHA-256 without libcrypto's providers: to set them up takes longer than to find out that a run has nothing to do.
private enum SHA256 {
    static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: HashFunction.sha256.byteCount) { buffer, count in
            precondition(
                ccrypto_sha256(bytes.baseAddress, bytes.count, buffer.baseAddress), "libcrypto refused SHA-256")
            count = HashFunction.sha256.byteCount
        }
    }
}

/// The message digests of libcrypto, fetched once: OpenSSL 3 otherwise looks a digest up by name at each initialization.
struct MessageDigests: @unchecked Sendable {
    static let shared = MessageDigests()

    let sha256, sha512, sha1, md5: OpaquePointer

    private init() {
        // An own library context reads no openssl.cnf: a system-wide policy (FIPS) against md5 and sha1 is about
        // security, and here they only check what a manifest or a server states.
        guard let context = OSSL_LIB_CTX_new(), OSSL_PROVIDER_load(context, "default") != nil else {
            preconditionFailure("libcrypto has no memory for its default provider")
        }
        func fetch(_ name: String) -> OpaquePointer {
            guard let digest = EVP_MD_fetch(context, name, nil) else {
                preconditionFailure("libcrypto is built without \(name)")
            }
            return digest
        }
        sha256 = fetch("SHA2-256")
        sha512 = fetch("SHA2-512")
        sha1 = fetch("SHA1")
        md5 = fetch("MD5")
    }
}
