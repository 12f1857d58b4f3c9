internal import Glibc
internal import Planning
internal import Platform
internal import Remotes
internal import SystemPackage

/// Brings local files to where URLs point: into a store, or to a local path. Blocks; for threads that do nothing else.
struct Uploader: Sendable {
    var caller: StoreCaller
    let journal: UploadJournal
    /// Bytes of file content in memory at once.
    let memory: Allowance
    /// Objects in parts under way at once.
    let large = Allowance(4)
    var isCancelled: @Sendable () -> Bool

    static let memoryLimit: Int64 = 64 << 20

    /// An object that is where it should be.
    struct Uploaded: Sendable {
        var size: Int64
        /// What the store said; empty for a local path.
        var stored = StoredObject()
        /// What we know of the content.
        var checksum: Checksum?
    }

    /// - Parameters:
    ///   - place: what is behind `url`.
    ///   - digest: what the file must hold; `nil` takes it as it is.
    ///   - sent: told of bytes that have arrived.
    func put(
        _ source: UploadSource, at place: SourceRules.Source, url: LogicalURL, expecting digest: Digest? = nil,
        sent: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(Failure) -> Uploaded {
        switch place {
        case .local(let path): return try put(source, at: path, expecting: digest, sent: sent)
        case .remote(let object):
            guard let store = object.store as? any WritableStore else {
                throw Failure(.usage, "nothing can be pushed to '\(url.scheme.rawValue)://'", cause: url.identity)
            }
            let target = Target(store: store, key: object.id.key, url: url.identity)
            switch UploadPlan(size: source.size, limits: store.uploadLimits) {
            case .whole: return try putWhole(source, to: target, expecting: digest, sent: sent)
            case .parts(let size, let count):
                return try large.claiming(1) { () throws(Failure) in
                    try putParts(source, to: target, size: size, count: count, expecting: digest, sent: sent)
                }
            }
        }
    }

    /// An object to be.
    struct Target: Sendable {
        var store: any WritableStore
        var key: String
        /// The URL's identity, for messages and the journal.
        var url: String
    }

    // MARK: In one request

    private func putWhole(
        _ source: UploadSource, to target: Target, expecting digest: Digest?, sent: (Int) -> Void
    ) throws(Failure) -> Uploaded {
        giveUpLeftBehind(target)
        return try memory.claiming(source.size) { () throws(Failure) in
            if isCancelled() { throw Failure(.interrupted, "interrupted") }
            let body = try source.read(0..<source.size)
            try source.checkUnchanged()
            var known = KnownChecksums(of: body, target.store.uploadLimits.functions + (digest == nil ? [] : [.sha256]))
            try known.check(digest, path: source.path)
            let content = known.content
            let (store, key) = (target.store, target.key)
            let answer = try caller.ask(store) { store.put(key, body: body, content: content) }
            sent(body.count)
            let stored = try target.stored(answer)
            if let checksum = stored.checksum { known.add(checksum.algorithm, of: body) }
            try verify(stored, known, target)
            return Uploaded(size: source.size, stored: stored, checksum: known.strongest)
        }
    }

    /// Compares what the store computed with what we did: an object that is not what it should be does not stay.
    func verify(_ stored: StoredObject, _ known: KnownChecksums, _ target: Target) throws(Failure) {
        guard let theirs = stored.checksum, let ours = known[theirs.algorithm], ours != theirs else { return }
        throw refuse(target, theirs: "\(theirs)", ours: "\(ours)")
    }

    /// Removes an object that is not what it should be.
    func refuse(_ target: Target, theirs: String, ours: String) -> Failure {
        let (store, key) = (target.store, target.key)
        var failure = Failure(
            .integrity, "the store has not stored the file's bytes", subject: target.url,
            cause: "the store computed \(theirs), the file has \(ours)",
            advice: "nothing was left there; try again, and look for what stands between here and the store")
        do throws(Failure) {
            _ = try caller.closing.ask(store, accepts: { (200..<300).contains($0) || $0 == 404 }) {
                store.delete(key)
            }
        } catch {
            failure.advice = "delete the object, which could not be done (\(error.message)), and try again"
        }
        return failure
    }

    // MARK: To a local path

    private func put(
        _ source: UploadSource, at path: String, expecting digest: Digest?, sent: (Int) -> Void
    ) throws(Failure) -> Uploaded {
        if isCancelled() { throw Failure(.interrupted, "interrupted") }
        let temporary = AtomicFile.temporaryName(beside: path)
        do throws(Failure) {
            do throws(SystemError) {
                if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
                    try FileSystem.createFolder(String(path[..<slash]))
                }
                if try FileSystem.status(path, followSymlinks: true)?.kind == .folder {
                    throw SystemError("rename", path, .isDirectory)
                }
            } catch { throw Failure(system: error) }
            let checksum = try copy(source, to: temporary, expecting: digest)
            do throws(SystemError) { try FileSystem.rename(temporary, to: path) } catch { throw Failure(system: error) }
            sent(Int(source.size))
            return Uploaded(size: source.size, checksum: checksum)
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
    }

    private func copy(_ source: UploadSource, to path: String, expecting digest: Digest?) throws(Failure) -> Checksum? {
        do {
            let target = try File(path, flags: O_CREAT | O_EXCL | O_RDWR)
            try source.copy(into: target)
            try source.checkUnchanged()
            var checksum: Checksum?
            if let digest {
                let value = try target.hash([.sha256]).values[0]
                checksum = Checksum(algorithm: .sha256, bytes: value)
                guard value == digest.bytes else {
                    throw KnownChecksums.unexpected(checksum, digest, path: source.path)
                }
            }
            try target.close()
            return checksum
        } catch { throw Failure(error) }
    }

    // MARK: What earlier runs left

    /// Gives up what a killed run has begun at this URL.
    func giveUpLeftBehind(_ target: Target) {
        journal.forEachLeftBehind(url: target.url) { record in
            if abort(target, upload: record.upload) { record.end() }
        }
    }

    /// - Returns: whether nothing is left of the upload.
    func abort(_ target: Target, upload: String) -> Bool {
        let (store, key) = (target.store, target.key)
        guard store.abort(key, upload: upload) != nil else { return true }
        let answer = Result { () throws(Failure) in
            try caller.closing.ask(
                store, accepts: { (200..<300).contains($0) || $0 == 404 || $0 == 410 || $0 == 499 }
            ) {
                store.abort(key, upload: upload) ?? store.delete(key)
            }
        }
        if case .success = answer { return true }
        return false
    }
}

extension Uploader.Target {
    func stored(_ answer: HTTPAnswer) throws(Failure) -> StoredObject {
        do throws(Refusal) { return try store.stored(answer.head, body: answer.body, key: key) } catch {
            throw Failure(refusal: error)
        }
    }
}
