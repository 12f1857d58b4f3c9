public import Caching
internal import Glibc
public import Planning
internal import Platform
public import Remotes

/// One URL through the cache, for the shell: ClearML's `StorageManager.get_local_copy`.
public struct LocalCopy {
    public struct Options: Sendable {
        /// Unpack what ends like an archive.
        public var extracts = true
        public var offline = false
        public var jobs = 64
        public var limits = ExtractionLimits()
        public var keepsArchives = false
        public var link: Entry.LinkMode = .auto

        public init() {}
    }

    public let progress = Progress()
    public let interruption = Interruption()
    private let cache: Cache
    private let access: AccessRules
    private let sources: SourceRules
    private let options: Options
    private let report: @Sendable (Event) -> Void

    public init(
        cache: Cache, access: AccessRules, sources: SourceRules, options: Options,
        report: @escaping @Sendable (Event) -> Void
    ) {
        self.cache = cache
        self.access = access
        self.sources = sources
        self.options = options
        self.report = report
    }

    /// - Parameters:
    ///   - output: where to put it; `nil` leaves it in the cache (or where it lies, for a direct reference).
    ///   - base: absolute folder that a relative path is relative to.
    /// - Returns: the absolute path of a file or folder.
    public func get(_ url: LogicalURL, to output: String?, base: String) throws -> String {
        // A dataset, since ClearML unpacks whatever it gets a local copy of.
        var entry = Entry(
            id: Entry.ID(kind: .dataset, name: "get"), url: url, base: base,
            location: SourceLocation(file: "command line", line: 1, column: 1))
        if !options.extracts { entry.extract = .never }
        entry.link = output == nil ? .auto : options.link
        let resolver = Resolver(
            lock: Lock(), access: access, sources: sources,
            caller: options.offline ? nil : StoreCaller(sources.network),
            leavesOpen: false, renewing: false)
        let resolved = try resolver.resolve(entry)
        if output == nil, case .direct(let path) = resolved.access, resolved.objects.allSatisfy({ $0.recipe == nil }) {
            return path
        }
        let placed = try bring(resolved)
        guard let output else { return try checkout(placed, fileName: url.fileName ?? "object") }
        return try put(placed, at: output)
    }

    /// Brings all objects into the cache.
    private func bring(_ resolved: ResolvedEntry) throws -> Placement.Content {
        let workspace = try Workspace(root: cache.layout.root, section: "get", manifest: "", lockingFor: nil)
        let survey = Survey(cache: cache, workspace: workspace, state: Workspace.State(placed: [:], intended: [:]))
        var inventory = try survey.inventory([resolved], declared: [])
        inventory.observed[resolved.entry.id] = .absent
        let plan = Planning.plan([resolved], inventory: inventory)
        try cache.durability.synchronizeEarlierRuns()
        var executorOptions = Executor.Options()
        executorOptions.fetchesOnly = true
        executorOptions.offline = options.offline
        executorOptions.jobs = options.jobs
        executorOptions.limits = options.limits
        executorOptions.keepsArchives = options.keepsArchives
        let executor = Executor(
            plan, cache: cache,
            placement: Placement(workspace: workspace, cache: cache, linker: Linker(blobs: cache.blobs)), placed: [:],
            sources: sources, access: access, survey: survey, options: executorOptions, progress: progress,
            report: report)
        interruption.reach(executor.interrupt)
        let outcome = executor.run()
        cache.index.record(outcome.rows)
        if outcome.interruption != nil { throw Failure(.interrupted, "interrupted") }
        if let failure = outcome.failures.first?.failure { throw failure.named(resolved.entry.url.identity) }
        var content = Placement.Content(
            path: "", mode: options.link, executable: false, isFolder: resolved.isFolder,
            objects: zip(resolved.objects, outcome.acquired[0]).map { object, acquired in
                Placed.Object(
                    path: object.place, digest: acquired.digest, tree: object.recipe == nil ? nil : acquired.tree)
            })
        if case .direct = resolved.access {
            for object in resolved.objects where object.recipe == nil {
                content.direct[ExactText(object.place)] = object.url.localPath(base: resolved.entry.base)
            }
        }
        return content
    }

    /// A folder in the cache that is named by what it holds: made once, then found.
    private func checkout(_ content: Placement.Content, fileName: String) throws -> String {
        let digest: Digest
        var name = ""
        if !content.isFolder, let blob = content.objects.first?.digest {
            // A blob's own name has no suffix, and many loaders go by it.
            digest = LockFile.hash(Array("\(blob.hex)/\(fileName)".utf8))
            name = "/" + fileName
        } else if content.objects.count == 1, let tree = content.objects[0].tree {
            digest = tree
        } else {
            let lines = content.objects.map {
                "\($0.path)\n\($0.tree?.hex ?? $0.digest?.hex ?? content.direct[ExactText($0.path)] ?? "")"
            }
            digest = LockFile.hash(Array(lines.joined(separator: "\n").utf8))
        }
        let target = cache.layout.checkout(digest)
        if try FileSystem.status(target) == nil {
            let build = try cache.blobs.newTemporaryPath()
            try FileSystem.createFolder(build)
            try fill(build, content, fileName: fileName)
            // Another process may have been faster; what it made is the same.
            if try !FileSystem.renameWithoutReplacing(build, to: target) { try FileSystem.removeAll(build) }
        }
        return target + name
    }

    private func fill(_ folder: String, _ content: Placement.Content, fileName: String) throws {
        var builder = try FolderBuilder(
            root: folder, linker: Linker(blobs: cache.blobs), mode: content.mode)
        for object in content.objects {
            if let source = content.direct[ExactText(object.path)] {
                try builder.addSymlink(to: source, at: object.path)
            } else if let tree = object.tree, let listing = try cache.trees.listing(tree) {
                try builder.add(listing, below: object.path)
            } else if let digest = object.digest {
                try builder.addFile(digest, executable: false, at: object.path.isEmpty ? fileName : object.path)
            }
        }
    }

    /// Puts it where the user wants it; nothing that stands there is replaced.
    private func put(_ content: Placement.Content, at output: String) throws -> String {
        guard try FileSystem.status(output) == nil else {
            throw Failure(.other, "something stands at '\(output)' already", advice: "move it away, or give another -o")
        }
        let parent = output.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(output[..<$0]) } ?? "."
        try FileSystem.createFolder(parent.isEmpty ? "/" : parent)
        let build = AtomicFile.temporaryName(beside: output)
        try FileSystem.createFolder(build)
        defer { try? FileSystem.removeAll(build) }
        try fill(build, content, fileName: "object")
        let source = content.isFolder ? build : build + "/object"
        guard try FileSystem.renameWithoutReplacing(source, to: output) else {
            throw Failure(.other, "something stands at '\(output)' already", advice: "move it away, or give another -o")
        }
        return output
    }
}

extension Failure {
    /// About something else than an entry.
    fileprivate func named(_ subject: String) -> Failure {
        var failure = self
        failure.subject = subject
        return failure
    }
}
