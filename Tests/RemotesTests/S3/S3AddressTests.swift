import Planning
import Platform
import TestSupport
import Testing

@testable import Remotes

@Suite struct S3AddressTests {
    private static let configuration = """
        sdk.aws.s3 { key: awskey, secret: awssecret, region: eu-west-1, credentials: [
            { host: "Minio.example.org:9000", key: k, secret: s, secure: false }
            { host: "plain.example.org", key: k, secret: s }
            { host: "tls.example.org:443", key: k, secret: s }
            { bucket: other, key: k, secret: s, region: cn-north-1 }
            { host: "both.example.org:9000", key: k, secret: s }
            { bucket: both.example.org, key: k, secret: s }
        ] }
        """

    @Test(arguments: [
        ("s3://bucket/a/b", "https://bucket.s3.eu-west-1.amazonaws.com/a/b"),
        ("s3://bucket.with.dots/a", "https://s3.eu-west-1.amazonaws.com/bucket.with.dots/a"),
        ("s3://Capital/a", "https://s3.eu-west-1.amazonaws.com/Capital/a"),
        ("s3://other/a", "https://other.s3.cn-north-1.amazonaws.com.cn/a"),
        ("s3://minio.example.org:9000/bucket/a", "http://minio.example.org:9000/bucket/a"),
        ("s3://plain.example.org/bucket/a", "https://plain.example.org/bucket/a"),
        ("s3://PLAIN.example.org:443/bucket/a", "https://plain.example.org/bucket/a"),
        ("s3://tls.example.org/bucket/a", "https://tls.example.org/bucket/a"),
        ("s3://unknown:9000/bucket/a", "https://unknown:9000/bucket/a"),
        ("s3://both.example.org/a", "https://s3.eu-west-1.amazonaws.com/both.example.org/a"),
    ])
    func aURLNamesAServerAndABucket(url: String, expected: String) throws {
        let scene = try S3Scene(Self.configuration)
        let (store, key) = try scene.object(url)
        #expect(store.get(ObjectID(key), range: nil, match: nil, unless: nil).url == expected)
    }

    @Test func aHostWithoutItsPortIsExplained() throws {
        let scene = try S3Scene(Self.configuration)
        let refusal = try #require(throws: Refusal.self) { try scene.object("s3://minio.example.org/bucket/a") }
        #expect(refusal.kind == .configuration)
        #expect(
            refusal.message == "'minio.example.org' is a host that sdk.aws.s3.credentials[0] has with the port 9000")
        #expect(refusal.advice?.contains("s3://minio.example.org:9000/") == true)
    }

    @Test func aHostAloneNamesNoBucket() throws {
        let scene = try S3Scene(Self.configuration)
        #expect(throws: Refusal.self) { try scene.object("s3://minio.example.org:9000/") }
    }

    @Test(arguments: [
        ("plain", "/bucket/plain"), ("a//b", "/bucket/a//b"), ("/leading", "/bucket//leading"),
        ("a/../b", "/bucket/a/../b"),
        ("./a", "/bucket/./a"), ("..", "/bucket/.."), ("a b", "/bucket/a%20b"), ("a+b", "/bucket/a%2Bb"),
        ("100%", "/bucket/100%25"), ("%41", "/bucket/%2541"), ("ünï", "/bucket/%C3%BCn%C3%AF"),
        ("a?b#c", "/bucket/a%3Fb%23c"),
        ("a&b=c;d", "/bucket/a%26b%3Dc%3Bd"), ("~a-b_c.d", "/bucket/~a-b_c.d"),
        ("$!*'(),:@[]", "/bucket/%24%21%2A%27%28%29%2C%3A%40%5B%5D"),
        ("\u{1}\t\"<>\\^`{|}", "/bucket/%01%09%22%3C%3E%5C%5E%60%7B%7C%7D"), ("dir/", "/bucket/dir/"),
    ])
    func aKeyGoesOutAsItIsSigned(key: String, target: String) throws {
        let scene = try S3Scene()
        let store = try scene.store()
        let request = try scene.authorized(store.get(ObjectID(key), range: nil, match: nil, unless: nil), store)
        _ = try scene.network.exchange(request)
        let sent = try #require(scene.server.exchanges.first?.request)
        #expect(sent.target == target)
        let canonical = String(decoding: SigV4.canonicalRequest(request, payload: "").bytes, as: UTF8.self)
        #expect(canonical.hasPrefix("GET\n\(target)\n\n"))
        #expect(sent["Host"] == scene.host)
    }

    @Test func anEndpointOfTheEnvironmentReplacesAWS() throws {
        let scene = try S3Scene(
            "sdk.aws.s3 { key: k, secret: s }",
            environment: ["AWS_ENDPOINT_URL": "http://other.example.org/", "AWS_ENDPOINT_URL_S3": "http://HOST/s3/"])
        let (store, key) = try scene.object("s3://bucket/a b")
        #expect(
            store.get(ObjectID(key), range: nil, match: nil, unless: nil).url == "http://\(scene.host)/s3/bucket/a%20b")
    }

    @Test func anEndpointThatIsNoURLIsRefused() throws {
        let scene = try S3Scene("", environment: ["AWS_ENDPOINT_URL": "localhost:9000"])
        let refusal = try #require(throws: Refusal.self) { try scene.object("s3://bucket/a") }
        #expect(refusal.kind == .configuration && refusal.message.contains("AWS_ENDPOINT_URL"))
    }

    @Test func oneBucketWithTheSameCredentialsIsOneStore() throws {
        let scene = try S3Scene(
            "sdk.aws.s3 { key: k, secret: s, credentials: [ { bucket: b, subdir: x, key: k2, secret: s2 } ] }")
        let (first, second) = (try scene.store("s3://b/a"), try scene.store("s3://b/c/d"))
        #expect(first === second)
        let third = try scene.store("s3://b/x/a")
        #expect(
            third !== first && third.accessName == "sdk.aws.s3.credentials[0]" && first.accessName == "sdk.aws.s3.key")
    }
}
