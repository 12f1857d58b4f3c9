internal import Glibc
internal import Platform
internal import Synchronization
internal import TestSupport

/// A bucket on a server that speaks as much S3 as the commands need, and whatever a test says besides.
final class BucketScene: Sendable {
    struct State {
        var objects: [String: [UInt8]] = [:]
        var uploads: [String: [Int: [UInt8]]] = [:]
        var begun = 0
        var aborted: [String] = []
        /// Stores other bytes than were sent.
        var corrupts = false
        /// An answer replaces the good one.
        var fault: (@Sendable (FaultServer.Request) -> FaultServer.Response?)?
    }

    let server: FaultServer
    let home: TemporaryFolder
    let folder: TemporaryFolder
    let state = Mutex(State())

    init() throws {
        server = try FaultServer()
        home = try TemporaryFolder()
        folder = try TemporaryFolder()
        server.route("/*") { [weak self] request in self?.answer(request) ?? .text("gone", status: 500) }
        try home.write(
            "clearml.conf",
            """
            sdk.aws.s3.credentials: [
              {host: "127.0.0.1:\(server.port)", key: "the-key", secret: "the-secret", secure: false, multipart: true}]
            sdk.aws.boto3 { multipart_threshold: 1048576, multipart_chunksize: 5242880, max_multipart_concurrency: 2 }
            """)
    }

    deinit { server.stop() }

    func url(_ key: String) -> String { "s3://127.0.0.1:\(server.port)/bucket/\(key)" }

    func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Binary.Output {
        try Binary.run(arguments, environment: environment, home: home, workingFolder: folder.path)
    }

    func start(_ arguments: String...) throws -> ChildProcess {
        try Binary.start(arguments, home: home, workingFolder: folder.path)
    }

    var objects: [String: [UInt8]] { state.withLock { $0.objects } }
    /// Uploads that have begun and were neither completed nor given up.
    var open: [String] { state.withLock { $0.uploads.keys.sorted() } }

    // MARK: The server

    private func answer(_ request: FaultServer.Request) -> FaultServer.Response {
        if let answer = state.withLock({ $0.fault })?(request) { return answer }
        guard request.path == "/bucket" || request.path.hasPrefix("/bucket/") else {
            return BucketScene.error("NoSuchBucket", 404)
        }
        let key = String(request.path.dropFirst(8)).replacing("%20", with: " ")
        let query = BucketScene.query(request.target)
        return state.withLock { state in
            switch request.method {
            case "GET" where key.isEmpty: return BucketScene.list(query, state)
            case "GET", "HEAD":
                guard let bytes = state.objects[key] else { return BucketScene.error("NoSuchKey", 404) }
                return .file(bytes, for: request, eTag: BucketScene.eTag(bytes))
            case "PUT":
                guard let upload = query["uploadId"], let number = query["partNumber"].flatMap({ Int($0) }) else {
                    return BucketScene.put(request.body, key, &state)
                }
                guard state.uploads[upload] != nil else { return BucketScene.error("NoSuchUpload", 404) }
                state.uploads[upload]?[number] = request.body
                return FaultServer.Response(headers: [("ETag", BucketScene.eTag(request.body))])
            case "POST" where query["uploads"] != nil:
                state.begun += 1
                state.uploads["u\(state.begun)"] = [:]
                return BucketScene.xml(
                    "InitiateMultipartUploadResult",
                    "<Bucket>bucket</Bucket><Key>\(key)</Key><UploadId>u\(state.begun)</UploadId>")
            case "POST":
                guard let parts = state.uploads.removeValue(forKey: query["uploadId"] ?? "") else {
                    return BucketScene.error("NoSuchUpload", 404)
                }
                return BucketScene.complete(parts, key, &state)
            case "DELETE":
                if let upload = query["uploadId"] {
                    state.aborted.append(upload)
                    state.uploads[upload] = nil
                } else {
                    state.objects[key] = nil
                }
                return FaultServer.Response(status: 204)
            default: return BucketScene.error("MethodNotAllowed", 405)
            }
        }
    }

    private static func put(_ body: [UInt8], _ key: String, _ state: inout State) -> FaultServer.Response {
        var body = body
        if state.corrupts { body[body.count / 2] ^= 1 }
        state.objects[key] = body
        return FaultServer.Response(headers: [("ETag", eTag(body))])
    }

    private static func complete(_ parts: [Int: [UInt8]], _ key: String, _ state: inout State) -> FaultServer.Response {
        let ordered = parts.sorted { $0.key < $1.key }.map(\.value)
        state.objects[key] = Array(ordered.joined())
        var tag = hex(.md5, ordered.flatMap { hash(.md5, $0) })
        if state.corrupts { tag = hex(.md5, [0]) }
        return xml("CompleteMultipartUploadResult", "<Key>\(key)</Key><ETag>\"\(tag)-\(parts.count)\"</ETag>")
    }

    private static func list(_ query: [String: String], _ state: State) -> FaultServer.Response {
        let prefix = query["prefix"] ?? ""
        var contents = ""
        var folders: [String] = []
        for (key, bytes) in state.objects.sorted(by: { $0.key < $1.key }) where key.hasPrefix(prefix) {
            let rest = key.dropFirst(prefix.count)
            if query["delimiter"] != nil, let slash = rest.firstIndex(of: "/") {
                let folder = prefix + rest[...slash]
                if folders.last != folder { folders.append(folder) }
                continue
            }
            contents +=
                "<Contents><Key>\(key.replacing(" ", with: "%20"))</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
                + "<ETag>\(eTag(bytes))</ETag><Size>\(bytes.count)</Size><StorageClass>STANDARD</StorageClass></Contents>"
        }
        let common = folders.map { "<CommonPrefixes><Prefix>\($0)</Prefix></CommonPrefixes>" }.joined()
        return xml(
            "ListBucketResult",
            "<Name>bucket</Name><Prefix>\(prefix)</Prefix><KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys>"
                + "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>" + contents + common)
    }

    private static func xml(_ name: String, _ inner: String) -> FaultServer.Response {
        FaultServer.Response(
            headers: [("Content-Type", "application/xml")],
            body: Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<\(name)>\(inner)</\(name)>".utf8))
    }

    static func error(_ code: String, _ status: Int) -> FaultServer.Response {
        FaultServer.Response(
            status: status,
            body: Array("<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>\(code)</Message></Error>".utf8))
    }

    private static func query(_ target: String) -> [String: String] {
        guard let mark = target.firstIndex(of: "?") else { return [:] }
        let pairs = target[target.index(after: mark)...].split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (halves[0], (halves.count > 1 ? halves[1] : "").replacing("%2F", with: "/").replacing("%20", with: " "))
        }
        return Dictionary(pairs) { first, _ in first }
    }

    static func eTag(_ bytes: [UInt8]) -> String { "\"\(hex(.md5, bytes))\"" }
    private static func hex(_ function: HashFunction, _ bytes: [UInt8]) -> String {
        String(checksum(bytes, function).dropFirst(function.rawValue.count + 1))
    }
    private static func hash(_ function: HashFunction, _ bytes: [UInt8]) -> [UInt8] {
        var hasher = ContentHasher(function)
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finish()
    }
}
