import Configuration
import Testing

@Suite struct SettingsTests {
    @Test(arguments: [
        ("~/c", "/home/me/c"), ("$DISK/c", "/disk/c"), ("${DISK}/c", "/disk/c"), ("rel/../c", "/here/c"),
        ("/a//b/", "/a/b"),
        ("/cost$", "/cost$"),
    ])
    func cacheFoldersAreExpanded(text: String, expected: String) throws {
        let environment = ["DISK": "/disk"]
        #expect(
            try load("sdk.storage.cache.default_base_dir: \"\(text)\"", environment: environment).cache.baseDirectory
                .value == expected)
        #expect(
            try load(environment: ["DISK": "/disk", "CLEARML_CACHE_DIR": text]).cache.baseDirectory.value == expected)
    }

    @Test func aVariableThatIsNotSetIsAnError() {
        #expect(
            problems("sdk.storage.cache.default_base_dir: \"$NONE/c\"") == [
                "/home/me/clearml.conf:1:37: sdk.storage.cache.default_base_dir: "
                    + "the environment variable NONE in this path is not set"
            ])
    }

    @Test func cacheLimitsAreFoundAtBothPlaces() throws {
        let newer = "sdk.storage.cache.disk_space_file_size_strategy.size"
        let older = "sdk.storage.cache.size { max_used_bytes: 5, min_free_bytes: 10GB, cleanup_margin_percent: \"5%\" }"
        var cache = try load(older).cache
        #expect(cache.maxUsedBytes.value == 5)
        #expect(cache.minFreeBytes.value == 10_000_000_000)
        #expect(cache.cleanupMargin.value == 0.05)
        #expect(cache.maxUsedBytes.key == "sdk.storage.cache.size.max_used_bytes")
        cache = try load(older + "\n\(newer) { max_used_bytes: -1, cleanup_margin_percent: 0.2 }").cache
        #expect(cache.maxUsedBytes.value == nil)
        #expect(cache.maxUsedBytes.origin != .defaultValue)
        #expect(cache.minFreeBytes.value == 10_000_000_000)
        #expect(cache.cleanupMargin.value == 0.2)
    }

    @Test func everyWrongTypeIsReportedAtOnceWithPlaceAndKey() {
        let text = """
            sdk.storage.sync { jobs: many, limit_rate: "10 apples", link: clone }
            sdk.aws = 5
            sdk.google.storage.credentials: [3]
            api.credentials.secret_key: [hunter2]
            """
        #expect(
            problems(text, environment: ["CLEARML_SYNC_KEEP_ARCHIVES": "perhaps"]) == [
                "environment CLEARML_SYNC_KEEP_ARCHIVES: sdk.storage.sync.keep_archives: expected true or false, "
                    + "found \"perhaps\"",
                "/home/me/clearml.conf:1:26: sdk.storage.sync.jobs: expected a whole number from 1, found string \"many\"",
                "/home/me/clearml.conf:1:44: sdk.storage.sync.limit_rate: expected a number of bytes, such as 10 GiB, "
                    + "or -1 for no limit, found string \"10 apples\"",
                "/home/me/clearml.conf:1:63: sdk.storage.sync.link: expected one of auto, reflink, hardlink, symlink, "
                    + "copy, found string \"clone\"",
                "/home/me/clearml.conf:2:11: sdk.aws: expected an object, found number",
                "/home/me/clearml.conf:3:34: sdk.google.storage.credentials[0]: expected an object, found number",
                "/home/me/clearml.conf:4:29: api.credentials.secret_key: expected a text, found array",
            ])
    }

    @Test func anUnknownKeyOfOursIsAWarningWithASuggestion() throws {
        let settings = try load("sdk.storage { sync { conections_per_host: 3, zzz: 1 }, unknown: 1 }")
        #expect(settings.warnings.count == 2)
        #expect(settings.warnings[0].key == "sdk.storage.sync.conections_per_host")
        #expect(settings.warnings[0].message.contains("did you mean connections_per_host?"))
        #expect(settings.warnings[0].origin.description == "/home/me/clearml.conf:1:43")
        #expect(settings.warnings[1].message.contains("known are keep_archives"))
    }

    @Test func pythonsBooleansAreBooleans() throws {
        #expect(try load("api.verify_certificate: False").fileServer.verify.value == .off)
        #expect(try load("api.verify_certificate: \"True\"").fileServer.verify.value == .system)
        #expect(
            try load("api.verify_certificate: ~/ca.pem").fileServer.verify.value == .bundle(path: "/home/me/ca.pem"))
    }

    @Test func unquotedURLsAreRead() throws {
        #expect(
            try load("api { files_server: https://files.example.org:8081 }").fileServer.url.value
                == "https://files.example.org:8081")
    }

    @Test func theAPIServerComesFromTheEnvironmentFirst() throws {
        let text = "api.api_server: http://api.example.org:8008"
        #expect(try load(text).fileServer.apiServer.value == "http://api.example.org:8008")
        let other = try load(text, environment: ["TRAINS_API_HOST": "https://a"]).fileServer.apiServer
        #expect(other.value == "https://a" && other.origin == .environment("TRAINS_API_HOST"))
    }

    @Test func headersNameAHostAndOneSource() throws {
        let settings = try load(
            """
            sdk.storage.sync.headers: [
              { host: Data.Example.org, header: "Authorization: Bearer t0k3n" }
              { host: b, header_file: ~/h }
              { host: c, header_env: H }
            ]
            """)
        #expect(settings.sync.headers.map(\.host) == ["data.example.org", "b", "c"])
        guard case .file(let path) = settings.sync.headers[1].source else { throw Mismatch() }
        #expect(path == "/home/me/h")
        #expect(
            problems("sdk.storage.sync.headers: [{ host: a }]").first?.contains("headers[0]: a header needs") == true)
        #expect(
            problems("sdk.storage.sync.headers: [{ host: a, header: t0k3n }]").allSatisfy { !$0.contains("t0k3n") })
    }

    private struct Mismatch: Error {}
}

@Suite struct StorageRuleTests {
    @Test func aBadSubstitutionIsSkippedWithAWarning() throws {
        let settings = try load(
            """
            sdk.storage.path_substitution = [
              { registered_prefix = "s3://b/x", local_prefix = "file:///mnt" }
              { registered_prefix = "s3://b/y" }
              { registered_prefix = a, local_prefix = b, replace_windows_sep = true, replace_linux_sep = true }
              { registered_prefix = a, local_prefix = b, replace_windows_sep = True }
              17
            ]
            """)
        #expect(
            settings.pathSubstitutions.map(\.key) == [
                "sdk.storage.path_substitution[0]", "sdk.storage.path_substitution[3]",
            ])
        #expect(settings.pathSubstitutions[1].replaceWindowsSeparator)
        #expect(
            settings.warnings.map(\.description) == [
                "/home/me/clearml.conf:3:3: sdk.storage.path_substitution[1]: the rule is skipped: it has no local_prefix",
                "/home/me/clearml.conf:4:3: sdk.storage.path_substitution[2]: the rule is skipped: "
                    + "only one of replace_windows_sep and replace_linux_sep may be set",
                "/home/me/clearml.conf:6:3: sdk.storage.path_substitution[4]: the rule is skipped: "
                    + "expected an object, found number",
            ])
    }

    @Test func directAccessIsForFileURLsUnlessTheListSaysOtherwise() throws {
        #expect(try load().directAccess.map(\.pattern) == [.url("file://*")])
        #expect(try load("sdk.storage.direct_access: []").directAccess.isEmpty)
        let settings = try load(
            "sdk.storage.direct_access: [{url: \"file:///mnt/*\"}, {content_type: \"video/*\"}, {url: a, content_type: b}, {}]"
        )
        #expect(settings.directAccess.map(\.pattern) == [.url("file:///mnt/*"), .contentType("video/*")])
        #expect(settings.warnings.count == 2)
    }
}

@Suite struct RedactionTests {
    private static let text = """
        api.credentials { access_key: AK, secret_key: s3cr3t-1 }
        api.files_server: "https://me:s3cr3t-2@files.example.org"
        sdk.aws.s3 { secret: s3cr3t-3, token: s3cr3t-4, credentials: [{ bucket: b, key: K, secret: s3cr3t-5 }] }
        sdk.azure.storage.containers: [{ account_name: a, account_key: s3cr3t-6 }]
        sdk.google.storage.credentials_json: { private_key: s3cr3t-7 }
        sdk.storage.sync.headers: [{ host: h, header: "Authorization: s3cr3t-8" }]
        """

    @Test func noSecretIsPrinted() throws {
        let settings = try load(Self.text)
        var dumped = ""
        dump(settings, to: &dumped)
        for printed in ["\(settings)", String(reflecting: settings), dumped.replacing("me:s3cr3t-2@", with: "")] {
            #expect(!printed.replacing("me:s3cr3t-2@", with: "").contains("s3cr3t"))
        }
        #expect(!settings.listing.contains { "\($0)".contains("s3cr3t") })
        #expect(settings.listing.filter { $0.value == .secret }.count == 7)
    }

    @Test func aSecretIsRevealedWhenAskedFor() throws {
        let settings = try load(Self.text)
        #expect(settings.fileServer.secretKey.value?.reveal() == "s3cr3t-1")
        #expect(settings.s3.credentials[0].secret?.reveal() == "s3cr3t-5")
        #expect(settings.google.credentialsJSON.value?.reveal() == #"{"private_key":"s3cr3t-7"}"#)
        #expect("\(Secret("x"))" == "********")
    }
}
