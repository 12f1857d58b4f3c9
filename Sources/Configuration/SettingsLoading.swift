public import HOCON
internal import Planning

extension Settings {
    /// Reads everything. Nothing but `readFile` reaches outside, so that the same inputs give the same settings.
    /// - Parameters:
    ///   - environment: the process's variables.
    ///   - flags: what was given on the command line, by the flag's name without its dashes.
    ///   - manifestDefaults: the `defaults` of the manifest, by key.
    ///   - workingDirectory: absolute; what relative paths are relative to.
    /// - Throws: `ConfigurationError` with everything that is wrong.
    public static func load(
        environment: [String: String], flags: [String: String] = [:],
        manifestDefaults: [String: ManifestDefault] = [:], workingDirectory: String = "/",
        readFile: @escaping @Sendable (_ path: String) -> HOCONDocument.FileContent = ConfigurationFile.read
    ) throws(ConfigurationError) -> Settings {
        let paths = PathExpansion(environment: environment, workingDirectory: workingDirectory)
        let (file, root) = try readConfiguration(environment: environment, paths: paths, readFile: readFile)
        var reader = SettingsReader(
            flags: flags, environment: environment, manifest: manifestDefaults, file: root, paths: paths)
        reader.list(file.key, file.value.map { .text($0) } ?? .unset, file.origin)
        let settings = Settings(
            file: file, cache: CacheSettings(&reader), pathSubstitutions: PathSubstitution.read(&reader),
            directAccess: DirectAccessRule.read(&reader), sync: SyncSettings(&reader), s3: S3Settings(&reader),
            google: GoogleSettings(&reader), azure: AzureSettings(&reader), fileServer: FileServerSettings(&reader),
            warnings: reader.warnings, listing: reader.listing)
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems) }
        return settings
    }

    /// Finds and resolves the file. That a variable names a missing one is an error; that `~/clearml.conf` is missing
    /// is not.
    private static func readConfiguration(
        environment: [String: String], paths: PathExpansion,
        readFile: @escaping @Sendable (String) -> HOCONDocument.FileContent
    ) throws(ConfigurationError) -> (Setting<String?>, HOCONValue?) {
        var path = "~/clearml.conf"
        var origin = Origin.defaultValue
        for variable in [EnvironmentVariable.configFile, .formerConfigFile] {
            guard let value = environment[variable.name], !value.isEmpty else { continue }
            (path, origin) = (value, .environment(variable.name))
            break
        }
        let key = "clearml.conf"
        func failed(_ message: String) -> ConfigurationError {
            ConfigurationError([ConfigurationProblem(message, origin: origin)])
        }
        do {
            path = try paths.absolute(path)
        } catch {
            if origin == .defaultValue { return (Setting(nil, key: key), nil) }
            throw failed(error.description)
        }
        let bytes: [UInt8]
        switch readFile(path) {
        case .bytes(let content): bytes = content
        case .missing:
            if origin == .defaultValue { return (Setting(nil, key: key), nil) }
            throw failed("the configuration file \(path) does not exist")
        case .failed(let reason):
            throw failed("the configuration file \(path) cannot be read: \(reason)")
        }
        do {
            let document = try HOCONDocument(
                parsing: bytes, name: path, options: ConfigurationFile.options(readFile: readFile))
            let root = try document.resolved(environment: environment)
            guard document.isObject else {
                throw ConfigurationError([
                    ConfigurationProblem(
                        "a configuration is an object, found an array", origin: .file(root.origin))
                ])
            }
            return (Setting(path, key: key, origin: origin), root)
        } catch let error as HOCONError {
            throw ConfigurationError([ConfigurationProblem(error.message, origin: .file(error.origin))])
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw failed("\(error)")
        }
    }
}

extension CacheSettings {
    init(_ reader: inout SettingsReader) {
        let cache = "sdk.storage.cache"
        let newer = cache + ".disk_space_file_size_strategy.size."
        let base = reader.path(
            cache + ".default_base_dir", default: "~/.clearml/cache", flag: "cache-dir",
            clearML: [.cacheDir, .formerCacheDir])
        baseDirectory = Setting(base.value ?? "", key: base.key, origin: base.origin)
        maxEntries = reader.setting(cache + ".default_cache_manager_size", .unlimitedCount, default: nil)
        maxUsedBytes = reader.setting(
            newer + "max_used_bytes", alternatives: [cache + ".size.max_used_bytes"], .unlimitedBytes, default: nil)
        minFreeBytes = reader.setting(
            newer + "min_free_bytes", alternatives: [cache + ".size.min_free_bytes"], .unlimitedBytes, default: nil)
        cleanupMargin = reader.setting(
            newer + "cleanup_margin_percent", alternatives: [cache + ".size.cleanup_margin_percent"], .fraction,
            default: 0.05)
    }
}

extension SyncSettings {
    private static let section = "sdk.storage.sync"
    private static let keys = [
        "keep_archives", "link", "jobs", "connections_per_host", "limit_rate", "headers", "sdk_cache", "upstream",
        "index_dir", "max_unpacked_bytes", "max_unpack_ratio",
    ]

    init(_ reader: inout SettingsReader) {
        let section = Self.section + "."
        keepArchives = reader.setting(section + "keep_archives", .bool, default: false, flag: "keep-archives")
        link = reader.setting(section + "link", .linkMode, default: .auto, flag: "link", manifest: "link")
        jobs = reader.setting(section + "jobs", .integer(from: 1), default: 16, flag: "jobs")
        connectionsPerHost = reader.setting(
            section + "connections_per_host", .integer(from: 1), default: 16, flag: "connections-per-host")
        limitRate = reader.setting(section + "limit_rate", .unlimitedBytes, default: nil, flag: "limit-rate")
        sdkCache = reader.setting(section + "sdk_cache", .bool, default: false, flag: "sdk-cache")
        upstream = reader.setting(
            section + "upstream", SettingKind<String>.url.optional, default: nil, flag: "upstream")
        indexDirectory = reader.path(section + "index_dir", default: nil, flag: "index-dir")
        maxUnpackedBytes = reader.setting(
            section + "max_unpacked_bytes", .unlimitedBytes, default: nil, flag: "max-unpacked-bytes")
        maxUnpackRatio = reader.setting(
            section + "max_unpack_ratio", .unlimitedRatio, default: nil, flag: "max-unpack-ratio")
        headers = HeaderRule.read(&reader)
        reader.warnUnknown(in: Self.section, known: Self.keys)
    }
}

extension HeaderRule {
    static func read(_ reader: inout SettingsReader) -> [HeaderRule] {
        var rules: [HeaderRule] = []
        for entry in reader.entries(of: "sdk.storage.sync.headers") {
            reader.warnUnknown(entry, known: ["host", "header", "header_file", "header_env"])
            let host = entry.value("host", .text, &reader)
            var sources: [Source] = []
            if let text = entry.value("header", .secret, &reader) { sources.append(.text(text)) }
            if let path = entry.value("header_file", .text, &reader) {
                do {
                    sources.append(.file(try reader.paths.absolute(path)))
                } catch {
                    reader.report(
                        ConfigurationProblem(error.description, key: entry.name + ".header_file", origin: entry.origin))
                }
            }
            if let name = entry.value("header_env", .text, &reader) { sources.append(.environment(name)) }
            guard let host, sources.count == 1 else {
                reader.report(
                    ConfigurationProblem(
                        "a header needs host, and one of header, header_file and header_env", key: entry.name,
                        origin: entry.origin))
                continue
            }
            if case .text(let text) = sources[0], !text.reveal().contains(":") {
                reader.report(
                    ConfigurationProblem(
                        "a header is written as \"Name: value\"", key: entry.name + ".header", origin: entry.origin))
                continue
            }
            rules.append(
                HeaderRule(host: host.lowercased(), source: sources[0], key: entry.name, origin: entry.origin))
        }
        return rules
    }
}

extension SettingsReader {
    /// Warns of members that a section of ours does not have.
    mutating func warnUnknown(in section: String, known: [String]) {
        guard let object = value(at: section)?.object else { return }
        warnUnknown(object, in: section, known: known)
    }

    mutating func warnUnknown(_ entry: EntryReader, known: [String]) {
        warnUnknown(entry.object, in: entry.name, known: known)
    }

    private mutating func warnUnknown(_ object: HOCONObject, in section: String, known: [String]) {
        for key in object.keys where !known.contains(key) {
            guard let value = object[key] else { continue }
            let hint =
                Suggestion.nearest(to: key, among: known).map { "did you mean \($0)?" }
                ?? "known are " + known.joined(separator: ", ")
            warnings.append(
                ConfigurationWarning(
                    "unknown key, ignored; \(hint)", key: "\(section).\(key)", origin: .file(value.origin)))
        }
    }
}
