import Planning
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Remotes

@Suite struct AzureTokenTests {
    private static let secret = [
        "AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "a+b&c=d",
        "AZURE_AUTHORITY_HOST": "http://HOST",
    ]
    private static let tokenPath = "/tenant/oauth2/v2.0/token"

    /// Gives `token-1`, `token-2` and so on.
    private func issue(_ scene: AzureScene, at path: String, life: String = "\"expires_in\":3600") {
        scene.server.route(path) { request in .text("{\"access_token\":\"token-\(request.number)\",\(life)}") }
    }

    private func form(_ request: FaultServer.Request) -> [String] {
        String(decoding: request.body, as: UTF8.self).split(separator: "&").map(String.init).sorted()
    }

    private func authorization(_ scene: AzureScene) throws -> String? {
        let store = try scene.store()
        return try scene.authorized(store.head(ObjectID("k")), store).field("Authorization")
    }

    @Test("A client secret is exchanged for a token, once for all containers")
    func clientSecret() throws {
        let scene = try AzureScene("", environment: Self.secret)
        issue(scene, at: Self.tokenPath)
        #expect(try authorization(scene) == "Bearer token-1")
        let other = try scene.store("azure://HOST/acc/other/k")
        #expect(try scene.authorized(other.head(ObjectID("k")), other).field("Authorization") == "Bearer token-1")
        let requests = scene.server.requests(Self.tokenPath)
        #expect(requests.count == 1 && requests[0].method == "POST")
        #expect(
            form(requests[0]) == [
                "client_id=client", "client_secret=a%2Bb%26c%3Dd", "grant_type=client_credentials",
                "scope=https%3A%2F%2Fstorage.azure.com%2F.default",
            ])
    }

    @Test("A workload identity shows the token of its file")
    func workload() throws {
        var environment = Self.secret
        environment["AZURE_CLIENT_SECRET"] = nil
        environment["AZURE_FEDERATED_TOKEN_FILE"] = "FOLDER/token"
        let scene = try AzureScene("", environment: environment)
        issue(scene, at: Self.tokenPath)
        let refusal = try #require(throws: Refusal.self) { try authorization(scene) }
        #expect(refusal.kind == .permission && refusal.cause?.hasSuffix("/token") == true)
        _ = try scene.folder.write("token", "ey.J.x\n")
        #expect(try authorization(scene) == "Bearer token-1")
        let sent = form(try #require(scene.server.requests(Self.tokenPath).first))
        #expect(sent.contains("client_assertion=ey.J.x") && !sent.contains { $0.hasPrefix("client_secret") })
    }

    @Test("A machine's metadata service is asked as it wants to be")
    func machine() throws {
        let scene = try AzureScene(
            "", environment: ["AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://HOST/", "AZURE_CLIENT_ID": "c d"])
        issue(
            scene, at: "/metadata/identity/oauth2/token", life: "\"expires_in\":\"3600\",\"expires_on\":\"4102444800\"")
        #expect(try authorization(scene) == "Bearer token-1")
        let request = try #require(scene.server.exchanges.first?.request)
        #expect(request["Metadata"] == "true")
        #expect(
            request.target.hasSuffix(
                "?api-version=2018-02-01&resource=https%3A%2F%2Fstorage.azure.com%2F&client_id=c%20d"))
    }

    @Test("App Service is shown its header")
    func service() throws {
        let scene = try AzureScene(
            "", environment: ["IDENTITY_ENDPOINT": "http://HOST/msi/token", "IDENTITY_HEADER": "h"])
        issue(scene, at: "/msi/token", life: "\"expires_on\":\"4102444800\"")
        #expect(try authorization(scene) == "Bearer token-1")
        let request = try #require(scene.server.exchanges.first?.request)
        #expect(request["X-IDENTITY-HEADER"] == "h" && request.target.contains("api-version=2019-08-01"))
    }

    @Test("A token that has ended is renewed before it is used")
    func renewal() throws {
        let scene = try AzureScene("", environment: Self.secret)
        issue(scene, at: Self.tokenPath, life: "\"expires_in\":0")
        #expect(try authorization(scene) == "Bearer token-1")
        #expect(try authorization(scene) == "Bearer token-2")
    }

    @Test("A token that the service withdrew is replaced, once; one that takes its place and is refused too is the end")
    func withdrawn() throws {
        let scene = try AzureScene("", environment: Self.secret)
        scene.server.route("/acc/box/k") { _ in
            .init(status: 401, headers: [("x-ms-error-code", "InvalidAuthenticationInfo")])
        }
        issue(scene, at: Self.tokenPath)
        let store = try scene.store()
        func refused() throws -> Refusal {
            let request = try scene.authorized(store.get(ObjectID("k"), range: nil, match: nil, unless: nil), store)
            let answer = try scene.network.exchange(request)
            return store.refusal(answer.head, body: answer.body, to: request)
        }
        let carried = try scene.authorized(store.head(ObjectID("k")), store)
        #expect(try refused().kind == .again)
        let head = try scene.head(status: 401)
        // Another request was under way with the same token.
        #expect(store.refusal(head, body: [], to: carried).kind == .again)
        let last = try refused()
        #expect(last.kind == .permission && last.message.contains("AZURE_CLIENT_SECRET"))
        #expect(scene.server.requests(Self.tokenPath).count == 2)
        // What the service took in between begins a new count.
        _ = store.facts(try scene.head(), of: ObjectID("k"))
        #expect(try refused().kind == .again)
    }

    @Test("A refusal of the tenant is told in its own words, without the secret")
    func refused() throws {
        let scene = try AzureScene("", environment: Self.secret)
        scene.server.route(Self.tokenPath) { _ in
            .text(
                #"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid secret. Trace ID: 1\r\nCorrelation"}"#,
                status: 401)
        }
        let refusal = try #require(throws: Refusal.self) { try authorization(scene) }
        #expect(refusal.kind == .permission)
        #expect(
            refusal.cause?.hasSuffix("answered 401 invalid_client: AADSTS7000215: Invalid secret.") == true,
            "\(refusal)")
        #expect(refusal.advice?.contains("AZURE_CLIENT_SECRET") == true && !"\(refusal)".contains("a+b"))
        #expect(scene.server.requests(Self.tokenPath).count == 1)
    }

    @Test("A token endpoint that is busy is asked again")
    func busy() throws {
        let scene = try AzureScene("", environment: Self.secret)
        scene.server.route(Self.tokenPath) { request in
            request.number < 3 ? .unavailable() : .text("{\"access_token\":\"t\",\"expires_in\":3600}")
        }
        #expect(try authorization(scene) == "Bearer t")
        #expect(scene.server.requests(Self.tokenPath).count == 3)
    }

    @Test("An answer without a token is none", arguments: ["", "{}", "[]", "{\"access_token\":\"\"}", "<html>"])
    func nonsense(body: String) throws {
        let scene = try AzureScene("", environment: Self.secret)
        scene.server.route(Self.tokenPath) { _ in .text(body) }
        #expect(try #require(throws: Refusal.self) { try authorization(scene) }.kind == .permission)
    }

    @Test("An identity without a role is told what it lacks")
    func role() throws {
        let scene = try AzureScene("", environment: Self.secret)
        issue(scene, at: Self.tokenPath)
        scene.server.route("/acc/*") { _ in
            .text(AzureScene.error("AuthorizationPermissionMismatch"), status: 403)
        }
        let store = try scene.store()
        let request = try scene.authorized(store.head(ObjectID("k")), store)
        let refusal = store.refusal(
            try scene.network.exchange(request).head,
            body: Array(AzureScene.error("AuthorizationPermissionMismatch").utf8),
            to: request)
        #expect(refusal.kind == .permission && refusal.advice?.contains("Storage Blob Data Reader") == true)
    }

    @Test("A container that turns out not to be public is asked for with the machine's identity, where there is one")
    func fallback() throws {
        let scene = try AzureScene("")
        issue(scene, at: "/metadata/identity/oauth2/token")
        scene.server.route("/acc/*") { request in
            request["Authorization"] == nil ? .init(status: 401) : .text("x")
        }
        func ask(_ host: String) throws -> (AzureStore, HTTPRequest, Refusal) {
            let tokens = AzureTokens(.machine(host: host, client: nil), network: scene.network)
            let store = AzureStore(
                try scene.store().place,
                AzureAccess(.none(otherwise: tokens), name: "no credentials", hint: "give some"),
                uploadLimits: UploadLimits(threshold: nil, partSize: 1, functions: []))
            let request = try scene.authorized(store.head(ObjectID("k")), store)
            return (store, request, store.refusal(try scene.network.exchange(request).head, body: [], to: request))
        }
        let (store, _, refusal) = try ask(scene.server.url(""))
        #expect(refusal.kind == .again && store.accessName == "the managed identity")
        #expect(try scene.send(store.head(ObjectID("k")), store).head.status == 200)
        // Where nothing answers, what is told is what is missing.
        let (other, request, first) = try ask("http://127.0.0.1:1")
        #expect(first.kind == .again && request.field("Authorization") == nil)
        let last = try #require(throws: Refusal.self) { try scene.authorized(other.head(ObjectID("k")), other) }
        #expect(last.kind == .permission && last.message.contains("is not public") && last.advice == "give some")
    }
}
