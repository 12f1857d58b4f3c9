internal import Glibc
internal import Platform
internal import TestSupport
internal import Testing

/// When the network is touched, and with what.
@Suite struct NetworkUseTests {
    private let bytes = pseudorandomBytes(5000)

    private func served() throws -> PullScene {
        let scene = try PullScene()
        scene.server.file("/a.bin", bytes)
        try scene.declareOne()
        return scene
    }

    @Test func aRunThatHasNothingToDoSendsNothing() throws {
        let scene = try served()
        try scene.pullWell()
        let count = scene.server.exchanges.count
        try scene.pullWell()
        #expect(scene.server.exchanges.count == count)
    }

    @Test func aLockAndACacheNeedNoNetwork() throws {
        let scene = try served()
        try scene.pullWell()
        try FileSystem.removeAll(scene.workspace)
        let connections = scene.server.connectionsAccepted
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.connectionsAccepted == connections)
    }

    @Test(arguments: ["\"1\"", "W/\"1\""]) func withoutALockTheServerSaysWhetherTheCacheIsCurrent(_ eTag: String) throws
    {
        let scene = try served()
        scene.server.file("/a.bin", bytes, eTag: eTag)
        try scene.pullWell()
        try scene.forgetWorkspace()
        let sent = scene.server.bytesSent("/a.bin")
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/a.bin").last?.status == 304)
        #expect(scene.server.bytesSent("/a.bin") == sent)
    }

    @Test func lockedFailsRatherThanChangeTheLock() throws {
        let scene = try served()
        expectFailure(try scene.pull("--locked"), 65, saying: "--locked", "'clearml-sync lock'")
        #expect(scene.server.exchanges.isEmpty)
        try scene.pullWell()
        try FileSystem.removeAll(scene.workspace)
        try scene.pullWell("--locked")
        try scene.declareOne("/b.bin")
        expectFailure(try scene.pull("--locked"), 65, saying: "has changed")
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/b.bin").isEmpty)
    }

    @Test func offlineUsesTheCacheAndFailsLoudlyWithoutIt() throws {
        let scene = try served()
        expectFailure(try scene.pull("--offline"), 5, saying: "--offline")
        #expect(scene.server.connectionsAccepted == 0)
        try scene.pullWell()
        try scene.forgetWorkspace()
        let connections = scene.server.connectionsAccepted
        try scene.pullWell("--offline")
        #expect(scene.placed() == bytes)
        #expect(scene.server.connectionsAccepted == connections)
    }

    @Test func anOptionalEntryMayFail() throws {
        let scene = try served()
        try scene.declare(
            PullScene.entry("gone", scene.server.url("/gone.bin"), "optional: true"),
            PullScene.entry("a", scene.server.url("/a.bin")))
        let output = try scene.pullWell()
        #expect(output.stderr.contains("warning: artifacts/gone: nothing is there"), "\(output.stderr)")
        #expect(scene.placed() == bytes)
        #expect(scene.server.exchanges("/gone.bin").map(\.status) == [404])
    }

    @Test func keepGoingBringsTheRestAndEndsWith9() throws {
        let scene = try served()
        try scene.declare(
            PullScene.entry("gone", scene.server.url("/gone.bin")),
            PullScene.entry("refused", scene.server.url("/refused.bin")),
            PullScene.entry("a", scene.server.url("/a.bin")))
        scene.server.route("/refused.bin") { _ in .text("no", status: 403) }
        let output = try scene.pull("--keep-going")
        expectFailure(output, 9, about: "artifacts/gone", saying: "error: artifacts/refused: the server refuses access")
        #expect(scene.placed() == bytes)

        // What came is locked, and is not asked for again.
        scene.server.file("/gone.bin", bytes, eTag: "\"2\"")
        scene.server.file("/refused.bin", bytes, eTag: "\"3\"")
        try scene.pullWell()
        #expect(scene.server.exchanges("/a.bin").count == 1)
        #expect(try scene.tree().count == 3)
    }

    @Test func oneURLInManyEntriesIsFetchedOnce() throws {
        let scene = try served()
        try scene.declare((0..<20).map { PullScene.entry("e\($0)", scene.server.url("/a.bin")) })
        try scene.pullWell()
        #expect(try scene.tree().count == 20)
        #expect(scene.server.exchanges("/a.bin").count == 1)
    }

    // MARK: Credentials and certificates

    @Test func credentialsStayBehindWhenARedirectLeadsElsewhere() throws {
        let scene = try served()
        let other = try FaultServer()
        other.file("/a.bin", bytes)
        scene.server.route("/a.bin") { _ in .redirect(to: other.otherHostURL("/a.bin")) }
        let netrc = "machine 127.0.0.1 login alice password wonder\n"
        try scene.home.write(".netrc", netrc, mode: 0o600)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
        #expect(scene.server.requests("/a.bin").allSatisfy { $0["Authorization"] != nil })
        #expect(other.requests("/a.bin").count == 1)
        #expect(other.requests("/a.bin").allSatisfy { $0["Authorization"] == nil && $0["Cookie"] == nil })
    }

    /// The same host with another port is another origin (RFC 6454).
    @Test func credentialsOfAURLStayBehindAtAnotherPort() throws {
        let scene = try served()
        let other = try FaultServer()
        other.file("/a.bin", bytes)
        scene.server.route("/a.bin") { _ in .redirect(to: other.url("/a.bin")) }
        try scene.declare(PullScene.entry("a", "http://alice:s3cret@127.0.0.1:\(scene.server.port)/a.bin"))
        let output = try scene.pullWell()
        #expect(scene.server.requests("/a.bin").first?["Authorization"] != nil)
        #expect(other.requests("/a.bin").allSatisfy { $0["Authorization"] == nil })
        #expect(!output.stderr.contains("s3cret"))
        #expect(try !scene.folder.text("manifest.lock").contains("s3cret"))
    }

    @Test func secretsOfAURLAreInNoMessage() throws {
        let scene = try served()
        try scene.declare(
            PullScene.entry(
                "a", "http://alice:s3cret@127.0.0.1:\(scene.server.port)/gone.bin?X-Amz-Signature=s1gned&sig=s2gned"))
        let output = try scene.pull()
        expectFailure(output, 3, saying: "answered 404")
        for secret in ["s3cret", "s1gned", "s2gned"] { #expect(!output.stderr.contains(secret), "\(output.stderr)") }
    }

    @Test func anUnknownAuthorityIsRefusedAndSSL_CERT_FILENamesIt() throws {
        let scene = try PullScene()
        let nginx = try Nginx()
        try nginx.files.write("a.bin", bytes)
        try scene.declare(PullScene.entry("a", nginx.https("/a.bin")))
        expectFailure(try scene.pull(), 5, saying: "unknown authority", "SSL_CERT_FILE")
        #expect(try scene.tree().isEmpty)
        let output = try scene.pull(environment: ["SSL_CERT_FILE": nginx.certificateFile])
        #expect(output.exitCode == 0, "\(output.stderr)")
        #expect(scene.placed() == bytes)
    }

    @Test func aCertificateForAnotherHostIsRefused() throws {
        let scene = try PullScene()
        let nginx = try Nginx()
        try nginx.files.write("a.bin", bytes)
        try scene.declare(PullScene.entry("a", nginx.httpsWrongHost("/a.bin")))
        expectFailure(
            try scene.pull(environment: ["SSL_CERT_FILE": nginx.certificateFile]), 5, saying: "another host")
    }

    @Test func basicAuthenticationComesFromNetrc() throws {
        let scene = try PullScene()
        let nginx = try Nginx()
        try nginx.files.write("a.bin", bytes)
        try scene.declare(PullScene.entry("a", nginx.http("/private/a.bin")))
        expectFailure(try scene.pull(), 4, saying: "answered 401", "netrc")
        try scene.home.write(".netrc", "machine 127.0.0.1 login alice password \"wonder land\"\n", mode: 0o600)
        try scene.pullWell()
        #expect(scene.placed() == bytes)
    }
}
