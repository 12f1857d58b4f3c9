public import Planning

/// How an entry's bytes are reached, and why.
public struct AccessDecision: Sendable {
    /// Where bytes come from: the URL after substitution.
    public var transport: LogicalURL
    /// Used where it lies.
    public var isDirect: Bool
    /// In a user's words.
    public var reason: String

    public init(transport: LogicalURL, isDirect: Bool, reason: String) {
        self.transport = transport
        self.isDirect = isDirect
        self.reason = reason
    }
}

/// The configuration's rules on how URLs are reached.
public struct AccessRules: Sendable {
    public init() {}

    public func decide(_ entry: Entry) -> AccessDecision {
        let isLocal = entry.url.scheme.isLocal
        switch entry.access {
        case .cache: return AccessDecision(transport: entry.url, isDirect: false, reason: "the manifest says 'access: cache'")
        case .direct: return AccessDecision(transport: entry.url, isDirect: isLocal, reason: "the manifest says 'access: direct'")
        case .auto:
            let linksFreely = entry.link == .auto || entry.link == .symlink
            return AccessDecision(
                transport: entry.url, isDirect: isLocal && linksFreely,
                reason: !isLocal ? "no local path" : linksFreely ? "local" : "the manifest says 'link: \(entry.link.rawValue)'")
        }
    }
}
