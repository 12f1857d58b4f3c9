internal import ArgumentParser
internal import Caching
internal import Configuration
internal import Execution
internal import Planning
internal import Platform
internal import Remotes

/// Where the manifest is and how it meets the workspace: options of every command that reads one.
struct ManifestOptions: ParsableArguments {
    @Argument(help: "The manifest, YAML or JSON, then names of entries (all without any).", completion: .file())
    var manifest: String

    @Argument(help: "Entries to select: a name, kind/name, or a glob over names.")
    var names: [String] = []

    @Option(help: .init("Select entries of this kind alone: artifacts, models or datasets.", valueName: "kind"))
    var only: [String] = []

    @Option(help: "Select entries that have this tag.")
    var tag: [String] = []

    @Option(help: .init("Leave out this entry: a name, kind/name, or a glob.", valueName: "name"))
    var exclude: [String] = []

    @Option(
        help: .init("The workspace's folder; wins over the manifest's.", valueName: "folder"), completion: .directory)
    var workspace: String?

    /// Whether anything but all entries is asked for.
    var selects: Bool { !names.isEmpty || !only.isEmpty || !tag.isEmpty || !exclude.isEmpty }

    func selection() throws -> Selection {
        let kinds = try only.map { text in
            guard let kind = Entry.Kind.allCases.first(where: { $0.plural == text || $0.rawValue == text }) else {
                throw Failure(.usage, "'--only \(text)' is not a kind", advice: "use artifacts, models or datasets")
            }
            return kind
        }
        return Selection(names: names, kinds: Set(kinds), tags: tag, exclude: exclude)
    }
}

/// Options about the machine: the same for all commands that use the cache.
struct CacheOptions: ParsableArguments {
    @Option(
        help: .init("ClearML's cache folder; ours is clearml-sync/ in it.", valueName: "folder"), completion: .directory
    )
    var cacheDir: String?

    func settings(flags: [String: String] = [:], manifestDefaults: [String: ManifestDefault] = [:]) throws -> Settings {
        var flags = flags
        flags["cache-dir"] = cacheDir
        do {
            let settings = try Settings.load(
                environment: ProcessEnvironment.current, flags: flags, manifestDefaults: manifestDefaults,
                workingDirectory: ProcessEnvironment.workingDirectory)
            for warning in settings.warnings + UnusedSettings.warnings(settings) { Console.warn("\(warning)") }
            return settings
        } catch {
            throw Failure(.configuration, "the configuration cannot be used", cause: "\(error)")
        }
    }

    func openCache(_ settings: Settings) throws -> Cache {
        do {
            return try Cache(root: settings.cache.directory, indexFolder: settings.sync.indexDirectory.value)
        } catch {
            switch error {
            case .system(let error): throw Failure(system: error)
            case .newerFormat:
                throw Failure(.other, error.description, advice: "use a newer clearml-sync, or another cache folder")
            }
        }
    }
}

/// Reads a manifest; all its problems at once.
enum ManifestReading {
    /// - Returns: also the manifest's absolute path, and every file that was read with the digest of what it held.
    static func read(
        _ path: String
    ) throws -> (manifest: Manifest, path: String, files: [(path: String, digest: Digest)]) {
        let folder = FileSystem.currentFolder
        var files: [(path: String, digest: Digest)] = []
        do {
            let manifest = try ManifestDecoder.decode(
                path: path, currentDirectory: folder, environment: ProcessEnvironment.current
            ) { path in
                let bytes = try File(path).readAll(limit: 1 << 30)
                files.append((PathArgument.absolute(path), LockFile.hash(bytes)))
                return bytes
            }
            return (manifest, PathArgument.absolute(path), files)
        } catch let problems as ManifestProblems {
            for problem in problems.problems { Console.show(Failure(.manifest, "\(problem)")) }
            throw ExitCode(ExitCodes.code(for: .manifest))
        } catch let error as SystemError {
            throw Failure(.manifest, "the manifest cannot be read", cause: error.description)
        }
    }
}
