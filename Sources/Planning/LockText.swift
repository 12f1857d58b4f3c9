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
        var listings: [Digest: [UInt8]] = [:]
        var text = JSONLines()
        text.reserve(300 * lock.entries.count)
        text.line { $0.member("clearml-sync-lock", 1) }
        for id in lock.entries.keys.sorted() {
            guard let entry = lock.entries[id] else { continue }
            if let absent = entry.absent {
                append(absent, of: id, entry, to: &text)
            } else if entry.objects.count <= Lock.inlineLimit {
                for object in sorted(entry.objects) { append(object, of: id, entry, to: &text) }
            } else {
                var lines = JSONLines()
                for object in sorted(entry.objects) { lines.line { object.write(to: &$0) } }
                let digest = hash(lines.bytes)
                listings[digest] = lines.bytes
                let sizes = entry.objects.compactMap(\.size)
                let size = sizes.count == entry.objects.count ? Bytes.sum(sizes) : nil
                append(
                    Lock.Listing(digest: digest, count: entry.objects.count, size: size), of: id, entry, to: &text)
            }
        }
        return Encoded(text: text.bytes, listings: listings)
    }

    private static func sorted(_ objects: [Lock.Object]) -> [Lock.Object] {
        guard objects.count > 1 else { return objects }
        return objects.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    private static func append(_ object: Lock.Object, of id: Entry.ID, _ entry: Lock.Entry, to text: inout JSONLines) {
        text.line { line in
            line.member("entry", id.description)
            line.member("key", entry.key)
            object.write(to: &line)
        }
    }

    private static func append(
        _ listing: Lock.Listing, of id: Entry.ID, _ entry: Lock.Entry, to text: inout JSONLines
    ) {
        text.line { line in
            line.member("entry", id.description)
            line.member("key", entry.key)
            line.member("objects", Int64(listing.count))
            if let size = listing.size { line.member("size", size) }
            line.member("listing", listing.digest)
        }
    }

    /// - Parameters:
    ///   - file: the lock's name, for problems.
    ///   - listing: the text of a listing, or `nil` where its file is gone: its entry is then `absent`.
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
                guard let bytes = try listing(digest) else {
                    let absent = Lock.Listing(
                        digest: digest, count: Int(json["objects"]?.integer ?? 0), size: json["size"]?.integer)
                    lock.entries[id] = Lock.Entry(key: key, objects: [], absent: absent)
                    return
                }
                var objects: [Lock.Object] = []
                try forEachLine(bytes, file: "\(file).d/\(digest.hex)") { json, _ in
                    objects.append(try Lock.Object(json) { problem("the listing \(digest) is damaged: \($0)") })
                }
                lock.entries[id] = Lock.Entry(key: key, objects: objects)
            } else {
                let object = try Lock.Object(json, problem)
                var entry = lock.entries.removeValue(forKey: id) ?? Lock.Entry(key: key, objects: [])
                // What a merge of two branches leaves behind; which of the lines is right only a resolution can tell.
                guard entry.key == key else { throw problem("the lines of \(id) have different keys") }
                guard entry.objects.last.map({ ExactText($0.path) }) != ExactText(object.path) else {
                    throw problem("\(id) has two lines for '\(object.path)'")
                }
                entry.objects.append(object)
                lock.entries[id] = entry
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
                        let before = String(decoding: bytes[start..<start + error.offset], as: UTF8.self)
                        throw Problem(
                            location: SourceLocation(file: file, line: line, column: before.count + 1),
                            message: error.problem)
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
    fileprivate func write(to line: inout JSONLines) {
        line.member("path", path)
        line.member("url", url)
        if let version { line.member("version", version) }
        if let validator { line.member("validator", validator.text) }
        if let size { line.member("size", size) }
        line.member("digest", digest)
        if let tree { line.member("tree", tree) }
    }

    fileprivate init(_ json: JSON, _ problem: (String) -> LockText.Problem) throws(LockText.Problem) {
        guard let url = json["url"]?.string, let path = json["path"]?.string, let digest = json["digest"] else {
            throw problem("a line that lacks url, path or digest")
        }
        // The path is joined to a folder of the workspace, and a lock may come from anybody.
        guard path.isEmpty || path.isRelativePath else {
            throw problem("'path' does not name something below the entry")
        }
        self.init(url: url, path: path)
        version = json["version"]?.string
        validator = json["validator"]?.string.flatMap { Validator($0) }
        if let size = json["size"] {
            guard let bytes = size.integer, bytes >= 0 else { throw problem("'size' is not a count of bytes") }
            self.size = bytes
        }
        if digest != .null {
            guard let parsed = digest.string.flatMap({ Digest($0) }) else { throw problem("'digest' is not a digest") }
            self.digest = parsed
        }
        if let tree = json["tree"] {
            guard let parsed = tree.string.flatMap({ Digest($0) }) else { throw problem("'tree' is not a digest") }
            self.tree = parsed
        }
    }
}
