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
            if let absent = entry.absent {
                append(line(of: id, entry, absent), to: &encoded.text)
                continue
            }
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
            let whole = Lock.Listing(
                digest: digest, count: objects.count, size: sizes.count == objects.count ? Bytes.sum(sizes) : nil)
            append(line(of: id, entry, whole), to: &encoded.text)
        }
        return encoded
    }

    private static func line(of id: Entry.ID, _ entry: Lock.Entry, _ listing: Lock.Listing) -> [JSON.Member] {
        var members: [JSON.Member] = [
            .init("entry", .string(id.description)), .init("key", .string(entry.key)),
            .init("objects", .integer(Int64(listing.count))),
        ]
        if let size = listing.size { members.append(.init("size", .integer(size))) }
        return members + [.init("listing", .string(listing.digest.description))]
    }

    private static func append(_ members: [JSON.Member], to bytes: inout [UInt8]) {
        JSON.object(members).append(to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
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
    fileprivate var members: [JSON.Member] {
        var members: [JSON.Member] = [.init("path", .string(path)), .init("url", .string(url))]
        if let version { members.append(.init("version", .string(version))) }
        if let validator { members.append(.init("validator", .string(validator.text))) }
        if let size { members.append(.init("size", .integer(size))) }
        members.append(.init("digest", digest.map { .string($0.description) } ?? .null))
        if let tree { members.append(.init("tree", .string(tree.description))) }
        return members
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
