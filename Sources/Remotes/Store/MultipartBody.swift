/// A body of several parts, each with headers of its own (RFC 2046, section 5.1).
struct MultipartBody {
    /// Random, so that no content holds it.
    let boundary: String
    private var bytes: [UInt8] = []

    /// - Parameter capacity: bytes that will come, parts and headers together.
    init(capacity: Int) {
        var generator = SystemRandomNumberGenerator()
        boundary = "clearml-sync-\(generator.next() as UInt64)-\(generator.next() as UInt64)"
        bytes.reserveCapacity(capacity)
    }

    mutating func append(_ content: [UInt8], headers: [String]) {
        bytes += "--\(boundary)\r\n".utf8
        for header in headers { bytes += "\(header)\r\n".utf8 }
        bytes += "\r\n".utf8
        bytes += content
        bytes += "\r\n".utf8
    }

    consuming func finished() -> [UInt8] {
        bytes += "--\(boundary)--\r\n".utf8
        return bytes
    }
}
