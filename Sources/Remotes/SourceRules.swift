public import Planning
public import Platform

/// How URLs become sources: which transport, with which headers and trust.
public struct SourceRules: Sendable {
    /// One place where an object's bytes can be had.
    public enum Source: Sendable {
        case local(String)
        case http(HTTPSource)
    }

    /// A URL that this program cannot fetch from.
    public struct Unsupported: Error, Sendable, CustomStringConvertible {
        public var scheme: String
        public var description: String { "'\(scheme)://' cannot be fetched from by this version" }
    }

    public var clientConfiguration = HTTPConfiguration.fromEnvironment()

    public init() {}

    /// The URL's source, then those of its mirrors.
    public func sources(_ url: LogicalURL, mirrors: [LogicalURL], base: String) throws(Unsupported) -> [Source] {
        var found: [Source] = []
        for url in [url] + mirrors { found.append(try source(url, base: base)) }
        return found
    }

    private func source(_ url: LogicalURL, base: String) throws(Unsupported) -> Source {
        if let path = url.localPath(base: base) { return .local(path) }
        switch url.scheme {
        case .http, .https: return .http(HTTPSource(url: url.raw))
        default: throw Unsupported(scheme: url.scheme.rawValue)
        }
    }
}
