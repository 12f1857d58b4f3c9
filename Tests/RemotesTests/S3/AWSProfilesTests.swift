import TestSupport
import Testing

@testable import Remotes

@Suite struct AWSProfilesTests {
    @Test func sectionsKeysAndComments() {
        let profiles = AWSProfiles(
            """
            # a comment
            [default]
            region=eu-west-1 ; where
            s3 =
                addressing_style = path
            aws_secret_access_key = a#b
            [profile research]
              \t
            Role_ARN = arn:aws:iam::1:role/x # its role
            [ profile "two words" ]
            region = "x"
            [services s]
            region = no
            [profiles]
            region = no
            """)
        #expect(profiles["default"]?["region"] == "eu-west-1")
        #expect(profiles["default"]?["aws_secret_access_key"] == "a#b")
        #expect(profiles["default"]?["addressing_style"] == nil)
        #expect(profiles["research"]?["role_arn"] == "arn:aws:iam::1:role/x")
        #expect(profiles["two words"]?["region"] == "\"x\"")
        #expect(profiles["services s"] == nil && profiles["profiles"] == nil)
    }

    @Test func theCredentialsFileComesFirstAndNamesItsProfilesPlainly() throws {
        let folder = try TemporaryFolder()
        try folder.write(".aws/config", "[profile a]\nregion = r\naws_access_key_id = config\n[b]\nregion = no\n")
        try folder.write(".aws/credentials", "[a]\r\naws_access_key_id = credentials\r\n[profile c]\r\nregion = x\r\n")
        let profiles = AWSProfiles(environment: [:], home: folder.path)
        #expect(profiles["a"]?["aws_access_key_id"] == "credentials" && profiles["a"]?["region"] == "r")
        #expect(profiles["a"]?.file == folder[".aws/credentials"])
        #expect(profiles["b"] == nil && profiles["c"] == nil && profiles["profile c"] != nil)
    }

    @Test func variablesNameOtherFiles() throws {
        let folder = try TemporaryFolder()
        try folder.write("one", "[default]\nregion = one\n")
        let profiles = AWSProfiles(
            environment: ["AWS_CONFIG_FILE": "~/one", "AWS_SHARED_CREDENTIALS_FILE": folder["two"]], home: folder.path)
        #expect(profiles["default"]?["region"] == "one")
        #expect(profiles.files == [folder["one"], folder["two"]])
        #expect(AWSProfiles(environment: [:], home: nil).files.isEmpty)
    }
}
