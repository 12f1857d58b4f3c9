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

    /// The value of bytes that are all there, without a state that is fed (EVP_Digest(3), XXH3_128bits).
    public func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .sha256: Self.digest(bytes, byteCount, MessageDigests.shared.sha256)
        case .sha512: Self.digest(bytes, byteCount, MessageDigests.shared.sha512)
        case .sha1: Self.digest(bytes, byteCount, MessageDigests.shared.sha1)
        case .md5: Self.digest(bytes, byteCount, MessageDigests.shared.md5)
        case .xxh3: Fingerprint(of: bytes).bytes
        case .crc32c: Self.stream(self, bytes)
        }
    }

    private static func stream(_ function: HashFunction, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hasher = ContentHasher(function)
        hasher.update(bytes)
        return hasher.finish()
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer, _ length: Int, _ digest: OpaquePointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            // Of no bytes there may be no address.
            let done = EVP_Digest(
                bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1), bytes.count, buffer.baseAddress, nil, digest, nil)
            precondition(done == 1, "libcrypto refused a digest operation")
            count = length
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
