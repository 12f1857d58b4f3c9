import Configuration
import HOCON
import Planning
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Remotes

/// A server of files that wants a token, and an API server that gives one; two ports, as people have them.
private final class ClearMLServers: Sendable {
    let api: FaultServer
    let files: FaultServer
    private let withdrawn = Atomic(0)

    /// - Parameter life: seconds that a token's claims give it.
    init(life: Int64 = 3600) throws {
        (api, files) = (try FaultServer(), try FaultServer())
        api.route("/auth.login") { request in
            // "key:s3cr3t"
            guard request.method == "POST", request["Authorization"] == "Basic a2V5OnMzY3IzdA==" else {
                return .text(
                    "{\"meta\": {\"result_code\": 401, \"result_msg\": \"Unauthorized (invalid credentials)\"}}",
                    status: 401)
            }
            return .text("{\"data\": {\"token\": \"\(Self.token(request.number, life))\"}}")
        }
        files.route("*") { [withdrawnCount] request in
            let number = Self.number(request["Authorization"])
            return number > withdrawnCount() ? Self.answer(request) : .text("no", status: 401)
        }
    }

    private var withdrawnCount: @Sendable () -> Int {
        { [weak self] in self?.withdrawn.load(ordering: .relaxed) ?? .max }
    }

    /// Tokens up to this one are not taken any more.
    func withdraw(upTo number: Int) { withdrawn.store(number, ordering: .relaxed) }

    func stop() {
        api.stop()
        files.stop()
    }

    static func token(_ number: Int, _ life: Int64) -> String {
        // The server's clock is far from ours.
        let claims = "{\"iat\": 1000000, \"exp\": \(1_000_000 + life)}"
        return "h\(number).\(Base64.encodeURLSafe(claims.utf8)).signature"
    }

    private static func number(_ authorization: String?) -> Int {
        guard let authorization, authorization.hasPrefix("Bearer h") else { return 0 }
        return Int(authorization.dropFirst(8).prefix { $0 != "." }) ?? 0
    }

    private static func answer(_ request: FaultServer.Request) -> FaultServer.Response {
        if request.method == "POST" { return .text("[\"p/a b.bin\"]") }
        return request.path == "/moved" ? .redirect(to: "/p/x") : .file(Array("content".utf8), for: request)
    }
}

@Suite struct FileServerTests {
    /// The stores of a configuration's text.
    private struct Scene {
        let stores: FileServerStores
        let network = Network(HTTPConfiguration())

        init(_ configuration: String, environment: [String: String] = [:]) throws {
            let all = environment.merging(["CLEARML_CONFIG_FILE": "/c", "HOME": "/home/nobody"]) { $1 }
            let settings = try Settings.load(environment: all) { _ in .bytes(Array(configuration.utf8)) }
            stores = FileServerStores(settings, web: WebStores(settings, environment: all), network: network)
        }

        init(_ servers: ClearMLServers, _ more: String = "", secret: String = "s3cr3t") throws {
            try self.init(
                """
                api { files_server: "\(servers.files.url("/"))", api_server: "\(servers.api.url(""))",
                credentials { access_key: key, secret_key: \(secret) } }
                \(more)
                """)
        }

        func answer(_ url: String, _ wish: (any Store, ObjectID) throws -> HTTPRequest) throws -> HTTPAnswer {
            let (store, key) = try stores.object(at: LogicalURL(url))
            for _ in 0..<3 {
                let request = try GoogleScene.authorized(try wish(store, ObjectID(key)), store)
                let answer = try network.exchange(request)
                if answer.head.status < 300 {
                    _ = store.facts(answer.head, of: ObjectID(key))
                    return answer
                }
                let refusal = store.refusal(answer.head, body: answer.body, to: request)
                guard refusal.kind == .again else { throw refusal }
            }
            throw Refusal(.malformed, "asked for too often")
        }

        func get(_ url: String) throws -> HTTPAnswer {
            try answer(url) { $0.get($1, range: nil, match: nil, unless: nil) }
        }
    }

    @Test func aTokenIsHadOnceAndSentWithEveryRequest() throws {
        let servers = try ClearMLServers()
        defer { servers.stop() }
        let scene = try Scene(servers)
        for path in ["/p/x", "/p/y", "/p/x"] {
            #expect(try scene.get(servers.files.url(path)).body == Array("content".utf8))
        }
        #expect(servers.api.exchanges.count == 1 && servers.files.exchanges.count == 3)
    }

    @Test func aWithdrawnTokenIsRenewedOnce() throws {
        let servers = try ClearMLServers()
        defer { servers.stop() }
        let scene = try Scene(servers)
        _ = try scene.get(servers.files.url("/p/x"))
        servers.withdraw(upTo: 1)
        #expect(try scene.get(servers.files.url("/p/x")).head.status == 200)
        servers.withdraw(upTo: .max)
        let refusal = try #require(throws: Refusal.self) { try scene.get(servers.files.url("/p/x")) }
        #expect(refusal.kind == .permission && refusal.message.contains("api.credentials"))
        #expect(servers.api.exchanges.count == 3)
    }

    @Test func aTokensLifeIsReckonedByTheServersOwnTimes() throws {
        let ended = try ClearMLServers(life: 0)
        defer { ended.stop() }
        let scene = try Scene(ended)
        for _ in 0..<2 { _ = try scene.get(ended.files.url("/p/x")) }
        #expect(ended.api.exchanges.count == 2)
    }

    @Test func otherServersGetNoToken() throws {
        let servers = try ClearMLServers()
        defer { servers.stop() }
        let scene = try Scene(servers)
        for url in [servers.files.otherHostURL("/p/x"), servers.api.url("/p/x")] {
            let (store, key) = try scene.stores.object(at: LogicalURL(url))
            #expect(!(store is FileServerStore))
            let request = try GoogleScene.authorized(store.head(ObjectID(key)), store)
            #expect(!request.headers.contains { $0.name == "Authorization" })
        }
        #expect(servers.api.exchanges.isEmpty)
    }

    @Test func aRedirectToAnotherHostLosesTheToken() throws {
        let (servers, other) = (try ClearMLServers(), try FaultServer())
        defer {
            servers.stop()
            other.stop()
        }
        let target = other.otherHostURL("/x")
        servers.files.route("/away") { _ in .redirect(to: target) }
        other.route("/x") { .text($0["Authorization"] ?? "nothing") }
        #expect(try Scene(servers).get(servers.files.url("/away")).body == Array("nothing".utf8))
        #expect(servers.files.requests("/away")[0]["Authorization"]?.hasPrefix("Bearer ") == true)
    }

    @Test(
        "Whether an object lies below the file server, by whole components",
        arguments: [
            ("https://files.example.org", "https://files.example.org/a", "a"),
            ("https://files.example.org/", "https://FILES.example.org:443/a%20b/c%2Bd?x=1", "a b/c+d"),
            ("https://files.example.org:8081", "https://files.example.org/a", nil),
            ("https://files.example.org", "http://files.example.org/a", nil),
            ("https://files.example.org", "https://files.example.org.evil/a", nil),
            ("https://files.example.org", "https://files.example.org@evil/a", nil),
            ("https://h/files", "https://h/files/a/b", "a/b"), ("https://h/files/", "https://h/files2/a", nil),
            ("https://h/files", "https://h/other", nil), ("http://h:80", "http://h/a", "a"),
        ])
    func address(server: String, url: String, path: String?) throws {
        #expect(FileServerAddress(server)?.path(of: try LogicalURL(url)) == path)
    }

    @Test(arguments: ["s3://bucket", "nonsense", "", "gs://b/x"])
    func whatIsNoWebServerIsNoFileServer(configured: String) { #expect(FileServerAddress(configured) == nil) }

    @Test func anUploadIsAFormPostedToTheRoot() throws {
        let servers = try ClearMLServers()
        defer { servers.stop() }
        let scene = try Scene(servers)
        let url = servers.files.url("/p/a%20b.bin")
        let answer = try scene.answer(url) { store, id in
            try #require(store as? any WritableStore).put(id.key, body: Array("\r\n--".utf8), content: UploadContent())
        }
        let sent = try #require(servers.files.requests("/").first)
        let type = try #require(sent["Content-Type"])
        let boundary = type.dropFirst("multipart/form-data; boundary=".count)
        #expect(
            String(decoding: sent.body, as: UTF8.self) == """
                --\(boundary)\r
                Content-Disposition: form-data; name="p/a b.bin"; filename="p/a b.bin"\r
                Content-Type: application/octet-stream\r
                \r
                \r
                --\r
                --\(boundary)--\r

                """)
        #expect(sent["Authorization"]?.hasPrefix("Bearer ") == true)
        let store = try #require(try scene.stores.object(at: LogicalURL(url)).store as? any WritableStore)
        #expect(try store.stored(answer.head, body: answer.body, key: url) == StoredObject())
        #expect(throws: Refusal.self) {
            try store.stored(answer.head, body: answer.body, key: servers.files.url("/p/other"))
        }
        #expect(throws: Refusal.self) { try store.stored(answer.head, body: Array("<html>".utf8), key: url) }
    }

    @Test func wrongKeysAreNamedAndNotShown() throws {
        let servers = try ClearMLServers()
        defer { servers.stop() }
        let refusal = try #require(throws: Refusal.self) {
            try Scene(servers, secret: "wr0ng").get(servers.files.url("/p/x"))
        }
        #expect(
            refusal.kind == .permission && refusal.message == "api.credentials is not accepted by ClearML's API server")
        #expect(refusal.cause?.hasSuffix("/auth.login answered 401: Unauthorized (invalid credentials)") == true)
        #expect(!refusal.everything.contains("wr0ng") && servers.files.exchanges.isEmpty)
    }

    @Test func anAnswerWithoutATokenIsNotTheAPIServers() throws {
        let servers = try ClearMLServers()
        defer { servers.stop() }
        servers.api.route("/auth.login") { _ in .text("<html>ClearML</html>") }
        let refusal = try #require(throws: Refusal.self) { try Scene(servers).get(servers.files.url("/p/x")) }
        #expect(refusal.kind == .configuration && refusal.advice?.contains("api.api_server") == true)
    }

    @Test func withoutKeysTheServerIsAskedWithoutAToken() throws {
        let servers = try ClearMLServers()
        defer { servers.stop() }
        let scene = try Scene("api.files_server: \"\(servers.files.url(""))\"")
        let refusal = try #require(throws: Refusal.self) { try scene.get(servers.files.url("/p/x")) }
        #expect(refusal.kind == .permission && refusal.advice?.contains("api.api_server and api.credentials") == true)
        #expect(servers.files.requests("/p/x").allSatisfy { $0["Authorization"] == nil })
    }

    @Test func halfOfTheKeysIsAConfigurationError() throws {
        let scene = try Scene("api { files_server: \"https://f\", credentials.access_key: key }")
        let refusal = try #require(throws: Refusal.self) { try scene.stores.object(at: LogicalURL("https://f/x")) }
        #expect(refusal.kind == .configuration)
        #expect(!(try scene.stores.object(at: LogicalURL("https://g/x")).store is FileServerStore))
    }

    @Test func aConfiguredHeaderForTheServerComesFirst() throws {
        let servers = try ClearMLServers()
        defer { servers.stop() }
        servers.files.route("/p/x") { .text($0["Authorization"] ?? "nothing") }
        let rule =
            "sdk.storage.sync.headers: [{host: \"127.0.0.1:\(servers.files.port)\", header: \"Authorization: Bearer own\"}]"
        #expect(try Scene(servers, rule).get(servers.files.url("/p/x")).body == Array("Bearer own".utf8))
        #expect(servers.api.exchanges.isEmpty)
    }

    @Test func theHostedServiceKnowsItsAPIServer() throws {
        let scene = try Scene(
            "api { files_server: \"https://files.clear.ml\", credentials { access_key: k, secret_key: s } }")
        #expect(
            try scene.stores.object(at: LogicalURL("https://files.clear.ml/x")).store.accessName == "api.credentials")
        let own = try Scene("api { files_server: \"https://f\", credentials { access_key: k, secret_key: s } }")
        #expect(
            try own.stores.object(at: LogicalURL("https://f/x")).store.accessName
                == "no credentials (api.api_server is not set)")
    }
}
