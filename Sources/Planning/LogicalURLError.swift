/// Why a text is not a URL that can be fetched. No case carries more of the text than its scheme or host: it may hold secrets.
public enum LogicalURLError: Error, Hashable, Sendable {
    case empty
    case nulCharacter
    case unknownScheme(String)
    case missingSlashes(LogicalURL.Scheme)
    case tilde
    case fileHost(String)
    case missingHost
    case badHost
    case badPort
    case missingPath(LogicalURL.Scheme)
    case badPercentEncoding
    case listingNotOffered
    case wildcardNotOffered
    case wildcardAndRange
    case rangeOfFolders
    case glob(GlobError)
    case range(NumberedRangeError)
}

extension LogicalURLError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "a URL cannot be empty"
        case .nulCharacter: "a URL cannot hold a NUL character"
        case .unknownScheme(let name): Self.unknown(name)
        case .missingSlashes(let scheme):
            "'\(scheme.rawValue):' needs '//' behind it (for a local path: './\(scheme.rawValue):…')"
        case .tilde: "'~' is not expanded here; write '${env.HOME}/…', or './~' for a folder of that name"
        case .fileHost(let host): "a file URL names this machine: write 'file:///path', not a host ('\(host)')"
        case .missingHost: "the URL has no host or bucket"
        case .badHost: "the host or bucket holds a character that cannot stand there"
        case .badPort: "the port is not a number from 1 to 65535"
        case .missingPath(let scheme) where scheme.isHTTP: "the URL names a host, not a file"
        case .missingPath(.file): "the URL names no path"
        case .missingPath: "the URL names a bucket or account, not an object; end it with '/' for everything in it"
        case .badPercentEncoding:
            "a '%' in a file URL begins an escape such as '%20' for UTF-8 text; write '%25' for the character"
        case .listingNotOffered:
            "HTTP has no listing, so a URL cannot end in '/'; name a file, or number the files: {000..123}"
        case .wildcardNotOffered:
            "HTTP has no listing, so '*' cannot be a wildcard; number the files: {000..123}, or write '\\*'"
        case .wildcardAndRange: "a URL holds wildcards or numbered ranges, not both"
        case .rangeOfFolders: "a numbered range names objects, so the URL cannot end in '/'"
        case .glob(let error): error.description
        case .range(let error): error.description
        }
    }

    private static func unknown(_ name: String) -> String {
        let known = LogicalURL.Scheme.allCases.filter { $0 != .path }.map(\.rawValue)
        let synonyms = [
            "gcs": "gs", "s3a": "s3", "s3n": "s3", "minio": "s3", "az": "azure", "abfs": "azure", "abfss": "azure",
        ]
        let near = synonyms[name.lowercased()] ?? Suggestion.nearest(to: name, among: known)
        let hint = near.map { "; did you mean '\($0)://'?" } ?? " (known: \(known.joined(separator: ", ")))"
        return "unknown scheme '\(name)'\(hint)"
    }
}
