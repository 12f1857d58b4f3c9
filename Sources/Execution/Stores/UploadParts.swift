internal import Planning
internal import Platform
internal import Remotes
internal import Synchronization

extension Uploader {
    /// In parts, several of them at once where the store takes them in any order. What fails, or is interrupted, is given up,
    /// so that nothing of it stays in the store.
    func putParts(
        _ source: UploadSource, to target: Target, size: Int64, count: Int, expecting digest: Digest?,
        sent: @escaping @Sendable (Int) -> Void
    ) throws(Failure) -> Uploaded {
        giveUpLeftBehind(target)
        if isCancelled() { throw Failure(.interrupted, "interrupted") }
        let upload = try begin(target, size: source.size)
        var record: UploadJournal.Record?
        if target.store.abort(target.key, upload: upload) != nil {
            record = journal.begin(url: target.url, upload: upload)
        }
        let run = PartsRun(
            self, source, target, upload: upload, size: size, count: count, expecting: digest, sent: sent)
        let stored: StoredObject
        do throws(Failure) {
            try run.send()
            try source.checkUnchanged()
            try run.known.check(digest, path: source.path)
            stored = try complete(run)
        } catch {
            if abort(target, upload: upload) { record.take()?.end() }
            throw error
        }
        record.take()?.end()
        try verify(stored, run.known, target)
        if let expected = run.expectedETag, let tag = stored.eTag, tag != expected {
            throw refuse(target, theirs: "the ETag \(tag)", ours: expected)
        }
        return Uploaded(size: source.size, stored: stored, checksum: run.known.strongest)
    }

    private func begin(_ target: Target, size: Int64) throws(Failure) -> String {
        let (store, key) = (target.store, target.key)
        guard store.begin(key, size: size, content: UploadContent()) != nil else { return "" }
        // An upload that has begun without telling its name could not be given up.
        let answer = try caller.uninterrupted.ask(store) {
            store.begin(key, size: size, content: UploadContent()) ?? store.head(ObjectID(key))
        }
        do throws(Refusal) { return try store.upload(answer.head, body: answer.body) } catch {
            throw Failure(refusal: error)
        }
    }

    /// S3 may answer 200 and then tell of an error that passes: asked a few times.
    private func complete(_ run: PartsRun) throws(Failure) -> StoredObject {
        let target = run.target
        let (store, key) = (target.store, target.key)
        let (upload, content, parts) = (run.upload, run.known.content, run.parts)
        guard store.complete(key, upload: upload, parts: parts, content: content) != nil else {
            guard let answer = run.lastAnswer else { throw Failure(.network, "the last part was not answered") }
            return try target.stored(answer)
        }
        var attempt = 0
        while true {
            attempt += 1
            let answer = try caller.uninterrupted.ask(store) {
                store.complete(key, upload: upload, parts: parts, content: content) ?? store.head(ObjectID(key))
            }
            do throws(Refusal) { return try store.stored(answer.head, body: answer.body, key: key) } catch {
                guard error.kind == .transient || error.kind == .again, attempt < 4 else {
                    throw Failure(refusal: error)
                }
            }
        }
    }
}

/// The parts of one upload, while threads send them.
private final class PartsRun: Sendable {
    private struct State {
        var parts: [UploadedPart] = []
        var lastAnswer: HTTPAnswer?
        var failure: Failure?
    }

    /// What happens in the order of the file: taking the next part, and hashing it into the whole where that is asked for.
    private struct Reading: ~Copyable {
        var next = 1
        var hashers: ContentHashers
    }

    let target: Uploader.Target
    let upload: String
    private let uploader: Uploader
    private let source: UploadSource
    private let size: Int64
    private let count: Int
    private let sent: @Sendable (Int) -> Void
    /// Of the whole content, which no parts' values give. A store that takes parts in order tells its checksums of the whole,
    /// so ours are made, too.
    private let functions: [HashFunction]
    private let partFunctions: [HashFunction]
    private let reading: Mutex<Reading>
    private let state = Mutex(State())
    private let whole = Mutex<[[UInt8]]>([])

    init(
        _ uploader: Uploader, _ source: UploadSource, _ target: Uploader.Target, upload: String, size: Int64,
        count: Int, expecting digest: Digest?, sent: @escaping @Sendable (Int) -> Void
    ) {
        self.uploader = uploader
        self.source = source
        self.target = target
        self.upload = upload
        self.size = size
        self.count = count
        self.sent = sent
        let limits = target.store.uploadLimits
        partFunctions = limits.functions.filter { $0 != .crc32c } + [.crc32c]
        let needsMD5 = limits.concurrency == 1 || limits.keepsMD5
        functions = (digest == nil ? [] : [.sha256]) + (needsMD5 ? [.md5] : [])
        reading = Mutex(Reading(hashers: ContentHashers(functions)))
    }

    /// Receipts of all parts, by number.
    var parts: [UploadedPart] { state.withLock { $0.parts }.sorted { $0.number < $1.number } }
    /// What S3 makes of the parts' MD5s. Where it said of each part that its ETag is its MD5 (it is not with some kinds of
    /// encryption), the whole one's must follow; otherwise `nil`.
    var expectedETag: String? {
        let parts = parts
        let md5s = parts.compactMap { part in
            part.content.md5.flatMap { part.receipt == "\"\(Hex.encode($0))\"" ? $0 : nil }
        }
        return md5s.count == count ? MultipartETag(partMD5s: md5s).text : nil
    }
    var lastAnswer: HTTPAnswer? { state.withLock { $0.lastAnswer } }
    /// Of the whole content. The CRC-32C is put together from those of the parts.
    var known: KnownChecksums {
        let crc = parts.reduce(into: CRC32C.Joined()) { joined, part in
            let range = UploadPlan.range(ofPart: part.number, size: size, total: source.size)
            if let value = part.content.crc32c { joined.append(value, length: Int64(range.count)) }
        }
        return KnownChecksums(functions + [.crc32c], whole.withLock { $0 } + [crc.value])
    }

    /// Sends all parts; the caller's thread is one of those that do.
    func send() throws(Failure) {
        let atOnce = min(target.store.uploadLimits.concurrency, count)
        let others = (1..<max(1, atOnce)).map { _ in OwnedThread { [self] in sendParts() } }
        sendParts()
        for thread in others { thread.join() }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        whole.withLock { whole in whole = reading.withLock { $0.hashers.finishAndReset() } }
    }

    private func sendParts() {
        do throws(Failure) {
            while try sendNext() {}
        } catch {
            // The first failure is the cause; the others follow from it.
            state.withLock { state in state.failure = state.failure ?? error }
        }
    }

    /// - Returns: false when no part is left.
    private func sendNext() throws(Failure) -> Bool {
        if uploader.isCancelled() { throw Failure(.interrupted, "interrupted") }
        guard state.withLock({ $0.failure == nil }), let (number, content) = try hashNext() else { return false }
        try send(number, content)
        return true
    }

    /// Takes the next part and reads it once, for its checksums; what is sent is read again, and never held.
    private func hashNext() throws(Failure) -> (Int, UploadContent)? {
        let next = try reading.withLock { reading throws(Failure) -> (Int, UploadContent?)? in
            guard reading.next <= count else { return nil }
            defer { reading.next += 1 }
            // Only what concerns the whole has to wait for the parts before it.
            guard !functions.isEmpty else { return (reading.next, nil) }
            return (reading.next, try hash(reading.next) { reading.hashers.update($0) })
        }
        guard let (number, content) = next else { return nil }
        if let content { return (number, content) }
        return (number, try hash(number) { _ in })
    }

    private func hash(_ number: Int, also: (UnsafeRawBufferPointer) -> Void) throws(Failure) -> UploadContent {
        var hashers = ContentHashers(partFunctions)
        try source.read(UploadPlan.range(ofPart: number, size: size, total: source.size)) { bytes in
            hashers.update(bytes)
            also(bytes)
        }
        return KnownChecksums(partFunctions, hashers.finishAndReset()).content
    }

    private func send(_ number: Int, _ content: UploadContent) throws(Failure) {
        let body = source.body(UploadPlan.range(ofPart: number, size: size, total: source.size))
        let (store, key, upload, total) = (target.store, target.key, upload, source.size)
        let offset = Int64(number - 1) * size
        // 308 is how Google's resumable uploads ask for the next part.
        let answer: HTTPAnswer
        do throws(Failure) {
            answer = try uploader.caller.ask(store, accepts: { (200..<300).contains($0) || $0 == 308 }) {
                store.part(
                    key, upload: upload, number: number, offset: offset, total: total, body: body, content: content)
            }
        } catch {
            // A file that is written to meanwhile is why a store finds other bytes than those that were hashed.
            try source.checkUnchanged()
            throw error
        }
        if answer.head.status == 308, answer.head["Range"] != "bytes=0-\(offset + Int64(body.count) - 1)" {
            throw Failure(
                .network, "the store has kept less of a part than was sent", subject: target.url,
                advice: "try again; nothing of this upload was left")
        }
        let receipt: String?
        do throws(Refusal) { receipt = try store.receipt(answer.head, body: answer.body, part: number) } catch {
            throw Failure(refusal: error)
        }
        sent(body.count)
        state.withLock { state in
            state.parts.append(UploadedPart(number: number, receipt: receipt, content: content))
            if number == count { state.lastAnswer = answer }
        }
    }
}
