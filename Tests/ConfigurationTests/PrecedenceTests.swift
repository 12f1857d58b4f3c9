import Configuration
import Planning
import Testing

@Suite struct PrecedenceTests {
    // flag > CLEARML_SYNC_<FLAG> > ClearML's own variable > manifest > clearml.conf > default
    private static let conf = "sdk.storage { sync.link: copy, cache.default_base_dir: /conf }"

    @Test func eachLevelGivesWayToTheOneAbove() throws {
        var environment: [String: String] = [:]
        var flags: [String: String] = [:]
        var manifest: [String: ManifestDefault] = [:]
        func link(_ text: String = Self.conf) throws -> (Entry.LinkMode, String) {
            let setting = try load(text, environment: environment, flags: flags, manifest: manifest).sync.link
            return (setting.value, setting.origin.description)
        }
        #expect(try link("") == (.auto, "default"))
        #expect(try link() == (.copy, "/home/me/clearml.conf:1:26"))
        manifest["link"] = ManifestDefault("symlink", place: "m.yaml:2:9")
        #expect(try link() == (.symlink, "manifest m.yaml:2:9"))
        environment["CLEARML_SYNC_LINK"] = "hardlink"
        #expect(try link() == (.hardlink, "environment CLEARML_SYNC_LINK"))
        flags["link"] = "reflink"
        #expect(try link() == (.reflink, "flag --link"))
    }

    @Test func clearMLsOwnVariablesStandBetweenOursAndTheFile() throws {
        var environment = ["TRAINS_CACHE_DIR": "/trains"]
        func base() throws -> String { try load(Self.conf, environment: environment).cache.baseDirectory.value }
        #expect(try load(Self.conf).cache.baseDirectory.value == "/conf")
        #expect(try base() == "/trains")
        environment["CLEARML_CACHE_DIR"] = "/clearml"
        #expect(try base() == "/clearml")
        environment["CLEARML_SYNC_CACHE_DIR"] = "/sync"
        #expect(try base() == "/sync")
    }

    @Test func otherProgramsVariablesFillWhatTheFileLeavesOpen() throws {
        let environment = [
            "AWS_ACCESS_KEY_ID": "env", "AWS_DEFAULT_REGION": "eu-1", "AZURE_STORAGE_ACCOUNT": "acc",
            "AZURE_STORAGE_KEY": "k",
        ]
        let settings = try load("sdk.aws.s3 { key: file, region: \"\" }", environment: environment)
        #expect(settings.s3.key.value == "file")
        #expect(settings.s3.region.value == "eu-1")
        #expect(settings.s3.region.origin == .environment("AWS_DEFAULT_REGION"))
        #expect(settings.azure.container(account: "ACC", container: "any")?.accountKey?.reveal() == "k")
    }

    @Test func anEmptyTextCountsAsNotSet() throws {
        let settings = try load(
            "sdk.storage.sync { jobs: 3, link: null, upstream: \"\" }", environment: ["CLEARML_SYNC_JOBS": ""])
        #expect(settings.sync.jobs.value == 3)
        #expect(settings.sync.link.origin == .defaultValue)
        #expect(settings.sync.upstream.value == nil)
    }
}

@Suite struct ConfigurationFileTests {
    @Test func theVariableNamesTheFile() throws {
        let files = ["/x.conf": "sdk.storage.sync.jobs: 1", "/home/me/y.conf": "sdk.storage.sync.jobs: 2"]
        func jobs(_ environment: [String: String]) throws -> Int {
            try load("sdk.storage.sync.jobs: 3", environment: environment, files: files).sync.jobs.value
        }
        #expect(try jobs([:]) == 3)
        #expect(try jobs(["TRAINS_CONFIG_FILE": "/x.conf"]) == 1)
        #expect(try jobs(["TRAINS_CONFIG_FILE": "/x.conf", "CLEARML_CONFIG_FILE": "~/y.conf"]) == 2)
    }

    @Test func aNamedFileThatIsMissingIsAnErrorAndNoFileAtAllIsFine() throws {
        #expect(
            problems("", environment: ["CLEARML_CONFIG_FILE": "/none"])
                == ["environment CLEARML_CONFIG_FILE: the configuration file /none does not exist"])
        let settings = try load(nil)
        #expect(settings.file.value == nil)
        #expect(settings.cache.directory == "/home/me/.clearml/cache/clearml-sync")
    }

    @Test func aFileThatIsNoHOCONIsAnErrorAtItsPlace() {
        #expect(problems("sdk {\n  a: [\n}") == ["/home/me/clearml.conf:3:1: a value is expected, found '}'"])
        #expect(problems("[1]") == ["/home/me/clearml.conf:1:1: a configuration is an object, found an array"])
    }

    @Test func substitutionsSeeTheEnvironment() throws {
        let settings = try load("sdk.aws.s3.key: ${?MY_KEY}", environment: ["MY_KEY": "k"])
        #expect(settings.s3.key.value == "k")
        #expect(
            settings.s3.key.origin.description == "environment MY_KEY (through /home/me/clearml.conf:1:17)")
    }
}
