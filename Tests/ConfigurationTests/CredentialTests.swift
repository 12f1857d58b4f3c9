import Configuration
import Testing

@Suite struct CredentialTests {
    private static let text = """
        sdk.aws.s3.credentials: [
          { bucket: my-bucket, key: whole }
          { bucket: my-bucket, subdir: /data/, key: data }
          { bucket: my-bucket, subdir: data/deep, key: deep }
          { host: "Minio.example.org:9000", key: 12345678, secret: 87654321, secure: false }
          { host: "minio.example.org:9000", bucket: special, key: special }
          { host: "plain.example.org", secure: false, key: plain }
          { bucket: my-bucket, key: second }
          { key: nowhere }
        ]
        """

    @Test(
        arguments: [
            (nil, "my-bucket", "x", 0),
            (nil, "my-bucket", "data/x", 1),
            (nil, "my-bucket", "database/x", 0),
            (nil, "my-bucket", "data/deep/x", 2),
            (nil, "my-bucket", "data/deeper", 1),
            (nil, "my-bucketeer", "x", nil),
            (nil, "special", "x", nil),
            ("minio.example.org:9000", "any", "x", 3),
            ("MINIO.EXAMPLE.ORG:9000", "special", "x", 4),
            ("minio.example.org:9000", "my-bucket", "data/x", 3),
            ("plain.example.org:80", "any", "x", 5),
            ("plain.example.org:443", "any", "x", nil),
            ("other.example.org", "my-bucket", "x", nil),
        ] as [(String?, String, String, Int?)])
    func theEntryThatSaysMostAboutAnObjectCounts(host: String?, bucket: String, key: String, index: Int?) throws {
        let s3 = try load(Self.text).s3
        #expect(s3.credentials(host: host, bucket: bucket, key: key)?.index == index)
    }

    @Test func entriesKnowTheirNameAndPlace() throws {
        let settings = try load(Self.text)
        #expect(settings.s3.credentials[2].name == "sdk.aws.s3.credentials[2]")
        #expect(settings.s3.credentials[2].origin.description == "/home/me/clearml.conf:4:3")
        #expect(settings.s3.credentials[3].key == "12345678")
        #expect(settings.warnings.map(\.key) == ["sdk.aws.s3.credentials[7]"])
    }

    @Test func googleAndAzureEntriesAreFoundTheSameWay() throws {
        let settings = try load(
            """
            sdk.google.storage.credentials: [
              { bucket: b, project: p, credentials_json: /whole.json }
              { bucket: b, subdir: x, credentials_json: /x.json }
            ]
            sdk.azure.storage.containers: [
              { account_name: acc, account_key: all }
              { account_name: acc, account_key: one, container_name: c, endpoint: "http://127.0.0.1:10000/acc" }
            ]
            """)
        #expect(settings.google.credentials(bucket: "b", key: "x/y")?.index == 1)
        #expect(settings.google.credentials(bucket: "b", key: "xy")?.index == 0)
        #expect(settings.google.credentials(bucket: "c", key: "x") == nil)
        #expect(settings.azure.container(account: "acc", container: "c")?.index == 1)
        #expect(settings.azure.container(account: "acc", container: "d")?.index == 0)
        #expect(settings.azure.container(account: "other", container: "c") == nil)
    }
}

@Suite struct EnvironmentVariableTests {
    @Test func aFlagsVariableIsNamedAfterIt() {
        #expect(EnvironmentVariable(flag: "connections-per-host").name == "CLEARML_SYNC_CONNECTIONS_PER_HOST")
    }
}
