internal import Planning
internal import Platform

/// `extra_args` of the configuration as header fields: the names of boto3's `ExtraArgs`, each understood or refused by name.
struct S3RequestOptions: Sendable {
    /// What a request is about: each kind takes other fields.
    enum Purpose {
        case get, list, put, begin, part, complete
        /// `abort` and `delete`.
        case end
    }

    /// Which requests take an argument's fields.
    private enum Scope {
        /// Those that make an object.
        case object
        /// Those that read or write content: a customer's key is needed for both.
        case content
        case every
    }

    private var fields: [(scope: Scope, field: HTTPField)] = []
    /// `ContentType`: before what the file's name says.
    private(set) var contentType: String?
    private(set) var checksumAlgorithm: HashFunction?

    /// - Parameters:
    ///   - arguments: values as JSON text.
    ///   - key: `sdk.aws.s3.extra_args`, for messages.
    init(_ arguments: [String: String] = [:], key: String = "extra_args") throws(Refusal) {
        for (name, text) in arguments.sorted(by: { $0.key < $1.key }) {
            guard let value = try? JSON(parsing: text) else { throw Self.problem(name, key, "cannot be read") }
            try add(name, value, key)
        }
    }

    func fields(for purpose: Purpose) -> [HTTPField] {
        fields.filter { entry in
            switch entry.scope {
            case .every: true
            case .content:
                purpose == .get || purpose == .put || purpose == .begin || purpose == .part || purpose == .complete
            case .object: purpose == .put || purpose == .begin
            }
        }.map(\.field)
    }

    // MARK: Arguments

    /// Arguments that are one field each.
    private static let names: [String: (field: String, scope: Scope)] = [
        "ACL": ("x-amz-acl", .object), "CacheControl": ("Cache-Control", .object),
        "ContentDisposition": ("Content-Disposition", .object), "ContentEncoding": ("Content-Encoding", .object),
        "ContentLanguage": ("Content-Language", .object),
        "ExpectedBucketOwner": ("x-amz-expected-bucket-owner", .every),
        "Expires": ("Expires", .object), "GrantFullControl": ("x-amz-grant-full-control", .object),
        "GrantRead": ("x-amz-grant-read", .object), "GrantReadACP": ("x-amz-grant-read-acp", .object),
        "GrantWriteACP": ("x-amz-grant-write-acp", .object),
        "ObjectLockLegalHoldStatus": ("x-amz-object-lock-legal-hold", .object),
        "ObjectLockMode": ("x-amz-object-lock-mode", .object),
        "ObjectLockRetainUntilDate": ("x-amz-object-lock-retain-until-date", .object),
        "RequestPayer": ("x-amz-request-payer", .every),
        "ServerSideEncryption": ("x-amz-server-side-encryption", .object),
        "SSEKMSKeyId": ("x-amz-server-side-encryption-aws-kms-key-id", .object),
        "SSEKMSEncryptionContext": ("x-amz-server-side-encryption-context", .object),
        "SSECustomerAlgorithm": ("x-amz-server-side-encryption-customer-algorithm", .content),
        "StorageClass": ("x-amz-storage-class", .object), "Tagging": ("x-amz-tagging", .object),
        "WebsiteRedirectLocation": ("x-amz-website-redirect-location", .object),
    ]

    private mutating func add(_ name: String, _ value: JSON, _ key: String) throws(Refusal) {
        switch name {
        case "Metadata":
            guard case .object(let members) = value else { throw Self.problem(name, key, "is not an object") }
            for member in members {
                let text = try Self.text(member.value, name, key)
                try append(.object, "x-amz-meta-\(member.key.lowercased())", text, name, key)
            }
        case "ContentType": contentType = try Self.text(value, name, key)
        case "ChecksumAlgorithm":
            switch try Self.text(value, name, key).uppercased() {
            case "SHA256": checksumAlgorithm = .sha256
            case "CRC32C": checksumAlgorithm = .crc32c
            default: throw Self.problem(name, key, "must be SHA256 or CRC32C")
            }
        case "SSECustomerKey":
            let secret = Array(try Self.text(value, name, key).utf8)
            guard secret.count == 32 else { throw Self.problem(name, key, "must be 32 bytes long") }
            let prefix = "x-amz-server-side-encryption-customer-key"
            fields.append((.content, HTTPField(prefix, Base64.encode(secret), isSecret: true)))
            let md5 = Base64.encode(HashFunction.md5.hash(secret))
            fields.append((.content, HTTPField(prefix + "-MD5", md5)))
        case "SSECustomerKeyMD5": break  // Follows from the key.
        default:
            guard let (field, scope) = Self.names[name] else { throw Self.unknown(name, key) }
            try append(scope, field, try Self.text(value, name, key), name, key)
        }
    }

    private mutating func append(
        _ scope: Scope, _ field: String, _ value: String, _ name: String, _ key: String
    ) throws(Refusal) {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw Self.problem(name, key, "holds a character that a header cannot carry")
        }
        fields.append((scope, HTTPField(field, value)))
    }

    private static func text(_ value: JSON, _ name: String, _ key: String) throws(Refusal) -> String {
        switch value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .bool(let flag): return flag ? "true" : "false"
        case .null, .number, .array, .object: throw problem(name, key, "is not a text")
        }
    }

    private static func problem(_ name: String, _ key: String, _ what: String) -> Refusal {
        Refusal(.configuration, "\(key).\(name) \(what)")
    }

    private static func unknown(_ name: String, _ key: String) -> Refusal {
        let known = (Array(names.keys) + ["Metadata", "ContentType", "ChecksumAlgorithm", "SSECustomerKey"]).sorted()
        return Refusal(
            .configuration, "\(key).\(name) is not an argument that S3 uploads have here",
            advice: "these are: \(known.joined(separator: ", "))")
    }
}
