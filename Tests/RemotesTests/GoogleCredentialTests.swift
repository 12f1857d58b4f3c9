import Planning
import Platform
import Remotes
import TestSupport
import Testing

/// A store and a token server in one; what it gives it also takes, until `withdraw()`.
private final class TokenServer: Sendable {
    let server: FaultServer
    private let state = Monitor<(given: Int, valid: Int)>((0, 0))

    init() throws {
        server = try FaultServer()
        let state = state
        server.route("*") { request in
            let valid = state.read(\.valid)
            return request["Authorization"] == "Bearer token-\(valid)" && valid > 0
                ? .text("content") : .text("{\"error\": {\"message\": \"Invalid Credentials\"}}", status: 401)
        }
        server.route("/token") { _ in
            let number = state.withLock { state in
                state.given += 1
                state.valid = state.given
                return state.given
            }
            return .text("{\"access_token\": \"token-\(number)\", \"expires_in\": 3600, \"token_type\": \"Bearer\"}")
        }
    }

    func withdraw() { state.withLock { $0.valid = 0 } }

    var environment: [String: String] { ["STORAGE_EMULATOR_HOST": server.url("")] }

    /// A service account's file in one line.
    var serviceAccount: String {
        JSON.object([
            "type": "service_account", "client_email": "me@example.org", "private_key_id": "k1",
            "private_key": .string(TestKey.rsa), "token_uri": .string(server.url("/token")),
        ]).text
    }

    /// The forms that were posted for tokens.
    var forms: [[String: String]] {
        server.requests("/token").map { request in
            var form: [String: String] = [:]
            for pair in String(decoding: request.body, as: UTF8.self).split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                form[String(parts[0])] = parts.count == 2 ? decoded(parts[1]) : ""
            }
            return form
        }
    }

    private func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let value = Hex.decode(Substring(rest.prefix(2))) else {
                bytes.append(byte)
                continue
            }
            bytes += value
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite struct GoogleCredentialTests {
    private func get(_ scene: GoogleScene, _ url: String = "gs://bucket/x") throws -> HTTPAnswer {
        let store = try scene.store(url)
        return try scene.answer(store.get(ObjectID("x"), range: nil, match: nil, unless: nil), store)
    }

    private func configured(_ json: String) -> String { "sdk.google.storage.credentials_json: \(json)" }

    @Test func aServiceAccountSignsForItsToken() throws {
        let tokens = try TokenServer()
        defer { tokens.server.stop() }
        let scene = try GoogleScene(configured(tokens.serviceAccount), environment: tokens.environment)
        for _ in 0..<3 { #expect(try get(scene).body == Array("content".utf8)) }
        #expect(tokens.forms.count == 1)
        #expect(tokens.forms[0]["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer")
        let parts = try #require(tokens.forms[0]["assertion"]).split(separator: ".")
        try #require(parts.count == 3)
        let texts = try parts.map { String(decoding: try #require(Base64.decode($0)), as: UTF8.self) }
        #expect(texts[0] == "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}")
        let claims = try JSON(parsing: texts[1])
        #expect(claims["iss"] == "me@example.org" && claims["aud"]?.string == tokens.server.url("/token"))
        #expect(claims["scope"] == "https://www.googleapis.com/auth/devstorage.read_write")
        let issued = try #require(claims["iat"]?.integer)
        #expect(claims["exp"] == .integer(issued + 3600) && issued > 1_700_000_000)
        let signature = try RSAPrivateKey(pem: TestKey.rsa).signSHA256("\(parts[0]).\(parts[1])".utf8)
        #expect(Base64.decode(parts[2]) == signature)
    }

    @Test func aTokenThatIsNotTakenAnyMoreIsRenewedOnce() throws {
        let tokens = try TokenServer()
        defer { tokens.server.stop() }
        let scene = try GoogleScene(configured(tokens.serviceAccount), environment: tokens.environment)
        _ = try get(scene)
        tokens.withdraw()
        #expect(try get(scene).body == Array("content".utf8))
        #expect(tokens.forms.count == 2)
    }

    @Test func aTokenThatIsNeverTakenIsAskedForTwice() throws {
        let server = try FaultServer()
        defer { server.stop() }
        server.route("/token") { request in .text("{\"access_token\": \"t\(request.number)\", \"expires_in\": 3600}") }
        server.route("/storage*") { _ in .text("Invalid Credentials", status: 401) }
        let json = JSON.object([
            "type": "authorized_user", "client_id": "me", "client_secret": "s3cr3t-1", "refresh_token": "s3cr3t-2",
            "token_uri": .string(server.url("/token")),
        ]).text
        let scene = try GoogleScene(configured(json), environment: ["STORAGE_EMULATOR_HOST": server.url("")])
        let refusal = try #require(throws: Refusal.self) { try get(scene) }
        #expect(refusal.kind == .permission)
        #expect(refusal.message == "sdk.google.storage.credentials_json may not do this in the bucket 'bucket'")
        #expect(server.requests("/token").count == 2)
    }

    @Test func anEndedTokenIsRenewedBeforeItIsSent() throws {
        let server = try FaultServer()
        defer { server.stop() }
        server.route("/token") { request in .text("{\"access_token\": \"t\(request.number)\", \"expires_in\": 0}") }
        server.route("/storage*") { _ in .text("content") }
        let json =
            "{type: authorized_user, client_id: me, client_secret: a, refresh_token: b, token_uri: \"\(server.url("/token"))\"}"
        let scene = try GoogleScene(configured(json), environment: ["STORAGE_EMULATOR_HOST": server.url("")])
        for _ in 0..<2 { _ = try get(scene) }
        let sent = server.exchanges.filter { $0.request.path.hasPrefix("/storage") }.map { $0.request["Authorization"] }
        #expect(sent == ["Bearer t1", "Bearer t2"])
    }

    @Test func aBusyTokenServerIsAskedAgain() throws {
        let server = try FaultServer()
        defer { server.stop() }
        server.route("/computeMetadata*") { request in
            request.number < 3 ? .unavailable() : .text("{\"access_token\": \"vm\"}")
        }
        server.route("/storage*") { _ in .text("content") }
        let scene = try GoogleScene(
            environment: ["GCE_METADATA_HOST": "127.0.0.1:\(server.port)", "STORAGE_EMULATOR_HOST": server.url("")])
        #expect(try get(scene).body == Array("content".utf8))
        #expect(server.exchanges.map(\.status) == [503, 503, 200, 200])
    }

    @Test func aRefusedKeyIsNamedByItsEntryAndNotShown() throws {
        let server = try FaultServer()
        defer { server.stop() }
        server.route("/token") { _ in
            .text("{\"error\": \"invalid_grant\", \"error_description\": \"Invalid JWT Signature.\"}", status: 400)
        }
        let account = JSON.object([
            "type": "service_account", "client_email": "me@example.org", "private_key": .string(TestKey.rsa),
            "token_uri": .string(server.url("/token")),
        ]).text
        let scene = try GoogleScene(
            """
            sdk.google.storage.credentials: [{bucket: other}, {bucket: bucket, credentials_json: \(account)}]
            """, environment: ["STORAGE_EMULATOR_HOST": server.url("")])
        let refusal = try #require(throws: Refusal.self) { try get(scene) }
        #expect(refusal.kind == .permission)
        #expect(refusal.message == "sdk.google.storage.credentials[1] is not accepted")
        #expect(refusal.cause?.contains("invalid_grant, Invalid JWT Signature.") == true)
        #expect(!refusal.everything.contains("PRIVATE KEY"))
    }

    @Test func theMostSpecialEntryGivesTheCredentials() throws {
        let folder = try TemporaryFolder()
        let account = "credentials_json: {type: authorized_user, client_id: a, client_secret: b, refresh_token: c}"
        let adc = folder.path + "/application_default_credentials.json"
        try folder.write("application_default_credentials.json", "{}")
        let scene = try GoogleScene(
            """
            sdk.google.storage { \(account), credentials: [
              {bucket: b, \(account)}, {bucket: b, subdir: d, \(account)}, {bucket: c, project: p}] }
            """, environment: ["CLOUDSDK_CONFIG": folder.path])
        #expect(try scene.store("gs://b/x").accessName == "sdk.google.storage.credentials[0]")
        #expect(try scene.store("gs://b/d/x").accessName == "sdk.google.storage.credentials[1]")
        #expect(try scene.store("gs://b/data/x").accessName == "sdk.google.storage.credentials[0]")
        #expect(try scene.store("gs://bb/x").accessName == "sdk.google.storage.credentials_json")
        #expect(try scene.store("gs://c/x").accessName == "sdk.google.storage.credentials_json")
        let file = try #require(throws: Refusal.self) {
            try GoogleScene(environment: ["CLOUDSDK_CONFIG": folder.path]).store("gs://b/x")
        }
        #expect(file.message == "the file \(adc) cannot be used as Google credentials: it has no type")
    }

    @Test func anEmulatorGetsNothingThatWasNotMeantForIt() throws {
        let folder = try TemporaryFolder()
        try folder.write("application_default_credentials.json", "{}")
        let scene = try GoogleScene(
            environment: ["CLOUDSDK_CONFIG": folder.path, "STORAGE_EMULATOR_HOST": "127.0.0.1:9"])
        #expect(try scene.store("gs://b/x").accessName == "no credentials")
    }

    @Test(
        "A file that is no credential is refused with its place and its fault",
        arguments: [
            ("nonsense", "it is no JSON"), ("{}", "it has no type"), ("{\"installed\": {}}", "an OAuth client"),
            ("{\"type\": \"gdch_service_account\"}", "of type 'gdch_service_account' are not supported"),
            ("{\"type\": \"service_account\", \"client_email\": \"x\"}", "it has no private_key"),
            (
                "{\"type\": \"service_account\", \"client_email\": \"x\", \"private_key\": \"s3cr3t\"}",
                "no unencrypted PEM key"
            ),
            (
                "{\"type\": \"service_account\", \"client_email\": \"x\", \"private_key\": \"s3cr3t\", \"token_uri\": \"http://evil\"}",
                "its token_uri is not on https"
            ),
            (
                "{\"type\": \"service_account\", \"client_email\": \"x\", \"private_key\": \"a\", \"token_uri\": \"http://127.0.0.1.evil/\"}",
                "its token_uri is not on https"
            ),
            (
                "{\"type\": \"external_account\", \"audience\": \"a\", \"subject_token_type\": \"t\", \"token_url\": \"https://sts/\","
                    + "\"credential_source\": {\"executable\": {}}}", "only those with a file or a url"
            ),
        ])
    func unusable(text: String, fault: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("key.json", text)
        let path = folder.path + "/key.json"
        let refusal = try #require(throws: Refusal.self) {
            try GoogleScene(environment: ["GOOGLE_APPLICATION_CREDENTIALS": path]).store("gs://b/x")
        }
        #expect(refusal.kind == .configuration)
        #expect(refusal.message.contains("the file \(path) (GOOGLE_APPLICATION_CREDENTIALS)"))
        #expect(refusal.message.contains(fault))
        #expect(!refusal.everything.contains("s3cr3t"))
    }

    @Test func aMissingFileIsNamed() throws {
        let refusal = try #require(throws: Refusal.self) {
            try GoogleScene("sdk.google.storage.credentials_json: \"~/none.json\"", home: "/nonexistent").store(
                "gs://b/x")
        }
        #expect(refusal.kind == .configuration && refusal.message.contains("/nonexistent/none.json"))
    }

    @Test func theMetadataServerGivesTheMachinesToken() throws {
        let server = try FaultServer()
        defer { server.stop() }
        server.route("/computeMetadata*") { request in
            request["Metadata-Flavor"] == "Google"
                ? .text("{\"access_token\": \"vm\", \"expires_in\": 3599}") : .text("", status: 403)
        }
        server.route("/storage*") { .text($0["Authorization"] ?? "nothing") }
        let scene = try GoogleScene(
            environment: ["GCE_METADATA_HOST": "127.0.0.1:\(server.port)", "STORAGE_EMULATOR_HOST": server.url("")])
        #expect(try get(scene).body == Array("Bearer vm".utf8))
        #expect(try scene.store("gs://bucket/x").accessName == "the metadata server")
    }

    @Test(
        "Another provider's token is exchanged, and then for a service account's",
        arguments: [
            "{file: \"FILE\"}",
            "{url: \"URL\", headers: {X-Key: k}, format: {type: json, subject_token_field_name: id}}",
        ])
    func federation(source: String) throws {
        let server = try FaultServer()
        defer { server.stop() }
        let folder = try TemporaryFolder()
        try folder.write("token", "subject-1\n")
        server.route("/subject") { request in
            request["X-Key"] == "k" ? .text("{\"id\": \"subject-1\"}") : .text("", status: 403)
        }
        server.route("/sts") { request in
            String(decoding: request.body, as: UTF8.self).contains("subject_token=subject-1")
                ? .text("{\"access_token\": \"federated\", \"expires_in\": 3600}")
                : .text("{\"error\": \"invalid_grant\"}", status: 400)
        }
        server.route("/impersonate") { request in
            request["Authorization"] == "Bearer federated"
                ? .text("{\"accessToken\": \"spoken-for\", \"expireTime\": \"2026-11-22T21:43:48Z\"}")
                : .text("", status: 403)
        }
        server.route("/storage*") { .text($0["Authorization"] ?? "nothing") }
        let source = source.replacing("FILE", with: folder.path + "/token").replacing(
            "URL", with: server.url("/subject"))
        let scene = try GoogleScene(
            configured(
                """
                {type: external_account, audience: "//iam.googleapis.com/x", subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
                token_url: "\(server.url("/sts"))", service_account_impersonation_url: "\(server.url("/impersonate"))",
                credential_source: \(source)}
                """), environment: ["STORAGE_EMULATOR_HOST": server.url("")])
        #expect(try get(scene).body == Array("Bearer spoken-for".utf8))
    }

    @Test func aTokenGoesToTheStoreAndNowhereElse() throws {
        let tokens = try TokenServer()
        defer { tokens.server.stop() }
        let scene = try GoogleScene(configured(tokens.serviceAccount), environment: tokens.environment)
        let store = try #require(try scene.store("gs://bucket/x") as? any WritableStore)
        func hasToken(_ url: String) throws -> Bool {
            let part = store.part(
                "x", upload: url, number: 1, offset: 0, total: 1, body: [1], content: UploadContent())
            return try GoogleScene.authorized(part, store).headers.contains { $0.name == "Authorization" }
        }
        #expect(try hasToken(tokens.server.url("/upload?upload_id=1")))
        #expect(try !hasToken(tokens.server.otherHostURL("/upload?upload_id=1")))
        #expect(try !hasToken(tokens.server.url("") + "0/upload?upload_id=1"))
    }
}
