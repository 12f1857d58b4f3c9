internal import Planning
internal import Platform

extension TreeListing {
    /// The canonical text.
    public var encoded: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + records.count * 80)
        for index in records.indices { TreeListingText.append(line: index, of: self, to: &result) }
        return result
    }
}

/// A listing's text form, on its way out.
enum TreeListingText {
    /// The digest of the text, made piece by piece.
    static func digest(of listing: TreeListing) -> Digest {
        var hasher = ContentHasher(.sha256)
        var piece: [UInt8] = []
        piece.reserveCapacity(80 << 10)
        for index in listing.records.indices {
            append(line: index, of: listing, to: &piece)
            if piece.count > 64 << 10 {
                piece.withUnsafeBytes { hasher.update($0) }
                piece.removeAll(keepingCapacity: true)
            }
        }
        piece.withUnsafeBytes { hasher.update($0) }
        return finish(&hasher)
    }

    static func digest(of encoded: [UInt8]) -> Digest {
        var hasher = ContentHasher(.sha256)
        encoded.withUnsafeBytes { hasher.update($0) }
        return finish(&hasher)
    }

    private static func finish(_ hasher: inout ContentHasher) -> Digest {
        guard let digest = Digest(bytes: hasher.finishAndReset()) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        return digest
    }

    static func append(line index: Int, of listing: TreeListing, to output: inout [UInt8]) {
        let record = listing.records[index]
        let pathEnd = record.start + Int(record.pathLength)
        switch record.kind {
        case .file, .executable:
            output.append(record.kind == .executable ? UInt8(ascii: "x") : UInt8(ascii: "f"))
            output.append(tab)
            if let digest = record.digest { output.append(contentsOf: digest.hex.utf8) }
            output.append(tab)
            output.append(contentsOf: String(record.size).utf8)
        case .symlink:
            output.append(UInt8(ascii: "l"))
            output.append(tab)
            escape(listing.text[pathEnd..<pathEnd + Int(record.targetLength)], into: &output)
        case .folder: output.append(UInt8(ascii: "d"))
        }
        output.append(tab)
        escape(listing.text[record.start..<pathEnd], into: &output)
        output.append(newline)
    }

    static let tab = UInt8(ascii: "\t")
    static let newline = UInt8(ascii: "\n")
    static let backslash = UInt8(ascii: "\\")
    private static let hexDigits = Array("0123456789abcdef".utf8)

    static func escape(_ bytes: ArraySlice<UInt8>, into output: inout [UInt8]) {
        guard bytes.contains(where: { $0 < 0x20 || $0 == backslash || $0 == 0x7F }) else {
            output.append(contentsOf: bytes)
            return
        }
        for byte in bytes {
            switch byte {
            case backslash: output += [backslash, backslash]
            case newline: output += [backslash, UInt8(ascii: "n")]
            case tab: output += [backslash, UInt8(ascii: "t")]
            case ..<0x20, 0x7F:
                output += [backslash, UInt8(ascii: "x"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
    }
}

/// A listing's text form, on its way in: line by line, strictly.
struct TreeListingParser {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// What the next line says, or `nil` after the last.
    mutating func next() throws(TreeListingError) -> TreeListing.Item? {
        guard position < bytes.count else { return nil }
        line += 1
        guard let end = bytes[position...].firstIndex(of: TreeListingText.newline) else { throw .malformed(line: line) }
        let fields = bytes[position..<end].split(separator: TreeListingText.tab, omittingEmptySubsequences: false)
        position = end + 1
        guard let kind = fields.first, kind.count == 1, let last = fields.last, let path = unescape(last),
            let item = item(kind.first, fields.dropFirst().dropLast())
        else { throw .malformed(line: line) }
        return TreeListing.Item(path: path, kind: item)
    }

    private func item(_ kind: UInt8?, _ fields: ArraySlice<ArraySlice<UInt8>>) -> TreeListing.Item.Kind? {
        switch (kind, fields.count) {
        case (UInt8(ascii: "f"), 2), (UInt8(ascii: "x"), 2):
            guard let hex = fields.first, let number = fields.last,
                let digest = Digest(hex: String(decoding: hex, as: UTF8.self)),
                !hex.contains(where: { isUppercase($0) }),
                let size = size(number)
            else { return nil }
            return .file(digest: digest, size: size, executable: kind == UInt8(ascii: "x"))
        case (UInt8(ascii: "l"), 1):
            guard let target = fields.first.flatMap(unescape), !target.isEmpty else { return nil }
            return .symlink(target: target)
        case (UInt8(ascii: "d"), 0): return .folder
        default: return nil
        }
    }

    private func isUppercase(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte) }

    /// Decimal digits without a leading zero.
    private func size(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    /// The text, or `nil` when it is not UTF-8 or not what `escape` gives.
    private func unescape(_ bytes: ArraySlice<UInt8>) -> String? {
        if !bytes.contains(where: { $0 < 0x20 || $0 == TreeListingText.backslash || $0 == 0x7F }) {
            return String(validating: bytes, as: UTF8.self)
        }
        var plain: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == TreeListingText.backslash else {
                plain.append(byte)
                continue
            }
            switch rest.popFirst() {
            case TreeListingText.backslash: plain.append(TreeListingText.backslash)
            case UInt8(ascii: "n"): plain.append(TreeListingText.newline)
            case UInt8(ascii: "t"): plain.append(TreeListingText.tab)
            case UInt8(ascii: "x"):
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else {
                    return nil
                }
                plain.append(value)
                rest = rest.dropFirst(2)
            default: return nil
            }
        }
        var again: [UInt8] = []
        TreeListingText.escape(plain[...], into: &again)
        return again.elementsEqual(bytes) ? String(validating: plain, as: UTF8.self) : nil
    }
}
