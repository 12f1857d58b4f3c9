import Configuration
import HOCON
import Planning
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Remotes

/// A server that plays Azure, a configuration, and the stores made of it.
final class AzureScene: Sendable {
    let server: FaultServer
    let folder: TemporaryFolder
    let network: Network
    let stores: AzureStores
    var host: String { "127.0.0.1:\(server.port)" }

    /// 64 bytes, of no account anywhere.
    static let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
    static let withKey = "sdk.azure.storage.containers: [{account_name: acc, account_key: \"\(key)\"}]"

    /// - Parameters:
    ///   - configuration: clearml.conf; `HOST` in it is the server's host and port.
    ///   - environment: `HOST` and `FOLDER` in its values, too.
    init(_ configuration: String = AzureScene.withKey, environment: [String: String] = [:]) throws {
        (server, folder) = (try FaultServer(), try TemporaryFolder())
        let host = "127.0.0.1:\(server.port)"
        let file = try folder.write("clearml.conf", configuration.replacing("HOST", with: host))
        var whole = ["HOME": folder.path, "CLEARML_CONFIG_FILE": file]
        for (name, value) in environment {
            whole[name] = value.replacing("HOST", with: host).replacing("FOLDER", with: folder.path)
        }
        network = Network(HTTPConfiguration())
        stores = AzureStores(try Settings.load(environment: whole), environment: whole, network: network)
    }

    deinit { network.client.shutdown() }

    func object(_ url: String) throws -> (store: AzureStore, key: String) {
        let (store, key) = try stores.object(at: LogicalURL(url.replacing("HOST", with: host)))
        return (try #require(store as? AzureStore), key)
    }

    func store(_ url: String = "azure://HOST/acc/box/key") throws -> AzureStore { try object(url).store }

    func authorized(_ request: HTTPRequest, _ store: AzureStore) throws -> HTTPRequest {
        let result = Monitor<Result<HTTPRequest, Refusal>?>(nil)
        store.authorize(request) { answer in result.withLock { $0 = answer } }
        guard let answer = result.wait(until: .now().adding(seconds: 30), for: { $0 }) else {
            throw TestSupportError("no authorization came")
        }
        return try answer.get()
    }

    /// Authorizes and sends, as a run does.
    func send(_ request: HTTPRequest, _ store: AzureStore) throws -> HTTPAnswer {
        try network.exchange(try authorized(request, store))
    }

    /// The refusal of a GET that is answered so.
    func refusal(
        _ status: Int, _ code: String = "", headers: [(name: String, value: String)] = [], detail: String = "",
        of url: String = "azure://HOST/acc/box/key", version: String? = nil
    ) throws -> Refusal {
        let body = code.isEmpty ? "" : Self.error(code, detail)
        server.route("*") { _ in .init(status: status, headers: headers, body: Array(body.utf8)) }
        let (store, key) = try object(url)
        let request = try authorized(
            store.get(ObjectID(key, version: version), range: nil, match: nil, unless: nil), store)
        let answer = try network.exchange(request)
        return store.refusal(answer.head, body: answer.body, to: request)
    }

    static func error(_ code: String, _ detail: String = "") -> String {
        "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>\(code)</Code><Message>told by the service\n"
            + "RequestId:1\nTime:2</Message><AuthenticationErrorDetail>\(detail)</AuthenticationErrorDetail></Error>"
    }

    /// A head as the server would send it.
    func head(status: Int = 200, _ headers: [(name: String, value: String)] = [], body: String = "") throws -> HTTPHead
    {
        server.route("/head") { _ in .init(status: status, headers: headers, body: Array(body.utf8)) }
        return try network.exchange(HTTPRequest(.get, server.url("/head"))).head
    }
}

extension HTTPRequest {
    func field(_ name: String) -> String? { headers.last { $0.name == name }?.value }
}
