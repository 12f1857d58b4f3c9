/// Keyed hashes (RFC 2104) with SHA-256: what AWS and Azure sign requests with.
public enum HMAC {
    private static let blockSize = 64

    /// HMAC-SHA-256 of the message, 32 bytes.
    public static func sha256(_ message: some Sequence<UInt8>, key: some Collection<UInt8>) -> [UInt8] {
        var hasher = ContentHasher(.sha256)
        func hash(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
            first.withUnsafeBytes { hasher.update($0) }
            second.withUnsafeBytes { hasher.update($0) }
            return hasher.finishAndReset()
        }
        var block = key.count > blockSize ? hash(Array(key), []) : Array(key)
        block += repeatElement(0, count: blockSize - block.count)
        let inner = hash(block.map { $0 ^ 0x36 }, Array(message))
        return hash(block.map { $0 ^ 0x5C }, inner)
    }
}
