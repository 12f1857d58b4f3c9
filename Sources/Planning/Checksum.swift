/// A checksum that a manifest or a server states: checked in the same pass as the digest, never an identity.
public struct Checksum: Hashable, Sendable {
    public enum Algorithm: String, Sendable, CaseIterable {
        case sha256, sha512, sha1, md5, crc32c, xxh3

        /// Length of a checksum in bytes; `xxh3` is XXH3-128.
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

    public let algorithm: Algorithm
    public let bytes: [UInt8]

    /// `nil` when the count of bytes is not the algorithm's.
    public init?(algorithm: Algorithm, bytes: [UInt8]) {
        guard bytes.count == algorithm.byteCount else { return nil }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// Parses `<algorithm>:<hex>`; `nil` for an unknown algorithm, a wrong length or a character that is not hexadecimal.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.firstIndex(of: ":"),
            let algorithm = Algorithm(rawValue: String(text[..<colon])),
            let bytes = Hex.decode(text[text.index(after: colon)...])
        else { return nil }
        self.init(algorithm: algorithm, bytes: bytes)
    }

    /// The checksum as a digest, when it is a SHA-256.
    public var digest: Digest? { algorithm == .sha256 ? Digest(bytes: bytes) : nil }
}

extension Checksum: CustomStringConvertible {
    public var description: String { "\(algorithm.rawValue):\(Hex.encode(bytes))" }
}
