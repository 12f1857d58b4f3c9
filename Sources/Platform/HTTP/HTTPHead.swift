internal import Glibc

/// Status line and header fields of a response. Keeps the raw bytes and parses what is asked for.
public struct HTTPHead: Sendable {
    public let status: Int
    /// The URL that gave this response, after redirects; without user and password. Print it redacted only.
    public let effectiveURL: String
    /// As received, line ends included: `HTTP/1.1 200 OK\r\nName: value\r\n…`.
    private let raw: [UInt8]
    /// Where the fields stand in `raw`, in the order received.
    private let places: [(name: Range<Int>, value: Range<Int>)]

    /// Fails on anything that does not start as a status line does (RFC 9112, 4; `HTTP/2 200` is how libcurl writes
    /// the one that HTTP/2 lacks).
    init?(raw: [UInt8], effectiveURL: String) {
        guard let status = Self.status(of: raw[...]) else { return nil }
        self.status = status
        self.raw = raw
        places = Self.places(raw)
        self.effectiveURL = effectiveURL
    }

    static func status(of line: ArraySlice<UInt8>) -> Int? {
        guard line.starts(with: "HTTP/".utf8), let space = line.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        return Int(ascii: line[(space + 1)...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
    }

    /// `1.0`, `1.1`, `2` or `3`.
    public var httpVersion: String {
        String(decoding: raw[5...].prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
    }

    // MARK: Fields

    /// The last field of this name, in any case; bytes that are not UTF-8 become U+FFFD.
    public subscript(name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }

    /// All fields of this name, in the order received.
    public func values(_ name: String) -> [String] {
        var found: [String] = []
        forEachField { field, value in
            if field.equalsIgnoringCase(name.utf8) { found.append(String(decoding: value, as: UTF8.self)) }
        }
        return found
    }

    /// All fields in the order received, for storing or printing.
    public var fields: [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        forEachField { name, value in
            found.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return found
    }

    private func bytes(_ name: String) -> ArraySlice<UInt8>? {
        let wanted = name.utf8
        let place = raw.withUnsafeBufferPointer { raw in
            places.last { $0.name.count == wanted.count && raw[$0.name].equalsIgnoringCase(wanted) }
        }
        return place.map { raw[$0.value] }
    }

    private func forEachField(_ body: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void) {
        for place in places { body(raw[place.name], raw[place.value]) }
    }

    private static func places(_ raw: [UInt8]) -> [(name: Range<Int>, value: Range<Int>)] {
        raw.withUnsafeBufferPointer { raw in
            var places: [(name: Range<Int>, value: Range<Int>)] = []
            places.reserveCapacity(16)
            var (start, colon) = (0, -1)
            for index in raw.indices {
                switch raw[index] {
                case UInt8(ascii: ":") where colon < start: colon = index
                case UInt8(ascii: "\n"):
                    if colon >= start, !raw[start...].starts(with: "HTTP/".utf8) {
                        places.append((start..<colon, trimmed(colon + 1..<index, raw)))
                    }
                    start = index + 1
                default: break
                }
            }
            return places
        }
    }

    /// Without spaces, tabs and line ends around it.
    private static func trimmed(_ range: Range<Int>, _ raw: UnsafeBufferPointer<UInt8>) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper, raw[lower].isHTTPSpace { lower += 1 }
        while lower < upper, raw[upper - 1].isHTTPSpace { upper -= 1 }
        return lower..<upper
    }

    // MARK: Known fields; nil where the field is absent or malformed

    public var contentLength: Int64? { bytes("Content-Length").flatMap { Int64(ascii: $0) } }

    public var contentRange: HTTPContentRange? { bytes("Content-Range").flatMap(HTTPContentRange.init(field:)) }

    public var eTag: HTTPETag? { self["ETag"].flatMap(HTTPETag.init(field:)) }

    /// Seconds since 1970-01-01 UTC.
    public var lastModified: Int64? { self["Last-Modified"].flatMap(HTTPDate.parse) }

    /// The server's clock, in seconds since 1970-01-01 UTC.
    public var date: Int64? { self["Date"].flatMap(HTTPDate.parse) }

    /// Only that the server says so; one that says nothing may serve ranges as well.
    public var acceptsRanges: Bool { self["Accept-Ranges"]?.lowercased() == "bytes" }

    /// Content coding other than identity, lowercased: the body is not the object itself.
    public var contentEncoding: String? {
        guard let coding = self["Content-Encoding"]?.lowercased(), !coding.isEmpty, coding != "identity" else {
            return nil
        }
        return coding
    }

    /// Seconds to wait, from either form of Retry-After (RFC 9110, 10.2.3); never negative.
    public var retryAfter: Double? {
        guard let value = self["Retry-After"] else { return nil }
        if let seconds = Int64(ascii: Array(value.utf8)[...]) { return Double(seconds) }
        guard let date = HTTPDate.parse(value) else { return nil }
        return Double(max(0, date - Int64(time(nil))))
    }
}

/// A Content-Range field (RFC 9110, 14.4).
public struct HTTPContentRange: Hashable, Sendable {
    /// Bytes that the body holds; nil in a 416 response (`bytes */123`).
    public var range: Range<Int64>?
    /// Length of the whole object; nil for `*`.
    public var total: Int64?

    /// - Parameter field: as in `bytes 0-99/1234`.
    public init?(field: some Collection<UInt8>) {
        let bytes = Array(field)
        guard bytes.count > 6, bytes[..<6].equalsIgnoringCase("bytes ".utf8),
            let slash = bytes.firstIndex(of: UInt8(ascii: "/"))
        else { return nil }
        let (span, length) = (bytes[6..<slash].trimmingWhitespace(), bytes[(slash + 1)...])
        if !length.elementsEqual("*".utf8) {
            guard let total = Int64(ascii: length) else { return nil }
            self.total = total
        }
        if span.elementsEqual("*".utf8) { return }
        guard let dash = span.firstIndex(of: UInt8(ascii: "-")), let first = Int64(ascii: span[..<dash]),
            let last = Int64(ascii: span[(dash + 1)...]), first <= last, last < (total ?? .max)
        else { return nil }
        range = first..<(last + 1)
    }
}

/// An entity tag (RFC 9110, 8.8.3).
public struct HTTPETag: Hashable, Sendable {
    /// As sent, quotes and `W/` included: what If-Match and If-Range take.
    public var text: String
    /// Two weak tags that are equal do not promise equal bytes.
    public var isWeak: Bool { text.hasPrefix("W/") }

    public init?(field: String) {
        guard !field.isEmpty else { return nil }
        text = field
    }
}

extension UInt8 {
    fileprivate var isHTTPSpace: Bool { self == 32 || self == 9 || self == 13 || self == 10 }
}

extension ArraySlice<UInt8> {
    /// Without spaces, tabs and line ends around it.
    fileprivate func trimmingWhitespace() -> ArraySlice<UInt8> {
        guard let start = firstIndex(where: { !$0.isHTTPSpace }), let end = lastIndex(where: { !$0.isHTTPSpace }) else {
            return []
        }
        return self[start...end]
    }
}

extension FixedWidthInteger {
    /// Digits only: no sign, no space, no overflow.
    init?(ascii digits: ArraySlice<UInt8>) {
        guard !digits.isEmpty else { return nil }
        var value: Self = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Self(byte - UInt8(ascii: "0")))
            guard !tooLarge, !overflow else { return nil }
            value = sum
        }
        self = value
    }
}
