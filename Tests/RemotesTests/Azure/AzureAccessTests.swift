import Planning
import Platform
import Testing

@testable import Remotes

@Suite struct AzureAccessTests {
    private static let url = "azure://acc.blob.core.windows.net/box/k"
    private static let emulator = "azure://127.0.0.1:1/acc/box/k"
    private static let entries = """
        sdk.azure.storage.containers: [
            {account_name: acc, account_key: "\(AzureScene.key)"},
            {account_name: other, account_key: "\(AzureScene.key)"},
            {account_name: acc, container_name: box, account_key: "\(AzureScene.key)"},
            {account_name: tokens, account_key: "?sv=1&sp=r&sig=x%2By"}
        ]
        """
    private static let connection =
        "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=\(AzureScene.key);"
        + "EndpointSuffix=core.windows.net"
    private static let entra = ["AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"]

    private func name(
        _ url: String, _ configuration: String = "", _ environment: [String: String] = [:]
    ) throws -> String {
        try AzureScene(configuration, environment: environment).store(url).accessName
    }

    @Test("An entry for the container comes before one for the account")
    func entries() throws {
        let index = { (url: String) in try name(url, Self.entries) }
        #expect(try index(Self.url) == "sdk.azure.storage.containers[2]")
        #expect(try index(Self.emulator) == "sdk.azure.storage.containers[2]")
        #expect(try index("azure://acc.blob.core.windows.net/boxes/k") == "sdk.azure.storage.containers[0]")
        #expect(try index("azure://OTHER.blob.core.windows.net/box/k") == "sdk.azure.storage.containers[1]")
        #expect(try index("azure://tokens.blob.core.windows.net/box/k") == "sdk.azure.storage.containers[3]")
        #expect(try index("azure://nobody.blob.core.windows.net/box/k") == "no credentials")
        #expect(try index(Self.url + "?sv=1&sig=x") == "the URL's own SAS token")
    }

    @Test("The environment counts where clearml.conf says nothing, in the order of Microsoft's tools")
    func environment() throws {
        let key = ["AZURE_STORAGE_ACCOUNT": "acc", "AZURE_STORAGE_KEY": AzureScene.key]
        let sas = ["AZURE_STORAGE_ACCOUNT": "acc", "AZURE_STORAGE_SAS_TOKEN": "sv=1&sig=x"]
        let all = key.merging(sas) { $1 }.merging(Self.entra) { $1 }
            .merging(["AZURE_STORAGE_CONNECTION_STRING": Self.connection]) { $1 }
        #expect(try name(Self.url, Self.entries, all) == "sdk.azure.storage.containers[2]")
        #expect(try name(Self.url, "", all) == "AZURE_STORAGE_CONNECTION_STRING")
        #expect(try name(Self.url, "", key.merging(sas) { $1 }) == "AZURE_STORAGE_ACCOUNT")
        #expect(try name(Self.url, "", sas.merging(Self.entra) { $1 }) == "AZURE_STORAGE_SAS_TOKEN")
        #expect(try name(Self.url, "", Self.entra) == "AZURE_CLIENT_SECRET")
        #expect(try name("azure://nobody.blob.core.windows.net/box/k", "", all) == "AZURE_CLIENT_SECRET")
    }

    @Test(
        "Of Entra's identities the first that is complete is taken",
        arguments: [
            (
                ["AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_FEDERATED_TOKEN_FILE": "/f"],
                "AZURE_FEDERATED_TOKEN_FILE"
            ),
            (["AZURE_CLIENT_ID": "c"], "the managed identity"),
            (["IDENTITY_ENDPOINT": "http://127.0.0.1:1/", "IDENTITY_HEADER": "h"], "the managed identity"),
            (["IDENTITY_ENDPOINT": "http://127.0.0.1:1/"], "no credentials"),
            (["AZURE_TENANT_ID": "t", "AZURE_CLIENT_SECRET": "s"], "no credentials"),
        ])
    func identities(environment: [String: String], expected: String) throws {
        #expect(try name(Self.url, "", environment) == expected)
    }

    @Test(
        "Credentials go to no host that the account has nothing to do with",
        arguments: [
            "azure://acc.blob.example.org/box/k", "azure://acc.blob.core.windows.net.example.org/box/k",
            "azure://10.1.2.3/acc/box/k",
        ])
    func strangers(url: String) throws {
        let environment = Self.entra.merging(["AZURE_STORAGE_CONNECTION_STRING": Self.connection]) { $1 }
        let store = try AzureScene(Self.entries, environment: environment).store(url)
        #expect(store.accessName == "no credentials")
        #expect(store.access.hint?.contains("endpoint") == true, "\(store.access.hint ?? "")")
    }

    @Test("An entry with an endpoint is for that endpoint alone")
    func endpoints() throws {
        let configuration = """
            sdk.azure.storage.containers: [
                {account_name: acc, account_key: "\(AzureScene.key)", endpoint: "http://127.0.0.1:10000/acc"}]
            """
        #expect(try name("azure://127.0.0.1:10000/acc/box/k", configuration) == "sdk.azure.storage.containers[0]")
        #expect(try name(Self.url, configuration) == "sdk.azure.storage.containers[0]")
        let store = try AzureScene(configuration).store("azure://127.0.0.1:20000/acc/box/k")
        #expect(store.accessName == "no credentials")
        #expect(store.access.hint?.contains("is for http://127.0.0.1:10000/acc") == true)
    }

    @Test("A SAS token without its account is not sent anywhere")
    func accountless() throws {
        let store = try AzureScene("", environment: ["AZURE_STORAGE_SAS_TOKEN": "sv=1&sig=x"]).store(Self.url)
        #expect(store.accessName == "no credentials")
        #expect(store.access.hint?.contains("AZURE_STORAGE_ACCOUNT") == true)
    }

    @Test("Connection strings say where the account is")
    func connectionStrings() throws {
        func store(_ text: String, _ url: String) throws -> AzureStore {
            try AzureScene("", environment: ["AZURE_STORAGE_CONNECTION_STRING": text]).store(url)
        }
        var found = try store(
            "BlobEndpoint=http://127.0.0.1:10000/acc;AccountName=acc;AccountKey=\(AzureScene.key)", Self.url)
        #expect(found.place.endpoint.url == "http://127.0.0.1:10000/acc")
        found = try store("UseDevelopmentStorage=true", "azure://127.0.0.1:10000/devstoreaccount1/box/k")
        #expect(found.accessName == "AZURE_STORAGE_CONNECTION_STRING")
        found = try store(
            "BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=a%3D", Self.url)
        #expect(found.accessName == "AZURE_STORAGE_CONNECTION_STRING")
        found = try store(
            "AccountName=acc;AccountKey=\(AzureScene.key);EndpointSuffix=core.chinacloudapi.cn",
            "azure://acc.blob.core.chinacloudapi.cn/box/k")
        #expect(found.accessName == "AZURE_STORAGE_CONNECTION_STRING")
    }

    @Test("A key that cannot be one is a matter of the configuration, and is not shown")
    func badKey() throws {
        let refusal = try #require(throws: Refusal.self) {
            try AzureScene("sdk.azure.storage.containers: [{account_name: acc, account_key: \"not base64!\"}]").store(
                Self.url)
        }
        #expect(refusal.kind == .configuration && refusal.cause == "sdk.azure.storage.containers[0]")
        #expect(!"\(refusal)".contains("base64!"))
        let environment = Self.entra.merging(["AZURE_AUTHORITY_HOST": "http://login.example.org"]) { $1 }
        #expect(throws: Refusal.self) { try AzureScene("", environment: environment).store(Self.url) }
    }

    @Test("The same container with the same access is one store; another access is another")
    func identity() throws {
        let scene = try AzureScene()
        #expect(try scene.store(Self.url) === scene.store(Self.url + "/other"))
        #expect(try scene.store(Self.url) !== scene.store(Self.url + "?sv=1&sig=x"))
        #expect(try scene.store(Self.url + "?sv=1&sig=x") !== scene.store(Self.url + "?sv=1&sig=y"))
        #expect(try scene.store(Self.url) !== scene.store("azure://acc.blob.core.windows.net/box2/k"))
    }
}
