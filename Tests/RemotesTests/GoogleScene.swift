import Configuration
import HOCON
import Planning
import Platform
import Remotes
import TestSupport

/// Stores of Google's kind, made from a configuration's text, and an HTTP client that asks them.
struct GoogleScene {
    let stores: GoogleStores
    let network = Network(HTTPConfiguration())

    /// - Parameter configuration: what clearml.conf holds.
    init(_ configuration: String = "", environment: [String: String] = [:], home: String? = nil) throws {
        let settings = try Settings.load(
            environment: environment.merging(["CLEARML_CONFIG_FILE": "/c", "HOME": "/home/nobody"]) { $1 }
        ) { _ in
            .bytes(Array(configuration.utf8))
        }
        stores = GoogleStores(settings, environment: environment, home: home, network: network)
    }

    func store(_ url: String) throws -> any Store { try stores.object(at: LogicalURL(url)).store }

    /// The request as it would be sent.
    static func authorized(_ request: HTTPRequest, _ store: any Store) throws -> HTTPRequest {
        let result = Monitor<Result<HTTPRequest, Refusal>?>(nil)
        store.authorize(request) { answer in result.withLock { $0 = answer } }
        guard let answer = result.wait(until: .now().adding(seconds: 30), for: { $0 }) else {
            throw TestSupportError("no authorization came")
        }
        return try answer.get()
    }

    /// Sends a request until it is not to be sent again; an answer that is not wished for is thrown as the store explains it.
    func answer(_ request: HTTPRequest, _ store: any Store) throws -> HTTPAnswer {
        var last: Refusal?
        for _ in 0..<3 {
            let request = try Self.authorized(request, store)
            let answer = try network.exchange(request)
            // 308 and 499 are the wished answers to a part and to an upload that is given up.
            if answer.head.status < 300 || [308, 499].contains(answer.head.status) { return answer }
            let refusal = store.refusal(answer.head, body: answer.body, to: request)
            guard refusal.kind == .again else { throw refusal }
            last = refusal
        }
        throw last ?? Refusal(.malformed, "nothing was sent")
    }
}

extension Refusal {
    /// All that a user could see of it.
    var everything: String { [message, cause, advice].compactMap { $0 }.joined(separator: "\n") }
}
