public import Planning
public import Platform
internal import Synchronization

/// Makes the stores of one kind from the configuration.
public protocol StoreFamily: Sendable {
    /// The store behind a URL and the key in it; of a prefix, glob or range the key of its folder. The same bucket with the same
    /// credentials is the same store, so that what one object taught it serves the next.
    /// - Parameter url: a transport URL.
    func object(at url: LogicalURL) throws(Refusal) -> (store: any Store, key: String)
}

/// The run's one HTTP client, made when first needed: a run that touches no network starts no thread.
public final class Network: Sendable {
    public let configuration: HTTPConfiguration
    private let made = Mutex<HTTPClient?>(nil)

    public init(_ configuration: HTTPConfiguration) { self.configuration = configuration }

    public var client: HTTPClient {
        made.withLock { made in
            if let made { return made }
            let client = HTTPClient(configuration)
            made = client
            return client
        }
    }

    /// Requests that are sent while `body` runs may start together, at its end.
    public func gather(_ body: () -> Void) {
        guard let client = made.withLock({ $0 }) else { return body() }
        client.gather(body)
    }

    /// Ends every transfer. A later request begins anew.
    public func shutdown() {
        let client = made.withLock { made in
            defer { made = nil }
            return made
        }
        client?.shutdown()
    }

    /// Sends a request and waits for its whole answer: what tokens are fetched by.
    public func exchange(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPAnswer {
        try client.exchange(request, limit: 4 << 20)
    }
}
