/// The lock's text: JSON Lines, a header, then one line per object, sorted by entry and path.
///
/// ```
/// {"clearml-sync-lock":1}
/// {"entry":"artifacts/vocab","key":"…","path":"vocab.txt","url":"https://…","validator":"etag:…","size":1,"digest":"sha256:…"}
/// {"entry":"datasets/laion","key":"…","objects":1024,"size":…,"listing":"sha256:…"}
/// ```
/// A listing is the same lines without `entry` and `key`; its name is the SHA-256 of its text.
public enum LockText {
    /// Why a lock cannot be read.
    public struct Problem: Error, Sendable, CustomStringConvertible {
        public var location: SourceLocation
        public var message: String
        public var description: String { "\(location): \(message)" }
    }

    /// A lock's text, and the listings that it names.
    public struct Encoded: Sendable {
        public var text: [UInt8]
        public var listings: [Digest: [UInt8]]
    }

    /// - Parameter hash: SHA-256 of a text.
    public static func encode(_ lock: Lock, hash: ([UInt8]) -> Digest) -> Encoded {
        var encoded = Encoded(text: Array("{\"clearml-sync-lock\":1}\n".utf8), listings: [:])
        for (id, entry) in lock.entries.sorted(by: { $0.key < $1.key }) {
            let objects = entry.objects.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            let head: [JSON.Member] = [.init("entry", .string(id.description)), .init("key", .string(entry.key))]
            guard objects.count > Lock.inlineLimit else {
                for object in objects { append(head + object.members, to: &encoded.text) }
                continue
            }
            var listing: [UInt8] = []
            for object in objects { append(object.members, to: &listing) }
            let digest = hash(listing)
            encoded.listings[digest] = listing
            let sizes = objects.compactMap(\.size)
            var members = head + [.init("objects", .integer(Int64(objects.count)))]
            if sizes.count == objects.count { members.append(.init("size", .integer(sizes.reduce(0, +)))) }
            append(members + [.init("listing", .string(digest.description))], to: &encoded.text)
        }
        return encoded
    }

    private static func append(_ members: [JSON.Member], to bytes: inout [UInt8]) {
        JSON.object(members).append(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// - Parameters:
    ///   - file: the lock's name, for problems.
    ///   - listing: the text of a listing, or `nil` where its file is gone: its entry is then resolved anew.
    public static func decode(
        _ text: [UInt8], file: String, listing: (Digest) throws -> [UInt8]?
    ) throws -> Lock {
        var lock = Lock()
        var hasHeader = false
        try forEachLine(text, file: file) { json, line in
            func problem(_ message: String) -> Problem {
                Problem(location: SourceLocation(file: file, line: line, column: 1), message: message)
            }
            guard hasHeader else {
                guard let version = json["clearml-sync-lock"]?.integer else { throw problem("this is not a lock file") }
                guard version == 1 else { throw problem("lock version \(version) is newer than this program (1)") }
                hasHeader = true
                return
            }
            guard let id = json["entry"]?.string.flatMap({ Entry.ID($0) }), let key = json["key"]?.string else {
                throw problem("a line without its entry")
            }
            if let text = json["listing"]?.string {
                guard let digest = Digest(text) else { throw problem("'listing' is not a digest") }
                guard let bytes = try listing(digest) else { return }
                var objects: [Lock.Object] = []
                try forEachLine(bytes, file: "\(file).d/\(digest.hex)") { json, _ in
                    guard let object = Lock.Object(json) else { throw problem("the listing \(digest) is damaged") }
                    objects.append(object)
                }
                lock.entries[id] = Lock.Entry(key: key, objects: objects)
            } else {
                guard let object = Lock.Object(json) else { throw problem("a line that lacks url, path or a right digest") }
                lock.entries[id, default: Lock.Entry(key: key, objects: [])].objects.append(object)
            }
        }
        guard hasHeader else {
            throw Problem(location: SourceLocation(file: file, line: 1, column: 1), message: "this is not a lock file")
        }
        return lock
    }

    private static func forEachLine(_ text: [UInt8], file: String, _ body: (JSON, Int) throws -> Void) throws {
        try text.withUnsafeBytes { bytes in
            var start = 0
            var line = 1
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                if end > start {
                    let json: JSON
                    do throws(JSON.ParseError) {
                        json = try JSON(parsing: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                    } catch {
                        throw Problem(
                            location: SourceLocation(file: file, line: line, column: error.offset + 1), message: error.problem)
                    }
                    try body(json, line)
                }
                start = end + 1
                line += 1
            }
        }
    }
}

extension Lock.Object {
    fileprivate var members: [JSON.Member] {
        var members: [JSON.Member] = [.init("path", .string(path)), .init("url", .string(url))]
        if let version { members.append(.init("version", .string(version))) }
        if let validator { members.append(.init("validator", .string(validator.text))) }
        if let size { members.append(.init("size", .integer(size))) }
        members.append(.init("digest", digest.map { .string($0.description) } ?? .null))
        if let tree { members.append(.init("tree", .string(tree.description))) }
        return members
    }

    fileprivate init?(_ json: JSON) {
        guard let url = json["url"]?.string, let path = json["path"]?.string, let digest = json["digest"] else { return nil }
        self.init(url: url, path: path)
        version = json["version"]?.string
        validator = json["validator"]?.string.flatMap { Validator($0) }
        size = json["size"]?.integer
        if digest != .null {
            guard let parsed = digest.string.flatMap({ Digest($0) }) else { return nil }
            self.digest = parsed
        }
        if let text = json["tree"]?.string {
            guard let parsed = Digest(text) else { return nil }
            tree = parsed
        }
    }
}
