internal import Planning
internal import Platform

/// The bytes of a snapshot: numbers little-endian, texts with their length in front and a zero byte behind.
///
/// ```
/// magic  XXH3-128 of all that follows  entries  inputs…  chunks { folder  names { … } … }
/// ```
struct SettledWriter {
    static let magic = Array("clearml-sync settled 2\n".utf8)

    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: UInt64(truncatingIfNeeded: value).littleEndian) { bytes += $0 }
    }

    mutating func text(_ text: some Collection<UInt8>) {
        number(text.count)
        terminated(text)
    }

    /// For the kernel's calls, which end at a zero byte.
    mutating func terminated(_ text: some Collection<UInt8>) {
        bytes += text
        bytes.append(0)
    }

    mutating func digest(_ digest: Digest) { bytes += digest.bytes }

    mutating func append(_ other: SettledWriter) { bytes += other.bytes }

    /// The whole file.
    func finished() -> [UInt8] {
        SettledWriter.magic + bytes.withUnsafeBytes { SettledWriter.checksum($0) } + bytes
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hasher = ContentHasher(.xxh3)
        hasher.update(bytes)
        return hasher.finish()
    }
}

/// Reads what `SettledWriter` wrote; its checksum has been compared, so that only a bug could make it wrong.
struct SettledReader {
    private let all: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { all = bytes }

    /// The next bytes; `nil` where there are fewer.
    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= all.count - offset else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: all[offset..<offset + count])
    }

    mutating func number() -> Int64? {
        bytes(8).map { Int64(littleEndian: $0.loadUnaligned(as: Int64.self)) }
    }

    /// As many bytes as the number in front says.
    mutating func block() -> UnsafeRawBufferPointer? { number().flatMap { bytes(Int($0)) } }

    /// The bytes of a text, a zero byte behind them.
    mutating func text() -> UnsafeRawBufferPointer? {
        guard let text = block(), bytes(1) != nil else { return nil }
        return text
    }

    mutating func string() -> String? { text().map { String(decoding: $0, as: UTF8.self) } }

    mutating func digest() -> Digest? { bytes(32).flatMap { Digest(bytes: Array($0)) } }
}
