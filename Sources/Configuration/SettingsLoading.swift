public import HOCON

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
            warnings: reader.warnings.inReadingOrder(), listing: reader.listing)
        guard reader.problems.isEmpty else { throw ConfigurationError(reader.problems.inReadingOrder()) }
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
