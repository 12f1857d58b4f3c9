/// What a remote says that lets us tell "same version": the strongest it offers.
public enum Validator: Hashable, Sendable {
    /// S3 versionId, GCS generation, Azure versionid.
    case version(String)
    /// A checksum that the store computed.
    case checksum(Checksum)
    /// A strong ETag (RFC 9110 section 8.8.3), quotes included.
    case strongETag(String)
    /// A weak ETag, a size in bytes and a Last-Modified in seconds since 1970: each that was there.
    case weak(eTag: String?, size: Int64?, modified: Int64?)

    /// The lock's and the index's form: `version:…`, `checksum:md5:…`, `etag:"…"`, `weak:<size>:<seconds>:<etag>`.
    public var text: String {
        switch self {
        case .version(let version): "version:" + version
        case .checksum(let checksum): "checksum:\(checksum)"
        case .strongETag(let tag): "etag:" + tag
        case .weak(let tag, let size, let modified):
            "weak:\(size.map(String.init) ?? ""):\(modified.map(String.init) ?? ""):\(tag ?? "")"
        }
    }

    /// Parses `text`'s form.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "version": self = .version(String(parts[1]))
        case "checksum":
            guard let checksum = Checksum(parts[1]) else { return nil }
            self = .checksum(checksum)
        case "etag": self = .strongETag(String(parts[1]))
        case "weak":
            let fields = parts[1].split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            self = .weak(
                eTag: fields[2].isEmpty ? nil : String(fields[2]), size: Int64(fields[0]), modified: Int64(fields[1]))
        default: return nil
        }
    }

    /// Whether equal validators mean equal bytes for as long as a download takes: what ranges may be joined by.
    public var isStrong: Bool {
        if case .weak = self { false } else { true }
    }
}
