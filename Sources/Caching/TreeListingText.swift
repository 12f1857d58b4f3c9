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
