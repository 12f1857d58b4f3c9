internal import Configuration
internal import Planning
internal import Platform
internal import Synchronization

/// AWS's own order of places where credentials are: asked once, on a thread of its own, and again before they end.
final class AWSCredentialChain: Sendable {
    /// What one place gave.
    struct Found: Sendable {
        /// `nil`: no place has any; requests go out unsigned.
        var credentials: AWSCredentials?
        /// `the profile 'research' (/home/me/.aws/credentials)`
        var name: String
        var lookedIn: [String] = []
        var end: MonotonicTime?
    }

    /// What is known of the latest credentials; apart from the chain, since the closure that fetches them needs it.
    private final class Memory: Sendable {
        struct State {
            var latest: Found?
            /// The server called the latest expired, and new ones are on their way.
            var isRenewing = false
            /// The token that was called so.
            var expired: String?
        }
        let state = Mutex(State())
    }

    private let memory: Memory
    private let renewable: Renewable<Found>
    private let title: String

    /// - Parameters:
    ///   - title: its name before it was asked.
    ///   - find: may block.
    init(title: String, find: @escaping @Sendable () throws(Refusal) -> Found) {
        let memory = Memory()
        self.memory = memory
        self.title = title
        renewable = Renewable { () throws(Refusal) in
            let found = try find()
            memory.state.withLock {
                $0.latest = found
                $0.isRenewing = false
            }
            return Renewable.Lease(found, end: found.end)
        }
    }

    var name: String { memory.state.withLock { $0.latest?.name } ?? title }

    /// The places that held no credentials, when none did.
    var lookedIn: [String]? {
        memory.state.withLock { state in state.latest.flatMap { $0.credentials == nil ? $0.lookedIn : nil } }
    }

    func use(_ body: @escaping @Sendable (Result<AWSCredentials?, Refusal>) -> Void) {
        renewable.use { body($0.map(\.credentials)) }
    }

    /// Has them fetched anew, unless that has happened for this token and brought the same one again.
    /// - Parameter token: of the request that was refused.
    /// - Returns: whether it is worth asking again.
    func renew(after token: String?) -> Bool {
        let (isWorthIt, isStale) = memory.state.withLock { state -> (Bool, Bool) in
            guard !state.isRenewing, let token, state.latest?.credentials?.token?.reveal() == token else {
                // Of another time, or under way already; without a token nothing ends.
                return (token != nil, false)
            }
            guard state.expired != token else { return (false, false) }
            (state.expired, state.isRenewing) = (token, true)
            return (true, true)
        }
        if isStale { renewable.invalidate() }
        return isWorthIt
    }
}
