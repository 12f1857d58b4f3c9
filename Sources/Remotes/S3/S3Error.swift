/// The `Error` element of an answer (Amazon S3 API Reference, "Error responses").
struct S3Error {
    var code: String
    var message: String?
    var region: String?
    var storageClass: String?

    /// `nil` when the body is no such element.
    init?(_ body: [UInt8]) {
        var texts: [String: String] = [:]
        do throws(XMLError) {
            var reader = try XMLReader(body)
            let root = try reader.root()
            guard root == "Error" || root == "ErrorResponse" else { return nil }
            try reader.children { reader, name throws(XMLError) in
                // STS, and some servers, put it one level deeper.
                guard name == "Error" else { return try Self.keep(&texts, name, &reader) }
                try reader.children { reader, name throws(XMLError) in try Self.keep(&texts, name, &reader) }
            }
        } catch {
            // The body may be cut: what was read before counts.
        }
        guard let code = texts["Code"], !code.isEmpty else { return nil }
        self.code = code
        // A server may repeat what it was asked with; a signature is good for a quarter of an hour.
        message = texts["Message"].flatMap { $0.isEmpty || $0.contains("Signature=") ? nil : $0 }
        region = texts["Region"] ?? texts["BucketRegion"]
        storageClass = texts["StorageClass"]
    }

    private static let names: Set<String> = ["Code", "Message", "Region", "BucketRegion", "StorageClass"]

    private static func keep(
        _ texts: inout [String: String], _ name: String, _ reader: inout XMLReader
    ) throws(XMLError) {
        if names.contains(name) { texts[name] = try reader.text() }
    }

    init(code: String) { self.code = code }

    /// What a status alone tells: the answer to HEAD has no body.
    init(status: Int) {
        code =
            switch status {
            case 301, 307, 308: "PermanentRedirect"
            case 403: "AccessDenied"
            case 404: "NotFound"
            case 405: "MethodNotAllowed"
            case 412: "PreconditionFailed"
            case 416: "InvalidRange"
            case 429, 503: "SlowDown"
            default: ""
            }
    }
}
