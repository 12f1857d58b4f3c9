/// The SHA-256 of a file's content: the identity of every blob and tree. Written `sha256:<64 hex>`.
public struct Digest: Hashable, Sendable, Comparable {
    /// The 32 bytes, big-endian in four words, so that words compare as bytes do.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameter bytes: exactly 32 bytes; `nil` otherwise.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        // Not generic from here on: listings make a million of these.
        let words =
            bytes.withContiguousStorageIfAvailable { Self.words(UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { Self.words($0) }
        self.words = words
    }

    private static func words(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        return (word(0), word(8), word(16), word(24))
    }

    /// - Parameter hex: 64 hexadecimal digits of either case; `nil` otherwise.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// Parses `sha256:<64 hex>`, the form of manifests, locks and messages.
    public init?(_ text: some StringProtocol) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: text.dropFirst(7))
    }

    /// 64 lowercase hexadecimal digits, without the algorithm.
    public var hex: String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            write(hexInto: buffer)
            return 64
        }
    }

    /// Writes `hex` into the first 64 bytes of a buffer.
    public func write(hexInto buffer: UnsafeMutableBufferPointer<UInt8>) {
        Self.write(words.0, into: buffer, at: 0)
        Self.write(words.1, into: buffer, at: 16)
        Self.write(words.2, into: buffer, at: 32)
        Self.write(words.3, into: buffer, at: 48)
    }

    private static func write(_ word: UInt64, into buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        for index in 0..<16 {
            buffer[start + index] = Hex.digit(UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * index)) & 15)
        }
    }

    /// 32 bytes.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            buffer.storeBytes(of: words.0.bigEndian, as: UInt64.self)
            buffer.storeBytes(of: words.1.bigEndian, toByteOffset: 8, as: UInt64.self)
            buffer.storeBytes(of: words.2.bigEndian, toByteOffset: 16, as: UInt64.self)
            buffer.storeBytes(of: words.3.bigEndian, toByteOffset: 24, as: UInt64.self)
            count = 32
        }
    }

    /// The first eight bytes, well mixed: for seals and lock offsets, never an identity.
    public var prefix: UInt64 { words.0 }

    public static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }
    public static func < (left: Digest, right: Digest) -> Bool { left.words < right.words }
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension Digest: CustomStringConvertible {
    public var description: String { "sha256:" + hex }
}

/// Hexadecimal text, in one place.
public enum Hex {
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }

    /// Lowercase hexadecimal text of the bytes.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        // Not generic from here on: an index has one of these in each row.
        bytes.withContiguousStorageIfAvailable { text(of: $0) } ?? Array(bytes).withUnsafeBufferPointer { text(of: $0) }
    }

    private static func text(of bytes: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for index in bytes.indices {
                buffer[2 * index] = digit(bytes[index] >> 4)
                buffer[2 * index + 1] = digit(bytes[index] & 15)
            }
            return bytes.count * 2
        }
    }

    /// The bytes that the text spells, or `nil` for an odd length or another character.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = character - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = character - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? bytes : nil
    }
}
