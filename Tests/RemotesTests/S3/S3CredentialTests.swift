import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

/// Which access key signs, wherever it comes from.
@Suite struct S3CredentialTests {
    /// The access key that a request goes out with; `nil`: unsigned.
    private static func key(_ scene: S3Scene, _ url: String = "s3://bucket/key") throws -> String? {
        let store = try scene.store(url)
        let request = try scene.authorized(store.get(ObjectID("key"), range: nil, match: nil, unless: nil), store)
        return request.headers.first { $0.name == "Authorization" }?.value.split(separator: "Credential=").last
            .map { String($0.prefix { $0 != "/" }) }
    }

    private static func scene(
        _ configuration: String = "", _ environment: [String: String] = [:], config: String = "",
        credentials: String = ""
    ) throws -> S3Scene {
        let scene = try S3Scene(configuration, environment: environment)
        let host = scene.host
        try scene.folder.write(".aws/config", config.replacing("HOST", with: host))
        try scene.folder.write(".aws/credentials", credentials)
        return scene
    }

    private static let keys = ["AWS_ACCESS_KEY_ID": "envkey", "AWS_SECRET_ACCESS_KEY": "envsecret"]

    // MARK: ClearML's order

    @Test func theEntryComesBeforeTheDefaultAndTheDefaultBeforeTheEnvironment() throws {
        let text = "sdk.aws.s3 { key: confkey, secret: s, credentials: [ { bucket: mine, key: entrykey, secret: s } ] }"
        let scene = try Self.scene(text, Self.keys)
        #expect(try Self.key(scene, "s3://mine/x") == "entrykey")
        #expect(try Self.key(scene, "s3://other/x") == "confkey")
        #expect(try Self.key(Self.scene("", Self.keys)) == "envkey")
    }

    @Test func aServerNeverGetsWhatIsMeantForAWS() throws {
        let scene = try Self.scene("sdk.aws.s3 { key: confkey, secret: s, secure: false }", Self.keys)
        #expect(try Self.key(scene, "s3://HOST/bucket/key") == nil)
    }

    @Test func aServersEntryMayAskForTheChain() throws {
        let scene = try Self.scene(
            "sdk.aws.s3.credentials: [ { host: \"HOST\", secure: false, use_credentials_chain: true } ]", Self.keys)
        #expect(try Self.key(scene, "s3://HOST/bucket/key") == "envkey")
    }

    @Test func theChainIsAskedWhereTheConfigurationSaysSo() throws {
        let scene = try Self.scene(
            "sdk.aws.s3 { key: confkey, secret: s, use_credentials_chain: true }", [:],
            credentials: "[default]\naws_access_key_id = filekey\naws_secret_access_key = s\n")
        #expect(try Self.key(scene) == "filekey")
        #expect(try scene.store("s3://bucket/key").accessName.contains(".aws/credentials"))
    }

    @Test func aTokenGoesWithTheKeyThatItCameWith() throws {
        let scene = try Self.scene("sdk.aws.s3 { key: confkey, secret: s }", ["AWS_SESSION_TOKEN": "envtoken"])
        let store = try scene.store("s3://bucket/key")
        let request = try scene.authorized(store.head(ObjectID("key")), store)
        #expect(!request.headers.contains { $0.name == "x-amz-security-token" })
        let other = try Self.scene("", Self.keys.merging(["AWS_SESSION_TOKEN": "envtoken"]) { first, _ in first })
        let signed = try other.authorized(store.head(ObjectID("key")), try other.store("s3://bucket/key"))
        #expect(signed.headers.first { $0.name == "x-amz-security-token" }?.value == "envtoken")
    }

    // MARK: Profiles

    private static let file =
        "[default]\naws_access_key_id = d\naws_secret_access_key = s\n[p]\naws_access_key_id = pkey\naws_secret_access_key = s\n"

    @Test func aNamedProfileIsUsedAndItsRegion() throws {
        let scene = try Self.scene(
            "sdk.aws.s3.credentials: [ { bucket: b, profile: p } ]", Self.keys,
            config: "[profile p]\nregion = sa-east-1\n",
            credentials: Self.file)
        #expect(try Self.key(scene, "s3://b/x") == "pkey")
        #expect(try scene.store("s3://b/x").region == "sa-east-1")
    }

    @Test func keysOfTheEnvironmentComeBeforeItsProfile() throws {
        let both = Self.keys.merging(["AWS_PROFILE": "p"]) { first, _ in first }
        #expect(try Self.key(Self.scene("", both, credentials: Self.file)) == "envkey")
        #expect(try Self.key(Self.scene("", ["AWS_PROFILE": "p"], credentials: Self.file)) == "pkey")
    }

    @Test func aProfileThatIsNotThereIsSaid() throws {
        let scene = try Self.scene("", ["AWS_PROFILE": "nobody"], credentials: Self.file)
        let refusal = try #require(throws: Refusal.self) { try Self.key(scene) }
        #expect(refusal.kind == .configuration && refusal.message == "there is no profile 'nobody'")
        #expect(refusal.advice?.contains(".aws/credentials") == true)
    }

    @Test func whatAProgramPrintsIsTaken() throws {
        let scene = try Self.scene(
            "", [:],
            config: """
                [default]
                credential_process = printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"s","SessionToken":"t"}' printed
                """)
        #expect(try Self.key(scene) == "printed")
    }

    @Test(arguments: [
        "exit 3", "echo nonsense", "echo '{\"Version\":2}'", "echo '{\"Version\":1}'", "echo token >&2; exit 1",
    ])
    func aProgramThatPrintsNoneIsAnError(command: String) throws {
        let scene = try Self.scene("", [:], config: "[default]\ncredential_process = \(command)\n")
        let refusal = try #require(throws: Refusal.self) { try Self.key(scene) }
        #expect(refusal.kind == .permission && refusal.message.contains("credential_process"))
    }

    // MARK: Roles

    private static func assumed(
        _ name: String, key: String, end: String = "2099-01-01T00:00:00Z"
    ) -> FaultServer.Response {
        .text(
            "<\(name)Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><\(name)Result><AssumedRoleUser><Arn>x</Arn>"
                + "</AssumedRoleUser><Credentials><AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>rolesecret</SecretAccessKey>"
                + "<SessionToken>roletoken-\(key)</SessionToken><Expiration>\(end)</Expiration></Credentials></\(name)Result></\(name)Response>"
        )
    }

    private static let roles = """
        [profile p]
        role_arn = arn:aws:iam::1:role/data
        source_profile = base
        external_id = e=1
        region = eu-west-2
        [profile base]
        aws_access_key_id = basekey
        aws_secret_access_key = s
        [profile loop]
        role_arn = arn:aws:iam::1:role/a
        source_profile = loop2
        [profile loop2]
        role_arn = arn:aws:iam::1:role/b
        source_profile = loop
        [profile env]
        role_arn = arn:aws:iam::1:role/data
        credential_source = Environment
        [profile mfa]
        role_arn = arn:aws:iam::1:role/data
        source_profile = base
        mfa_serial = arn:aws:iam::1:mfa/me
        """

    @Test func aRoleIsAssumedWithItsSourceProfile() throws {
        let scene = try Self.scene(
            "sdk.aws.s3.profile: p", ["AWS_ENDPOINT_URL_STS": "http://HOST/sts"], config: Self.roles)
        scene.server.route("/sts/") { _ in Self.assumed("AssumeRole", key: "rolekey") }
        #expect(try Self.key(scene) == "rolekey")
        let sent = try #require(scene.server.requests("/sts/").first)
        let form = String(decoding: sent.body, as: UTF8.self)
        #expect(sent.accessKey == "basekey" && sent["Authorization"]?.contains("/eu-west-2/sts/aws4_request") == true)
        #expect(form.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fdata") && form.contains("ExternalId=e%3D1"))
        #expect(try scene.store("s3://bucket/key").accessName.contains("the role of the profile 'p'"))
    }

    @Test func aRolesSourceMayBeTheEnvironment() throws {
        let environment = Self.keys.merging(["AWS_ENDPOINT_URL_STS": "http://HOST"]) { first, _ in first }
        let scene = try Self.scene("sdk.aws.s3.profile: env", environment, config: Self.roles)
        scene.server.route("/") { _ in Self.assumed("AssumeRole", key: "rolekey") }
        #expect(try Self.key(scene) == "rolekey")
        #expect(scene.server.requests("/").first?.accessKey == "envkey")
    }

    @Test(arguments: [("loop", "lead back"), ("mfa", "mfa_serial")])
    func aRoleThatCannotBeHadIsExplained(profile: String, words: String) throws {
        let scene = try Self.scene(
            "sdk.aws.s3.profile: \(profile)", ["AWS_ENDPOINT_URL_STS": "http://HOST"], config: Self.roles)
        let refusal = try #require(throws: Refusal.self) { try Self.key(scene) }
        #expect(refusal.kind == .configuration && refusal.message.contains(words))
    }

    @Test func aRoleThatIsDeniedNamesTheProfile() throws {
        let scene = try Self.scene("sdk.aws.s3.profile: p", ["AWS_ENDPOINT_URL_STS": "http://HOST"], config: Self.roles)
        scene.server.route("/") { _ in
            .init(
                status: 403,
                body: Array(
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>".utf8)
            )
        }
        let refusal = try #require(throws: Refusal.self) { try Self.key(scene) }
        #expect(refusal.kind == .permission && refusal.message.contains("'p'"))
        #expect(refusal.cause?.contains("403 AccessDenied: no") == true)
    }

    @Test func aTokenFileBecomesARole() throws {
        let scene = try Self.scene(
            "",
            [
                "AWS_ENDPOINT_URL_STS": "http://HOST", "AWS_WEB_IDENTITY_TOKEN_FILE": "FOLDER/token",
                "AWS_ROLE_ARN": "arn:aws:iam::1:role/pod",
            ])
        try scene.folder.write("token", "the+token\n")
        scene.server.route("/") { _ in Self.assumed("AssumeRoleWithWebIdentity", key: "podkey") }
        #expect(try Self.key(scene) == "podkey")
        let sent = try #require(scene.server.requests("/").first)
        #expect(
            sent["Authorization"] == nil
                && String(decoding: sent.body, as: UTF8.self).contains("WebIdentityToken=the%2Btoken"))
    }

    // MARK: The machine's

    @Test func aContainerGivesCredentials() throws {
        let scene = try Self.scene(
            "",
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://HOST/creds",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "FOLDER/token",
            ])
        try scene.folder.write("token", "secret-token\n")
        scene.server.route("/creds") { request in
            request["Authorization"] == "secret-token"
                ? .text(
                    #"{"AccessKeyId":"taskkey","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#)
                : .init(status: 401)
        }
        #expect(try Self.key(scene) == "taskkey")
    }

    @Test func aContainersTokenGoesNowhereElse() throws {
        let scene = try Self.scene("", ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/creds"])
        #expect(try #require(throws: Refusal.self) { try Self.key(scene) }.kind == .configuration)
    }

    private static func instance(_ scene: S3Scene, ends: @escaping @Sendable (Int) -> String) {
        scene.server.route("/latest/api/token") { request in
            request.method == "PUT" && request["X-aws-ec2-metadata-token-ttl-seconds"] != nil
                ? .text("imds") : .init(status: 400)
        }
        let folder = "/latest/meta-data/iam/security-credentials/"
        scene.server.route(folder) {
            $0["X-aws-ec2-metadata-token"] == "imds" ? .text("the role\n") : .init(status: 401)
        }
        scene.server.route(folder + "the%20role") { request in
            guard request["X-aws-ec2-metadata-token"] == "imds" else { return .init(status: 401) }
            return .text(
                #"{"Code":"Success","AccessKeyId":"key\#(request.number)","SecretAccessKey":"s","Token":"t\#(request.number)","#
                    + #""Expiration":"\#(ends(request.number))"}"#)
        }
    }

    private static let onEC2 = [
        "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://HOST/",
    ]

    @Test func anInstanceGivesItsRolesCredentials() throws {
        let scene = try Self.scene("", Self.onEC2)
        Self.instance(scene) { _ in "2099-01-01T00:00:00Z" }
        #expect(try Self.key(scene) == "key1")
        #expect(try Self.key(scene) == "key1")
        #expect(try scene.store("s3://bucket/key").accessName == "the EC2 instance's role 'the role'")
    }

    @Test func credentialsAreRenewedOnceTheyHaveEnded() throws {
        let scene = try Self.scene("", Self.onEC2)
        Self.instance(scene) { number in number == 1 ? "2000-01-01T00:00:00Z" : "2099-01-01T00:00:00Z" }
        #expect(try Self.key(scene) == "key1")
        #expect(try Self.key(scene) == "key2")
        #expect(try Self.key(scene) == "key2")
    }

    @Test func credentialsThatTheServerCallsExpiredAreFetchedAnewOnce() throws {
        let scene = try Self.scene("", Self.onEC2)
        Self.instance(scene) { _ in "2099-01-01T00:00:00Z" }
        let store = try scene.store("s3://bucket/key")
        let wish = store.get(ObjectID("key"), range: nil, match: nil, unless: nil)
        let (first, same) = (try scene.authorized(wish, store), try scene.authorized(wish, store))
        scene.server.route("/expired") { _ in .init(status: 400, body: Array(S3Scene.error("ExpiredToken").utf8)) }
        let answer = try scene.network.exchange(HTTPRequest(.get, scene.server.url("/expired")))
        // Two requests with the same token are refused; one renewal serves both.
        #expect(store.refusal(answer.head, body: answer.body, to: first).kind == .again)
        #expect(store.refusal(answer.head, body: answer.body, to: same).kind == .again)
        let second = try scene.authorized(wish, store)
        #expect(second.headers.contains { $0.value == "t2" } && first.headers.contains { $0.value == "t1" })
        #expect(store.refusal(answer.head, body: answer.body, to: first).kind == .again)
        #expect(try scene.authorized(wish, store).headers.contains { $0.value == "t2" })
    }

    @Test func aTokenThatComesBackExpiredIsNotAskedForAgain() throws {
        let chained = try Self.scene(
            "sdk.aws.s3.use_credentials_chain: true", [:],
            credentials: "[default]\naws_access_key_id = k\naws_secret_access_key = s\naws_session_token = old\n")
        let store = try chained.store("s3://bucket/key")
        let wish = store.head(ObjectID("key"))
        chained.server.route("/expired") { _ in .init(status: 400, body: Array(S3Scene.error("ExpiredToken").utf8)) }
        let answer = try chained.network.exchange(HTTPRequest(.get, chained.server.url("/expired")))
        let first = try chained.authorized(wish, store)
        #expect(store.refusal(answer.head, body: answer.body, to: first).kind == .again)
        let second = try chained.authorized(wish, store)
        #expect(store.refusal(answer.head, body: answer.body, to: second).kind == .permission)
    }

    @Test func withoutAnyTheRequestGoesOutUnsigned() throws {
        let scene = try Self.scene("", ["AWS_ENDPOINT_URL_S3": "http://HOST"])
        #expect(try Self.key(scene) == nil)
        scene.server.route("*") { _ in .init(status: 403, body: Array(S3Scene.error("AccessDenied").utf8)) }
        let store = try scene.store("s3://bucket/key")
        let request = try scene.authorized(store.get(ObjectID("key"), range: nil, match: nil, unless: nil), store)
        let answer = try scene.network.exchange(request)
        let refusal = store.refusal(answer.head, body: answer.body, to: request)
        #expect(refusal.kind == .permission && store.accessName == "no credentials")
        for place in [
            "AWS_ACCESS_KEY_ID", ".aws/credentials", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_DISABLED",
        ] {
            #expect(refusal.advice?.contains(place) == true)
        }
    }
}
