internal import CCrypto

/// An RSA private key that signs (EVP_DigestSign(3)).
public final class RSAPrivateKey: @unchecked Sendable {
    /// What is wrong with a key; nothing of the key itself is in it.
    public enum Problem: Error, Sendable {
        /// No private key in PEM, or an encrypted one.
        case unreadable
        /// Of another algorithm.
        case notRSA
        /// libcrypto would not sign.
        case signing
    }

    /// Used read-only after it was made: any thread may sign with it.
    private let key: OpaquePointer

    /// - Parameter pem: `-----BEGIN PRIVATE KEY-----` (PKCS #8) or `-----BEGIN RSA PRIVATE KEY-----` (PKCS #1), not encrypted.
    public init(pem: String) throws(Problem) {
        var pem = pem
        let key = pem.withUTF8 { bytes -> OpaquePointer? in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(source) }
            // Without a callback, libcrypto would ask the terminal for an encrypted key's password.
            return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        ERR_clear_error()
        guard let key else { throw .unreadable }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else {
            EVP_PKEY_free(key)
            throw .notRSA
        }
        self.key = key
    }

    deinit { EVP_PKEY_free(key) }

    /// RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017, section 8.2): what JSON Web Signatures call RS256.
    public func signSHA256(_ message: some Sequence<UInt8>) throws(Problem) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw .signing }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        let message = Array(message)
        var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(key)))
        var count = signature.count
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else { throw .signing }
        return Array(signature[..<count])
    }
}
