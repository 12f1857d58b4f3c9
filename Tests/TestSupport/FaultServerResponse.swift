extension FaultServer {
    /// An answer and what goes wrong with it.
    public struct Response: Sendable {
        /// How the end of the body is told.
        public enum Framing: Sendable {
            case contentLength
            /// Content-Length says this, whatever the body is: less is sent and the connection closed, or more is sent.
            case declaring(Int)
            case chunked
            case untilClose
        }

        /// Happens after that many bytes of the body.
        public enum Fault: Sendable {
            /// The connection is closed in good order.
            case closeAfter(Int)
            /// The connection is reset (RST).
            case resetAfter(Int)
            /// Nothing more comes until the client goes or the server is stopped.
            case stallAfter(Int)
            /// Body bytes a second, in about 20 pieces a second.
            case trickle(bytesPerSecond: Int)
            /// No response at all: the connection is closed instead.
            case noResponse
        }

        public var status: Int
        public var headers: [(name: String, value: String)]
        public var body: [UInt8]
        public var framing: Framing
        public var fault: Fault?
        /// Sent instead of a response.
        public var garbage: [UInt8]?
        /// Whole head blocks before the final one, as `HTTP/1.1 103 Early Hints`.
        public var interim: [String] = []
        /// Fields after a chunked body.
        public var trailers: [(name: String, value: String)] = []

        public init(
            status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
            framing: Framing = .contentLength, fault: Fault? = nil
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.framing = framing
            self.fault = fault
        }

        /// The connection does not outlive the response.
        var closes: Bool {
            if garbage != nil { return true }
            switch framing {
            case .untilClose: return true
            case .declaring(let length): return length != body.count
            case .contentLength, .chunked: return false
            }
        }

        public static func text(_ text: String, status: Int = 200) -> Response {
            Response(status: status, body: Array(text.utf8))
        }

        public static func redirect(to location: String, status: Int = 302) -> Response {
            Response(status: status, headers: [("Location", location)], body: Array("moved\n".utf8))
        }

        public static func unavailable(retryAfter: String? = nil, status: Int = 503) -> Response {
            Response(
                status: status, headers: retryAfter.map { [("Retry-After", $0)] } ?? [], body: Array("later\n".utf8))
        }

        /// Something that is not HTTP.
        public static func garbage(_ text: String = "\u{1}\u{2} not http at all\r\n\r\n") -> Response {
            var response = Response()
            response.garbage = Array(text.utf8)
            return response
        }

        /// This answer with a fault.
        public func with(_ fault: Fault) -> Response {
            var response = self
            response.fault = fault
            return response
        }

        public func with(_ framing: Framing) -> Response {
            var response = self
            response.framing = framing
            return response
        }

        /// What a good server says to a GET or HEAD of a file (RFC 9110, 13.2.2 and 14): conditions, then one range.
        /// - Parameters:
        ///   - servesRanges: false: a Range field is ignored.
        ///   - modified: Last-Modified.
        public static func file(
            _ bytes: [UInt8], for request: Request, eTag: String? = "\"1\"", servesRanges: Bool = true,
            modified: String = "Wed, 21 Oct 2015 07:28:00 GMT"
        ) -> Response {
            var headers = [("Last-Modified", modified), ("Content-Type", "application/octet-stream")]
            if let eTag { headers.append(("ETag", eTag)) }
            if servesRanges { headers.append(("Accept-Ranges", "bytes")) }
            let lists = { (field: String, tag: String?) in
                field == "*" || field.split(separator: ",").contains { $0.trimmed == tag }
            }
            if let condition = request["If-Match"], !lists(condition, eTag) {
                return Response(status: 412, headers: headers, body: Array("changed\n".utf8))
            }
            if let condition = request["If-None-Match"], lists(condition, eTag) {
                return Response(status: 304, headers: headers)
            }
            var wanted = servesRanges ? request["Range"].flatMap(ByteRange.init(field:)) : nil
            if let condition = request["If-Range"], condition != eTag, condition != modified { wanted = nil }
            guard let wanted else { return Response(headers: headers, body: bytes) }
            guard let range = wanted.resolved(bytes.count) else {
                return Response(status: 416, headers: headers + [("Content-Range", "bytes */\(bytes.count)")])
            }
            headers.append(("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)"))
            return Response(status: 206, headers: headers, body: Array(bytes[range]))
        }
    }

    /// `bytes=a-b`, `bytes=a-` or `bytes=-n`.
    private enum ByteRange {
        case from(Int, through: Int?)
        case last(Int)

        init?(field: String) {
            guard field.hasPrefix("bytes=") else { return nil }
            let ends = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2 else { return nil }
            if ends[0].isEmpty {
                guard let count = Int(ends[1]) else { return nil }
                self = .last(count)
            } else {
                guard let first = Int(ends[0]), ends[1].isEmpty || Int(ends[1]) != nil else { return nil }
                self = .from(first, through: Int(ends[1]))
            }
        }

        /// nil: not satisfiable.
        func resolved(_ size: Int) -> Range<Int>? {
            switch self {
            case .from(let first, let last):
                guard first < size, last.map({ $0 >= first }) ?? true else { return nil }
                return first..<min(size, (last ?? size - 1) + 1)
            case .last(let count): return count > 0 && size > 0 ? max(0, size - count)..<size : nil
            }
        }
    }
}

extension Substring {
    fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
