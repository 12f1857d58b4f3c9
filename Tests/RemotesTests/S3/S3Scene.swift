import Configuration
import Planning
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Remotes

/// A server that plays S3, a configuration, and the stores made of it.
final class S3Scene: Sendable {
    let server: FaultServer
    let folder: TemporaryFolder
    let network: Network
    let stores: S3Stores
    var host: String { "127.0.0.1:\(server.port)" }

    /// - Parameters:
    ///   - configuration: clearml.conf; `HOST` in it is the server's host and port.
    ///   - environment: `HOST` in its values too, and `HOME` is the scene's folder.
    init(_ configuration: String = S3Scene.withKeys, environment: [String: String] = [:]) throws {
        (server, folder) = (try FaultServer(), try TemporaryFolder())
        let host = "127.0.0.1:\(server.port)"
        let file = try folder.write("clearml.conf", configuration.replacing("HOST", with: host))
        var whole = ["HOME": folder.path, "CLEARML_CONFIG_FILE": file, "AWS_EC2_METADATA_DISABLED": "true"]
        for (name, value) in environment {
            whole[name] = value.replacing("HOST", with: host).replacing("FOLDER", with: folder.path)
        }
        let settings = try Settings.load(environment: whole)
        network = Network(HTTPConfiguration())
        stores = S3Stores(settings, environment: whole, home: folder.path, network: network)
    }

    deinit { network.client.shutdown() }

    static let withKeys = """
        sdk.aws.s3.credentials: [ { host: "HOST", key: testkey, secret: "testsecret", secure: false } ]
        """

    /// The store of a bucket on the server.
    func store(_ url: String = "s3://HOST/bucket/key") throws -> S3Store {
        try #require(try object(url).store as? S3Store)
    }

    func object(_ url: String) throws -> (store: any Store, key: String) {
        try stores.object(at: LogicalURL(url.replacing("HOST", with: host)))
    }

    /// Signs and sends, as a run does.
    func send(_ request: HTTPRequest, _ store: S3Store) throws -> HTTPAnswer {
        try network.exchange(try authorized(request, store))
    }

    func authorized(_ request: HTTPRequest, _ store: S3Store) throws -> HTTPRequest {
        let box = Box()
        store.authorize(request) { answer in box.result.withLock { $0 = answer } }
        guard waitUntil(.seconds(20), { box.result.withLock { $0 != nil } }),
            let answer = box.result.withLock({ $0 })
        else { throw TestSupportError("not authorized in time") }
        return try answer.get()
    }

    private final class Box: Sendable {
        let result = Mutex<Result<HTTPRequest, Refusal>?>(nil)
    }

    /// The refusal of a GET that is answered so.
    func refusal(
        _ status: Int, _ body: String = "", headers: [(name: String, value: String)] = [],
        of url: String = "s3://HOST/bucket/key"
    ) throws -> Refusal {
        server.route("*") { _ in .init(status: status, headers: headers, body: Array(body.utf8)) }
        let (store, key) = try object(url)
        let s3 = try #require(store as? S3Store)
        let request = try authorized(s3.get(ObjectID(key), range: nil, match: nil, unless: nil), s3)
        let answer = try network.exchange(request)
        return s3.refusal(answer.head, body: answer.body, to: request)
    }

    static func error(_ code: String, _ more: String = "") -> String {
        "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>told by the server</Message>\(more)</Error>"
    }
}

extension FaultServer.Request {
    /// `Credential=` of the Authorization field.
    var accessKey: String? {
        self["Authorization"]?.split(separator: "Credential=").last.map { String($0.prefix { $0 != "/" }) }
    }
}
