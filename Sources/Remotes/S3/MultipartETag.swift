public import Planning
internal import Platform

/// The ETag that S3 gives an object uploaded in parts: the MD5 of the parts' MD5s, and their number. It depends on the size of
/// the parts, and is no MD5 of the content.
public struct MultipartETag: Hashable, Sendable {
    /// Quotes included.
    public let text: String

    /// - Parameter md5s: of the parts, in order, 16 bytes each.
    public init(partMD5s md5s: [[UInt8]]) {
        text = "\"\(Hex.encode(HashFunction.md5.hash(Array(md5s.joined()))))-\(md5s.count)\""
    }

    /// The number of parts that an ETag tells; `nil` for one that is not of this kind.
    public static func parts(ofETag tag: String) -> Int? {
        let bare = unquoted(tag)
        guard let dash = bare.utf8.firstIndex(of: UInt8(ascii: "-")), Hex.decode(bare[..<dash])?.count == 16,
            let count = Int(bare[bare.utf8.index(after: dash)...]), (1...10_000).contains(count)
        else { return nil }
        return count
    }

    /// The MD5 of the content that the ETag of an object in one part is, where nothing says otherwise.
    public static func md5(ofETag tag: String) -> Checksum? {
        let bare = unquoted(tag)
        guard bare.utf8.count == 32, let bytes = Hex.decode(bare) else { return nil }
        return Checksum(algorithm: .md5, bytes: bytes)
    }

    /// The size of parts that an object of `size` bytes may have been cut into: `count` of them, all of one size but the last.
    /// - Parameter candidates: sizes to try, in bytes.
    public static func partSize(of size: Int64, parts count: Int, among candidates: [Int64]) -> Int64? {
        candidates.first { $0 > 0 && (size + $0 - 1) / $0 == Int64(count) }
    }

    private static func unquoted(_ tag: String) -> Substring {
        guard tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else { return tag[...] }
        return tag.dropFirst().dropLast()
    }
}
