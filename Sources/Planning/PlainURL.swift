/// A URL of one object that is written in the one way already, as nearly all are: lower case, no user, no query, no pattern; or an
/// absolute path without a pattern.
/// Its parts are found in one pass; what `LogicalURL` has to look at more closely is not plain.
struct PlainURL {
    let scheme: LogicalURL.Scheme
    let host: String
    let port: Int?
    let path: String

    /// - Returns: `nil` also for URLs that are wrong: saying why is `LogicalURL`'s business.
    init?(_ raw: String) {
        guard let parts = raw.utf8.withContiguousStorageIfAvailable(Parts.init) ?? nil else { return nil }
        scheme = parts.scheme
        host = raw.text(parts.host)
        port = parts.port
        path = raw.text(parts.path)
    }

    /// Where the parts stand, in bytes.
    private struct Parts {
        let scheme: LogicalURL.Scheme
        let host, path: Range<Int>
        let port: Int?

        init?(_ bytes: UnsafeBufferPointer<UInt8>) {
            guard bytes.last != UInt8(ascii: "/") else { return nil }
            guard bytes.first != UInt8(ascii: "/") else {
                guard !bytes.contains(where: Self.hasMeaning) else { return nil }
                (scheme, host, port, path) = (.path, 0..<0, nil, 0..<bytes.count)
                return
            }
            guard let scheme = Self.schemes.first(where: { bytes.starts(with: $0.prefix) }) else { return nil }
            self.scheme = scheme.value
            let start = scheme.prefix.utf8CodeUnitCount
            var offset = start
            while offset < bytes.count, Self.isPlain(bytes[offset]) { offset += 1 }
            host = start..<offset
            guard !host.isEmpty, offset < bytes.count, let port = Self.port(bytes, &offset, scheme.value) else {
                return nil
            }
            self.port = port
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "/") else { return nil }
            path = offset..<bytes.count
            for byte in bytes[path] where Self.hasMeaning(byte) { return nil }
        }

        private static let schemes: [(prefix: StaticString, value: LogicalURL.Scheme)] = [
            ("https://", .https), ("s3://", .s3), ("http://", .http), ("gs://", .gs), ("azure://", .azure),
        ]

        /// - Returns: `.some(nil)` without a port, `nil` for one that would be written differently.
        private static func port(
            _ bytes: UnsafeBufferPointer<UInt8>, _ offset: inout Int, _ scheme: LogicalURL.Scheme
        ) -> Int?? {
            guard bytes[offset] == UInt8(ascii: ":") else { return .some(nil) }
            offset += 1
            var port = 0
            let start = offset
            while offset < bytes.count, isDigit(bytes[offset]), port < 65_536 {
                port = port * 10 + Int(bytes[offset] - UInt8(ascii: "0"))
                offset += 1
            }
            let standard = scheme == .http ? 80 : scheme == .https ? 443 : 0
            guard (1..<65_536).contains(port), port != standard, bytes[start] != UInt8(ascii: "0") else { return nil }
            return port
        }

        private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

        private static func isPlain(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || isDigit(byte) || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "-")
        }

        /// Query, fragment, user, wildcard, range, and what no URL may hold.
        private static func hasMeaning(_ byte: UInt8) -> Bool {
            switch byte {
            case 0, UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "@"), UInt8(ascii: "*"), UInt8(ascii: "{"): true
            default: false
            }
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { starts(with: $0) }
    }
}

extension String {
    /// The text at these bytes, which begin and end between characters.
    fileprivate func text(_ bytes: Range<Int>) -> String {
        let start = utf8.index(utf8.startIndex, offsetBy: bytes.lowerBound)
        return String(self[start..<utf8.index(start, offsetBy: bytes.count)])
    }
}
