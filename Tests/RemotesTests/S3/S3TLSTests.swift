import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

/// https and http where the configuration says the one or the other, against nginx.
@Suite struct S3TLSTests {
    /// - Parameter isTLS: whether the port that is asked wants TLS.
    private static func scene(_ nginx: Nginx, _ more: String, isTLS: Bool = true) throws -> (S3Scene, S3Store) {
        let url = isTLS ? nginx.http1s("") : nginx.http("")
        let host = String(url[(url.firstRange(of: "://")?.upperBound ?? url.startIndex)...])
        let scene = try S3Scene("sdk.aws.s3.credentials: [ { host: \"\(host)\", key: k, secret: s \(more) } ]")
        return (scene, try scene.store("s3://\(host)/bucket/key"))
    }

    private static func get(_ scene: S3Scene, _ store: S3Store) throws -> HTTPAnswer {
        try scene.send(store.get(ObjectID("key"), range: nil, match: nil, unless: nil), store)
    }

    @Test func anEntrysOwnAuthorityIsTrusted() throws {
        let nginx = try Nginx()
        try nginx.files.write("bucket/key", "secure")
        let (scene, store) = try Self.scene(nginx, ", verify: \"\(nginx.certificateFile)\"")
        #expect(try Self.get(scene, store).body == Array("secure".utf8))
        let (open, other) = try Self.scene(nginx, ", verify: false")
        #expect(try Self.get(open, other).body == Array("secure".utf8))
    }

    @Test func anUnknownAuthorityIsRefusedWithTheEntry() throws {
        let nginx = try Nginx()
        let (scene, store) = try Self.scene(nginx, "")
        let failure = try #require(throws: HTTPFailure.self) { try Self.get(scene, store) }
        withExtendedLifetime(nginx) { #expect(failure.kind == .tls(.unknownAuthority)) }
        #expect(store.advice(on: failure)?.contains("'verify' in sdk.aws.s3.credentials[0]") == true)
    }

    @Test func httpWhereTheServerWantsHTTPSIsExplained() throws {
        let nginx = try Nginx()
        let (scene, store) = try Self.scene(nginx, ", secure: false")
        let request = try scene.authorized(store.get(ObjectID("key"), range: nil, match: nil, unless: nil), store)
        let answer = try withExtendedLifetime(nginx) { try scene.network.exchange(request) }
        let refusal = store.refusal(answer.head, body: answer.body, to: request)
        #expect(refusal.kind == .configuration && refusal.advice == "set secure: true in sdk.aws.s3.credentials[0]")
    }

    @Test func httpsWhereTheServerSpeaksHTTPIsExplained() throws {
        let nginx = try Nginx()
        let (scene, store) = try Self.scene(nginx, "", isTLS: false)
        let failure = try #require(throws: HTTPFailure.self) { try Self.get(scene, store) }
        withExtendedLifetime(nginx) { #expect(failure.kind == .tls(.handshake)) }
        #expect(
            store.advice(on: failure) == "if the server speaks http, set secure: false in sdk.aws.s3.credentials[0]")
    }
}
