public import Configuration
public import Planning

/// How an entry's bytes are reached, and why.
public struct AccessDecision: Sendable {
    /// Where bytes come from: the URL after substitution.
    public var transport: LogicalURL
    /// Used where it lies.
    public var isDirect: Bool
    /// In a user's words.
    public var reason: String
    /// `sdk.storage.path_substitution[0]`, when a rule applied.
    public var substitution: String?
    /// About rules that could not be used.
    public var warnings: [String] = []

    public init(
        transport: LogicalURL, isDirect: Bool, reason: String, substitution: String? = nil, warnings: [String] = []
    ) {
        self.transport = transport
        self.isDirect = isDirect
        self.reason = reason
        self.substitution = substitution
        self.warnings = warnings
    }
}

/// The configuration's rules on how URLs are reached.
public struct AccessRules: Sendable {
    private let substitutions: [PathSubstitution]
    private let direct: DirectAccessPatterns

    public init(_ settings: Settings) {
        substitutions = settings.pathSubstitutions
        direct = DirectAccessPatterns(settings.directAccess)
    }

    /// The transport URL: what `sdk.storage.path_substitution` makes of a logical one.
    public func transport(_ url: LogicalURL, base: String) -> Substitution {
        Substitution(of: url, base: base, rules: substitutions)
    }

    /// | `access` | local after substitution | a `direct_access` rule matches | `link` | decision |
    /// |---|---|---|---|---|
    /// | cache  | any | any | any | cache |
    /// | direct | yes | any | any | direct |
    /// | auto   | yes | yes | auto, symlink | direct |
    /// | auto   | yes | yes | another | cache |
    /// | auto   | yes | no  | any | cache |
    /// | auto   | no  | yes | any | cache, with a warning |
    /// | auto, direct | no | any | any | cache |
    public func decide(_ entry: Entry) -> AccessDecision {
        let substitution = transport(entry.url, base: entry.base)
        var decision = AccessDecision(
            transport: substitution.transport, isDirect: false, reason: "", substitution: substitution.rule?.key,
            warnings: substitution.warnings)
        let isLocal = substitution.transport.scheme.isLocal
        switch entry.access {
        case .cache: decision.reason = "the manifest says 'access: cache'"
        case .direct:
            decision.isDirect = isLocal
            decision.reason = isLocal ? "the manifest says 'access: direct'" : "it has no local path"
        case .auto: decideByRules(entry, &decision)
        }
        return decision
    }

    private func decideByRules(_ entry: Entry, _ decision: inout AccessDecision) {
        switch DirectAccess(logical: entry.url, transport: decision.transport, base: entry.base, patterns: direct) {
        case .direct(_, let rule) where entry.link == .auto || entry.link == .symlink:
            decision.isDirect = true
            decision.reason = "\(rule.key) matches"
        case .direct: decision.reason = "'link: \(entry.link.rawValue)' needs its bytes in the cache"
        case .noLocalPath(let rule):
            decision.reason = "\(rule.key) matches, but it has no local path"
            decision.warnings.append(
                "\(rule.key) matches \(entry.url), which has no local path; it is fetched into the cache")
        case .noRule: decision.reason = "no rule of sdk.storage.direct_access matches"
        }
    }
}
