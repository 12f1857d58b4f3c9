internal import Configuration
internal import Planning
internal import Platform

/// What a store signs with.
enum S3Access: Sendable {
    /// Keys that the configuration states. `name`: the entry; `place`: where it stands.
    case fixed(AWSCredentials, name: String, place: String)
    /// AWS's own order of places, asked when the first request goes out.
    case chain(AWSCredentialChain)
    /// Requests go out unsigned. `lookedIn`: the places that held no credentials.
    case anonymous(lookedIn: [String])

    /// As a user knows it.
    var name: String {
        switch self {
        case .fixed(_, let name, _): name
        case .chain(let chain): chain.name
        case .anonymous: "no credentials"
        }
    }

    /// The places that held none, when the requests go out unsigned.
    var lookedIn: [String]? {
        switch self {
        case .fixed: nil
        case .chain(let chain): chain.lookedIn
        case .anonymous(let places): places
        }
    }

    /// What to look at when the server does not accept it.
    var advice: String {
        if let lookedIn { return "credentials were looked for in: \(lookedIn.joined(separator: ", "))" }
        return switch self {
        case .fixed(_, let name, let place): "check key, secret and token of \(name) (\(place))"
        case .chain, .anonymous: "check \(name)"
        }
    }

    func use(_ body: @escaping @Sendable (Result<AWSCredentials?, Refusal>) -> Void) {
        switch self {
        case .fixed(let credentials, _, _): body(.success(credentials))
        case .chain(let chain): chain.use(body)
        case .anonymous: body(.success(nil))
        }
    }

    /// Whether asking once more may give other credentials than those that the server called expired.
    /// - Parameter token: of the request that was refused.
    func renew(after token: String?) -> Bool {
        if case .chain(let chain) = self { chain.renew(after: token) } else { false }
    }
}
