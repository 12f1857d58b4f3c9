internal import Planning
internal import Platform

/// The bytes of a snapshot: numbers little-endian, texts with their length in front.
///
/// ```
/// magic  XXH3-128 of all that follows  entries  inputs…  folders { path  chunks { names… } … }
/// ```
struct SettledWriter {
    static let magic = Array("clearml-sync settled 1\n".utf8)

    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: UInt64(truncatingIfNeeded: value).littleEndian) { bytes += $0 }
    }

    mutating func text(_ text: String) {
        number(text.utf8.count)
        bytes += text.utf8
        // For the kernel's calls, which end at a zero byte.
        bytes.append(0)
    }

    mutating func digest(_ digest: Digest) { bytes += digest.bytes }

    mutating func append(_ other: SettledWriter) { bytes += other.bytes }

    mutating func input(_ input: SettledInput) {
        switch input {
        case .file(let path, let digest):
            number(0)
            text(path)
            self.digest(digest)
        case .variable(let name, let digest):
            number(1)
            text(name)
            self.digest(digest)
        case .own(let path, let size, let modified, let inode):
            number(2)
            text(path)
            number(size)
            number(modified.seconds)
            number(modified.nanoseconds)
            number(inode)
        case .names(let folder, let digest):
            number(3)
            text(folder)
            self.digest(digest)
        }
    }

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
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func number() -> Int64? {
        guard offset + 8 <= bytes.count else { return nil }
        defer { offset += 8 }
        return Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }

    /// The bytes of a text, a zero byte behind them.
    mutating func text() -> UnsafeRawBufferPointer? {
        guard let count = number(), count >= 0, offset + Int(count) < bytes.count else { return nil }
        defer { offset += Int(count) + 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)])
    }

    mutating func string() -> String? { text().map { String(decoding: $0, as: UTF8.self) } }

    mutating func digest() -> Digest? {
        guard offset + 32 <= bytes.count else { return nil }
        defer { offset += 32 }
        return Digest(bytes: Array(bytes[offset..<offset + 32]))
    }

    mutating func input() -> SettledInput? {
        switch number() {
        case 0:
            guard let path = string(), let digest = digest() else { return nil }
            return .file(path: path, digest: digest)
        case 1:
            guard let name = string(), let digest = digest() else { return nil }
            return .variable(name: name, digest: digest)
        case 2:
            guard let path = string(), let size = number(), let seconds = number(), let nanoseconds = number(),
                let inode = number()
            else { return nil }
            let modified = FileTime(seconds: Int(seconds), nanoseconds: Int(nanoseconds))
            return .own(path: path, size: size, modified: modified, inode: UInt64(bitPattern: inode))
        case 3:
            guard let folder = string(), let digest = digest() else { return nil }
            return .names(folder: folder, digest: digest)
        default: return nil
        }
    }
}
