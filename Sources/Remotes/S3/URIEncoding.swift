/// Percent-encoding as SigV4 has it: every byte but `A-Z a-z 0-9 - . _ ~`, in capitals.
enum URIEncoding {
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10 }
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digit(byte >> 4))
        bytes.append(digit(byte & 15))
    }

    /// A key, whose slashes stay.
    static func path(_ key: String) -> String { encode(key, keepsSlash: true) }

    /// A name or value of a query.
    static func parameter(_ text: String) -> String { encode(text, keepsSlash: false) }

    private static func encode(_ text: String, keepsSlash: Bool) -> String {
        func stays(_ byte: UInt8) -> Bool { isUnreserved(byte) || keepsSlash && byte == UInt8(ascii: "/") }
        if text.utf8.allSatisfy(stays) { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 2)
        for byte in text.utf8 { if stays(byte) { bytes.append(byte) } else { appendEscape(byte, to: &bytes) } }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What `encoding-type=url` made of a key: MinIO writes a space as `+`, radosgw as `%20`; a real `+` is always `%2B`.
    /// `nil` for an escape that is none, or bytes that are no text.
    static func decodeListed(_ text: String) -> String? {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return text }
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(value), let low = rest.next().flatMap(value) else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Host, path and query of a URL that is already encoded.
struct URLParts {
    var host: Substring.UTF8View
    var path: Substring.UTF8View
    var query: Substring.UTF8View

    init(_ url: String) {
        let all = url[...].utf8
        var start = all.startIndex
        if let colon = all.firstIndex(of: UInt8(ascii: ":")), all[colon...].starts(with: "://".utf8) {
            start = all.index(colon, offsetBy: 3)
        }
        let end = all[start...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? all.endIndex
        let mark = all[end...].firstIndex(of: UInt8(ascii: "?")) ?? all.endIndex
        host = all[start..<end]
        path = all[end..<mark]
        query = mark < all.endIndex ? all[all.index(after: mark)...] : all[mark...]
    }
}

extension String {
    /// Only ASCII letters change.
    var asciiLowercased: String {
        guard utf8.contains(where: { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }) else { return self }
        return String(
            decoding: utf8.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
