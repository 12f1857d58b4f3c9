internal import Planning
internal import Platform
internal import Remotes

/// The folder or prefix that a mirror is: its objects by relative path.
struct MirrorPlace: Sendable {
    let folder: PushTarget.Folder
    private let sources: SourceRules
    private let base: String
    private var caller: StoreCaller

    /// - Parameter base: absolute folder that a relative path is relative to.
    init(_ url: String, sources: SourceRules, base: String, caller: StoreCaller) throws(Failure) {
        // What is written into the manifest must mean the same from everywhere.
        var url = url
        if let parsed = try? LogicalURL(url), parsed.scheme == .path, let path = parsed.localPath(base: base) {
            url = path
        }
        folder = try PushTarget(url).folder()
        self.sources = sources
        self.base = base
        self.caller = caller
    }

    /// The same place, for what is not broken off by an interruption.
    var uninterrupted: MirrorPlace {
        var place = self
        place.caller = caller.uninterrupted
        return place
    }

    func source(_ path: String) throws(Failure) -> SourceRules.Source {
        let url = try folder.member(path)
        do throws(Refusal) { return try sources.source(url, base: base) } catch { throw Failure(refusal: error) }
    }

    /// Everything that lies there; `nil` where nobody can list it.
    func list() throws(Failure) -> [ExactText: ObjectFacts]? {
        guard let url = folder.url else { return nil }
        let place: SourceRules.Source
        do throws(Refusal) { place = try sources.source(url, base: base) } catch { throw Failure(refusal: error) }
        switch place {
        case .local(let path): return try list(path)
        case .remote(let object):
            guard let store = object.store as? any ListingStore else { return nil }
            var found: [ExactText: ObjectFacts] = [:]
            var listing = Listing(store, prefix: object.id.key, caller: caller)
            while let page = try listing.next() {
                for item in page.objects {
                    found[ExactText(Substring(item.key.utf8.dropFirst(object.id.key.utf8.count)))] = item.facts
                }
            }
            return found
        }
    }

    private func list(_ root: String) throws(Failure) -> [ExactText: ObjectFacts] {
        do {
            guard try FileSystem.status(root, followSymlinks: true) != nil else { return [:] }
            var found: [ExactText: ObjectFacts] = [:]
            for name in try LocalFiles.below(root) {
                guard let status = try FileSystem.status(root + "/" + name, followSymlinks: true) else { continue }
                found[ExactText(name)] = ObjectFacts(
                    size: status.size,
                    validator: .weak(eTag: nil, size: status.size, modified: Int64(status.modified.seconds)))
            }
            return found
        } catch { throw Failure(error) }
    }

    /// A small object's bytes; `nil` when it is not there.
    func read(_ path: String) throws(Failure) -> [UInt8]? {
        switch try source(path) {
        case .local(let path):
            do {
                guard try FileSystem.status(path, followSymlinks: true) != nil else { return nil }
                return try File(path).readAll(limit: 1 << 30)
            } catch { throw Failure(error) }
        case .remote(let object):
            do throws(Failure) {
                return try caller.ask(object.store, limit: 1 << 30) {
                    object.store.get(object.id, range: nil, match: nil, unless: nil)
                }.body
            } catch {
                guard error.kind == .notFound else { throw error }
                return nil
            }
        }
    }

    /// An absent object is fine.
    func remove(_ path: String) throws(Failure) {
        switch try source(path) {
        case .local(let path):
            do throws(SystemError) { try FileSystem.remove(path) } catch { throw Failure(system: error) }
        case .remote(let object):
            guard let store = object.store as? any WritableStore else {
                throw Failure(.usage, "nothing can be removed there", cause: folder.identity)
            }
            _ = try caller.ask(store, accepts: { (200..<300).contains($0) || $0 == 404 }) {
                store.delete(object.id.key)
            }
        }
    }
}
