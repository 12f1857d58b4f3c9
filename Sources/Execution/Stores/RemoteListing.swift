public import Planning
internal import Platform
public import Remotes

/// What a URL holds, for `ls`: objects and the folders between them, page after page.
public struct RemoteListing: Sendable {
    public enum Item: Sendable {
        case object(url: String, key: String, ObjectFacts)
        /// What has more below it; ends with `/`.
        case prefix(url: String, key: String)
    }

    private let sources: SourceRules
    private let caller: StoreCaller
    private let base: String

    /// - Parameter base: absolute folder that a relative path is relative to.
    public init(sources: SourceRules, base: String) {
        self.sources = sources
        self.caller = StoreCaller(sources.network)
        self.base = base
    }

    /// | URL | listed |
    /// |---|---|
    /// | one object | that object; where there is none, what is below it as a folder |
    /// | a prefix | one level, or everything with `recursive` |
    /// | a glob | everything that matches |
    /// | a numbered range | each of its objects |
    /// - Parameter each: told of every item, in the store's order, while the listing runs.
    /// - Throws: `Failure` (not found) when there is nothing at all.
    public func list(_ url: LogicalURL, recursive: Bool, each: (Item) throws -> Void) throws {
        let source: SourceRules.Source
        do throws(Refusal) { source = try sources.source(url, base: base) } catch { throw Failure(refusal: error) }
        var count = 0
        let counting = { (item: Item) throws in
            count += 1
            try each(item)
        }
        switch (source, url.shape) {
        case (_, .range(let range)): for name in range { try one(url.member(name), counting) }
        case (.local(let path), _): try local(url, path, recursive, counting)
        case (.remote(let object), .single): try single(url, object, recursive, counting)
        case (.remote(let object), .prefix): try below(url, object, delimiter: recursive ? nil : "/", nil, counting)
        case (.remote(let object), .glob(let glob)): try below(url, object, delimiter: nil, glob, counting)
        }
        guard count == 0 else { return }
        throw Failure(
            .notFound, "nothing is there", cause: url.identity, advice: "check the URL, and what may be listed")
    }

    // MARK: Stores

    private func one(_ url: LogicalURL, _ each: (Item) throws -> Void) throws {
        let source: SourceRules.Source
        do throws(Refusal) { source = try sources.source(url, base: base) } catch { throw Failure(refusal: error) }
        switch source {
        case .local(let path): try local(url, path, false, each)
        case .remote(let object):
            guard let facts = try head(object) else {
                throw Failure(.notFound, "nothing is there", cause: url.identity)
            }
            try each(.object(url: url.identity, key: object.id.key, facts))
        }
    }

    private func single(
        _ url: LogicalURL, _ object: RemoteObject, _ recursive: Bool, _ each: (Item) throws -> Void
    ) throws {
        // An empty key is a whole bucket.
        if !object.id.key.isEmpty, let facts = try head(object) {
            return try each(.object(url: url.identity, key: object.id.key, facts))
        }
        guard !url.scheme.isHTTP, object.store is any ListingStore else { return }
        let folder = try PushTarget(url.raw).folder()
        guard let folderURL = folder.url else { return }
        var below = object
        if !below.id.key.isEmpty { below.id.key += "/" }
        try self.below(folderURL, below, delimiter: recursive ? nil : "/", nil, each)
    }

    private func head(_ object: RemoteObject) throws(Failure) -> ObjectFacts? {
        do throws(Failure) { return try FactFinder(caller: caller, jobs: 1).find(object) } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    /// - Parameter object: its key is that of the folder.
    private func below(
        _ url: LogicalURL, _ object: RemoteObject, delimiter: String?, _ glob: Glob?, _ each: (Item) throws -> Void
    ) throws {
        guard let store = object.store as? any ListingStore else {
            throw Failure(.usage, "'\(url.scheme.rawValue)://' has no listings", cause: url.identity)
        }
        let folder = object.id.key
        var listing = Listing(store, prefix: folder + (glob?.literalPrefix ?? ""), delimiter: delimiter, caller: caller)
        while let page = try listing.next() {
            for prefix in page.prefixes {
                let name = prefix.dropFirst(folder.count)
                // Its URL is a prefix's, which the last slash says.
                try each(.prefix(url: try url.member(String(name)).identity, key: prefix))
            }
            for object in page.objects {
                let name = String(object.key.dropFirst(folder.count))
                guard !name.isEmpty, glob?.matches(name) ?? true else { continue }
                try each(.object(url: try url.member(name).identity, key: object.key, object.facts))
            }
        }
    }

    // MARK: Local folders

    private func local(
        _ url: LogicalURL, _ path: String, _ recursive: Bool, _ each: (Item) throws -> Void
    ) throws {
        guard let status = try FileSystem.status(path, followSymlinks: true) else { return }
        guard status.kind == .folder else {
            return try each(.object(url: path, key: path, RemoteListing.facts(status)))
        }
        if case .glob(let glob) = url.shape {
            return try files(below: path, each) { glob.matches($0) }
        }
        if recursive { return try files(below: path, each) { _ in true } }
        for item in try FileSystem.list(path).sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            let child = path == "/" ? "/" + item.name : path + "/" + item.name
            guard let status = try FileSystem.status(child, followSymlinks: true) else { continue }
            switch status.kind {
            case .folder: try each(.prefix(url: child + "/", key: child + "/"))
            case .file: try each(.object(url: child, key: child, RemoteListing.facts(status)))
            case .symlink, .other: continue
            }
        }
    }

    private func files(below path: String, _ each: (Item) throws -> Void, where selects: (String) -> Bool) throws {
        for name in try LocalFiles.below(path) where selects(name) {
            let child = path == "/" ? "/" + name : path + "/" + name
            guard let status = try FileSystem.status(child, followSymlinks: true) else { continue }
            try each(.object(url: child, key: child, RemoteListing.facts(status)))
        }
    }

    private static func facts(_ status: FileStatus) -> ObjectFacts {
        ObjectFacts(
            size: status.size,
            validator: .weak(eTag: nil, size: status.size, modified: Int64(status.modified.seconds)),
            modified: Int64(status.modified.seconds))
    }
}
