/// A text that equals another only byte for byte, for keys, paths and URLs as keys of dictionaries and sets.
///
/// Swift takes texts that Unicode calls canonically equivalent for equal: the two forms of `é` are one `String`, and two objects
/// of a store.
public struct ExactText: Hashable, Sendable {
    public let text: String

    public init(_ text: some StringProtocol) { self.text = String(text) }

    public static func == (left: ExactText, right: ExactText) -> Bool {
        let (left, right) = (left.text.utf8, right.text.utf8)
        guard left.count == right.count else { return false }
        // Texts of Swift's own lie in one piece, which is compared far faster than through indices.
        let areEqual = left.withContiguousStorageIfAvailable { left in
            right.withContiguousStorageIfAvailable { equal(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer($0)) }
        }
        return (areEqual ?? nil) ?? left.elementsEqual(right)
    }

    /// Of buffers of one length: eight bytes at a time.
    private static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset + 8 <= left.count {
            guard
                left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                    == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            else { return false }
            offset += 8
        }
        return left[offset...].elementsEqual(right[offset...])
    }

    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension ExactText: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self.init(text) }
}
