internal import Glibc
internal import Planning
internal import Platform
internal import Remotes
internal import Synchronization
internal import TestSupport

@testable internal import Execution

/// A store of the plainest kind, on a server of its own that remembers everything and misbehaves as a test says.
final class StoreScene: Sendable {
    /// What the server holds, and what went wrong with it.
    struct State {
        var objects: [String: [UInt8]] = [:]
        /// Parts by upload.
        var uploads: [String: [Int: [UInt8]]] = [:]
        var begun = 0
        var aborted: [String] = []
        var deleted: [String] = []
        var bodiesAtOnce = 0
        /// Called for each request before it is answered; an answer replaces the good one.
        var fault: (@Sendable (FaultServer.Request) -> FaultServer.Response?)?
        /// Stores other bytes than were sent.
        var corrupts = false
    }

    let server: FaultServer
    let state = Mutex(State())
    let network = Network(HTTPConfiguration())
    let folder: TemporaryFolder

    init() throws {
        server = try FaultServer()
        folder = try TemporaryFolder()
        server.route("/*") { [weak self] request in self?.answer(request) ?? .text("gone", status: 500) }
    }

    deinit {
        network.shutdown()
        server.stop()
    }

    func store(_ limits: UploadLimits = UploadLimits(threshold: nil, partSize: 1, functions: [.md5])) -> PlainStore {
        PlainStore(root: server.url(""), limits: limits)
    }

    func uploader(
        memory: Int64 = Uploader.memoryLimit, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) -> Uploader {
        Uploader(
            caller: StoreCaller(network, isCancelled: isCancelled), journal: UploadJournal(cacheRoot: folder.path),
            memory: Allowance(memory), isCancelled: isCancelled)
    }

    func place(_ key: String, _ store: PlainStore) -> SourceRules.Source {
        .remote(RemoteObject(store, ObjectID(key)))
    }

    func url(_ key: String) throws -> LogicalURL { try LogicalURL("s3://bucket/\(key)") }

    /// Names of uploads that have begun and were neither completed nor given up.
    var open: [String] { state.withLock { $0.uploads.keys.sorted() } }
    var records: [String] { ((try? FileSystem.list(folder["uploads"])) ?? []).map(\.name) }

    // MARK: The server

    private func answer(_ request: FaultServer.Request) -> FaultServer.Response {
        if let answer = state.withLock({ $0.fault })?(request) { return answer }
        let words = request.path.split(separator: "/").map(String.init)
        let key = words.dropFirst().joined(separator: "/")
        return state.withLock { state in
            switch (request.method, words.first) {
            case ("PUT", "o"): return StoreScene.put(request.body, key, &state)
            case ("GET", "o"), ("HEAD", "o"):
                guard let bytes = state.objects[key] else { return .text("none", status: 404) }
                return FaultServer.Response(headers: [("x-md5", StoreScene.md5(bytes))], body: bytes)
            case ("DELETE", "o"):
                state.deleted.append(key)
                state.objects[key] = nil
                return FaultServer.Response(status: 204)
            case ("POST", "begin"):
                state.begun += 1
                let upload = "u\(state.begun)"
                state.uploads[upload] = [:]
                return .text(upload)
            case ("PUT", "part"):
                guard words.count > 2, let number = Int(words[2]), state.uploads[words[1]] != nil else {
                    return .text("no such upload", status: 404)
                }
                state.uploads[words[1]]?[number] = request.body
                return .text("receipt \(number)")
            case ("DELETE", "upload"):
                state.aborted.append(key)
                state.uploads[key] = nil
                return FaultServer.Response(status: 204)
            case ("POST", "complete"):
                guard let parts = state.uploads.removeValue(forKey: words[1]) else {
                    return .text("no such upload", status: 404)
                }
                let receipts = parts.keys.sorted().map { "receipt \($0)" }.joined(separator: ",")
                guard String(decoding: request.body, as: UTF8.self) == receipts else {
                    return .text("wrong receipts", status: 400)
                }
                let whole = parts.sorted { $0.key < $1.key }.flatMap(\.value)
                return StoreScene.put(whole, words.dropFirst(2).joined(separator: "/"), &state)
            default: return .text("what?", status: 400)
            }
        }
    }

    private static func put(_ body: [UInt8], _ key: String, _ state: inout State) -> FaultServer.Response {
        var body = body
        if state.corrupts, !body.isEmpty { body[body.count / 2] ^= 1 }
        state.objects[key] = body
        return FaultServer.Response(status: 200, headers: [("x-md5", md5(body)), ("ETag", "\"\(md5(body))\"")])
    }

    private static func md5(_ bytes: [UInt8]) -> String {
        Hex.encode(KnownChecksums(of: bytes, [.md5])[.md5]?.bytes ?? [])
    }
}

/// `/o/<key>` is an object, `/part/<upload>/<number>` a part; the server tells the MD5 of what it has stored.
struct PlainStore: WritableStore, ListingStore {
    let root: String
    let limits: UploadLimits

    var accessName: String { "no credentials" }
    var uploadLimits: UploadLimits { limits }

    func get(_ object: ObjectID, range: Range<Int64>?, match: Validator?, unless cached: Validator?) -> HTTPRequest {
        HTTPRequest(.get, "\(root)/o/\(object.key)", range: range)
    }
    func head(_ object: ObjectID) -> HTTPRequest { HTTPRequest(.head, "\(root)/o/\(object.key)") }

    func facts(_ head: HTTPHead, of object: ObjectID) -> ObjectFacts {
        ObjectFacts(
            size: head.totalSize, validator: .weak(eTag: nil, size: head.totalSize, modified: nil),
            checksum: checksum(head))
    }

    private func checksum(_ head: HTTPHead) -> Checksum? { head["x-md5"].flatMap { Checksum("md5:\($0)") } }

    func authorize(_ request: HTTPRequest, then send: @escaping @Sendable (Result<HTTPRequest, Refusal>) -> Void) {
        send(.success(request))
    }

    func refusal(_ head: HTTPHead, body: [UInt8], to request: HTTPRequest) -> Refusal {
        let text = String(decoding: body, as: UTF8.self)
        switch head.status {
        case 403: return Refusal(.permission, text)
        case 404: return Refusal(.notFound, text)
        case 421: return Refusal(.again, text)
        case 500...: return Refusal(.transient, text, retryAfter: 0)
        default: return Refusal(.malformed, text)
        }
    }

    // MARK: Writing

    func put(_ key: String, body: [UInt8], content: UploadContent) -> HTTPRequest {
        HTTPRequest(.put, "\(root)/o/\(key)", body: .bytes(body))
    }
    func begin(_ key: String, size: Int64, content: UploadContent) -> HTTPRequest? {
        HTTPRequest(.post, "\(root)/begin/\(key)", body: [])
    }
    func upload(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> String { String(decoding: body, as: UTF8.self) }
    func part(
        _ key: String, upload: String, number: Int, offset: Int64, total: Int64, body: HTTPBody, content: UploadContent
    ) -> HTTPRequest { HTTPRequest(.put, "\(root)/part/\(upload)/\(number)", body: body) }
    func receipt(_ head: HTTPHead, body: [UInt8], part number: Int) throws(Refusal) -> String? {
        String(decoding: body, as: UTF8.self)
    }
    func complete(_ key: String, upload: String, parts: [UploadedPart], content: UploadContent) -> HTTPRequest? {
        let receipts = parts.map { $0.receipt ?? "" }.joined(separator: ",")
        return HTTPRequest(.post, "\(root)/complete/\(upload)/\(key)", body: HTTPBody(receipts))
    }
    func abort(_ key: String, upload: String) -> HTTPRequest? { HTTPRequest(.delete, "\(root)/upload/\(upload)") }
    func stored(_ head: HTTPHead, body: [UInt8], key: String) throws(Refusal) -> StoredObject {
        if String(decoding: body, as: UTF8.self) == "error" { throw Refusal(.transient, "it failed after all") }
        return StoredObject(eTag: head.eTag?.text, checksum: checksum(head))
    }
    func delete(_ key: String) -> HTTPRequest { HTTPRequest(.delete, "\(root)/o/\(key)") }

    // MARK: Listing

    /// A page is lines: `= token`, `/ prefix`, `size key`.
    func list(prefix: String, delimiter: String?, token: String?, limit: Int) -> HTTPRequest {
        HTTPRequest(.get, "\(root)/list/\(prefix)?token=\(token ?? "")&delimiter=\(delimiter ?? "")&limit=\(limit)")
    }
    func page(_ head: HTTPHead, body: [UInt8]) throws(Refusal) -> ListingPage {
        var page = ListingPage(objects: [])
        for line in String(decoding: body, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2 else { throw Refusal(.malformed, "a line of one word") }
            switch words[0] {
            case "=": page.next = words[1]
            case "/": page.prefixes.append(words[1])
            default:
                page.objects.append(
                    ListedObject(
                        key: words[1],
                        facts: ObjectFacts(
                            size: Int64(words[0]), validator: .weak(eTag: nil, size: nil, modified: nil))))
            }
        }
        return page
    }
}
