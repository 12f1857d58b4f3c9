internal import Planning
internal import Remotes

/// What is below an entry's URL in a store: names its objects, page by page.
struct RemoteFolder: Sendable {
    private let entry: Entry
    private let store: any ListingStore
    /// The key that the objects' names are relative to.
    private let folder: String
    /// What every wanted key begins with.
    private let prefix: String

    /// - Parameter transport: the entry's URL after substitution.
    init(_ entry: Entry, _ transport: LogicalURL, sources: SourceRules) throws(Failure) {
        self.entry = entry
        do throws(Refusal) {
            let (store, folder) = try sources.store(for: transport)
            guard let store = store as? any ListingStore else {
                throw Refusal(.unsupported, "a web server does not tell what is below a URL", cause: transport.identity)
            }
            self.store = store
            self.folder = folder
        } catch { throw Failure(refusal: error) }
        if case .glob(let glob) = transport.shape { prefix = folder + glob.literalPrefix } else { prefix = folder }
    }

    /// Lists everything. Blocks.
    /// - Parameter take: told the objects of each page; false ends the listing.
    func list(caller: StoreCaller, take: ([ResolvedObject]) throws -> Bool) throws {
        var listing = Listing(store, prefix: prefix, caller: caller)
        let members = Members(entry)
        var names: Set<Int> = []
        while let page = try listing.next() {
            let objects = try page.objects.compactMap { try object($0, members) }
            for object in objects where !names.insert(RemoteFolder.bytesHash(object.path)).inserted {
                throw Failure(
                    .network, "the server's listing names '\(object.path)' twice", advice: "ask who runs the server")
            }
            guard try take(objects) else { return }
        }
        if names.isEmpty { throw RemoteFolder.nothingSelected(entry.url.identity) }
    }

    /// Of the bytes: a string's own hash takes the two Unicode forms of `é`, which are two keys, for one.
    private static func bytesHash(_ text: String) -> Int {
        var hasher = Hasher()
        for byte in text.utf8 { hasher.combine(byte) }
        return hasher.finalize()
    }

    private func object(_ listed: ListedObject, _ members: Members) throws -> ResolvedObject? {
        guard listed.key.utf8.starts(with: folder.utf8) else {
            throw Failure(
                .network, "the server's listing tells of '\(listed.key)', which was not asked for",
                advice: "ask who runs the server")
        }
        let name = String(Substring(listed.key.utf8.dropFirst(folder.utf8.count)))
        // Consoles make an empty object of this name to show a folder.
        if name.isEmpty || name.utf8.last == UInt8(ascii: "/") { return nil }
        guard entry.selects(name) else { return nil }
        guard name.isRelativePath else {
            throw Failure(
                .other, "the key '\(listed.key)' cannot be a path below the entry",
                advice: "leave it out with 'exclude', or declare it as an entry of its own with a 'path'")
        }
        var object = try members.object(name)
        object.validator = listed.facts.validator
        object.size = listed.facts.size
        return object
    }

    static func nothingSelected(_ place: String) -> Failure {
        Failure(
            .notFound, "nothing below the URL is selected", cause: place,
            advice: "check the URL, the glob, 'include' and 'exclude'")
    }
}
