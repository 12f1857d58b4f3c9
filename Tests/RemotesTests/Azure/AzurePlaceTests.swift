import Planning
import Testing

@testable import Remotes

@Suite struct AzurePlaceTests {
    private func place(_ url: String, _ configuration: String = "") throws -> AzurePlace {
        try AzureScene(configuration).store(url).place
    }

    @Test(
        "A URL's host names the account, an address leaves that to the path",
        arguments: [
            ("azure://acc.blob.core.windows.net/box/a/b", "https://acc.blob.core.windows.net", "acc", true),
            ("azure://Acc.BLOB.core.windows.net/box/a/b", "https://acc.blob.core.windows.net", "acc", true),
            (
                "azure://acc-secondary.blob.core.windows.net/box/a/b", "https://acc-secondary.blob.core.windows.net",
                "acc", true
            ),
            ("azure://acc.z01.blob.storage.azure.net/box/a/b", "https://acc.z01.blob.storage.azure.net", "acc", true),
            ("azure://acc.blob.core.chinacloudapi.cn/box/a/b", "https://acc.blob.core.chinacloudapi.cn", "acc", true),
            ("azure://acc.blob.core.usgovcloudapi.net/box/a/b", "https://acc.blob.core.usgovcloudapi.net", "acc", true),
            ("azure://127.0.0.1:10000/acc/box/a/b", "http://127.0.0.1:10000/acc", "acc", true),
            ("azure://localhost/acc/box/a/b", "http://localhost/acc", "acc", true),
            ("azure://[::1]:10000/acc/box/a/b", "http://[::1]:10000/acc", "acc", true),
            ("azure://10.1.2.3/acc/box/a/b", "http://10.1.2.3/acc", "acc", false),
            ("azure://acc.blob.example.org/box/a/b", "https://acc.blob.example.org", "acc", false),
            (
                "azure://acc.blob.core.windows.net.example.org/box/a/b",
                "https://acc.blob.core.windows.net.example.org", "acc", false
            ),
            ("azure://x.evilblob.core.windows.net/box/a/b", "https://x.evilblob.core.windows.net", "x", false),
        ])
    func hosts(url: String, endpoint: String, account: String, isTrusted: Bool) throws {
        let place = try place(url)
        #expect(place.endpoint.url == endpoint)
        #expect(place.account == account && place.container == "box" && place.key == "a/b")
        #expect(place.isTrusted == isTrusted)
    }

    @Test(
        "Keys are what follows the container's slash",
        arguments: [
            ("box/", ""), ("box//lead", "/lead"), ("box/a//b", "a//b"), ("box/a b%20ü#?x", "a b%20ü#?x"),
        ])
    func keys(path: String, key: String) throws {
        let scene = try AzureScene()
        #expect(try scene.object("azure://acc.blob.core.windows.net/\(path)").key == key)
        #expect(try scene.object("azure://127.0.0.1:1/acc/\(path)").key == key)
    }

    @Test(
        "A URL without a container is refused",
        arguments: ["azure://127.0.0.1:1/acc/", "azure://acc.blob.core.windows.net/", "azure://127.0.0.1/"])
    func incomplete(url: String) throws {
        let refusal = try #require(throws: Refusal.self) { try AzureScene().store(url) }
        #expect(refusal.kind == .configuration && refusal.advice?.contains("azure://") == true)
    }

    @Test(
        "A container alone is no blob",
        arguments: ["azure://127.0.0.1:1/acc/box", "azure://acc.blob.core.windows.net/box"])
    func container(url: String) throws {
        let refusal = try #require(throws: Refusal.self) { try AzureScene().store(url) }
        #expect(refusal.kind == .notFound && refusal.advice?.contains("'/'") == true)
        #expect(try AzureScene().object(url + "/").key == "")
    }

    @Test("An entry's endpoint takes the place of the account's own host, for its container alone")
    func configuredEndpoint() throws {
        let configuration = """
            sdk.azure.storage.containers: [
                {account_name: acc, container_name: other, endpoint: "http://127.0.0.1:1/other"},
                {account_name: acc, container_name: box, endpoint: "http://127.0.0.1:10000/devstoreaccount1/"}
            ]
            """
        let place = try place("azure://acc.blob.core.windows.net/box/k", configuration)
        #expect(
            place.endpoint.url == "http://127.0.0.1:10000/devstoreaccount1" && place.isTrusted && place.account == "acc"
        )
        #expect(
            try self.place("azure://acc.blob.core.windows.net/third/k", configuration).endpoint.url
                == "https://acc.blob.core.windows.net")
    }

    @Test("A URL may name an entry's endpoint itself")
    func endpointByName() throws {
        let configuration = """
            sdk.azure.storage.containers: [
                {account_name: acc, endpoint: "https://blobs.example.org"},
                {account_name: dev, endpoint: "http://azurite:10000/dev"}
            ]
            """
        var place = try place("azure://blobs.example.org/box/k", configuration)
        #expect(place.endpoint.url == "https://blobs.example.org" && place.account == "acc" && place.container == "box")
        place = try self.place("azure://blobs.example.org:443/box/k", configuration)
        #expect(place.account == "acc" && place.isTrusted)
        place = try self.place("azure://azurite:10000/dev/box/k", configuration)
        #expect(place.endpoint.url == "http://azurite:10000/dev" && place.account == "dev" && place.key == "k")
        place = try self.place("azure://azurite:10001/dev/box/k", configuration)
        #expect(!place.isTrusted)
    }
}
