import Planning
import Testing

@Suite struct LockTextTests {
    static let digest = Digest(hex: String(repeating: "ab", count: 32))!
    static let tree = Digest(hex: String(repeating: "cd", count: 32))!
    static let line =
        #"{"entry":"artifacts/a","key":"k","path":"a.bin","url":"https://h/a.bin","size":1,"digest":"\#(digest)"}"#
    static let header = #"{"clearml-sync-lock":1}"#

    /// Not SHA-256, which is not Planning's business: any function of the text does.
    private func hash(_ text: [UInt8]) -> Digest {
        var words = [UInt64](repeating: 0xCBF2_9CE4_8422_2325, count: 4)
        for byte in text {
            for index in 0..<4 { words[index] = (words[index] ^ (UInt64(byte) + UInt64(index))) &* 0x100_0000_01B3 }
        }
        return Digest(
            bytes: words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) } })!
    }

    private func decode(_ text: String, listings: [Digest: [UInt8]] = [:]) throws -> Lock {
        try LockText.decode(Array(text.utf8), file: "m.lock") { listings[$0] }
    }

    private func lock() -> Lock {
        var lock = Lock()
        var first = Lock.Object(url: "https://h/a", path: "ünï \"quoted\"\n.bin")
        first.version = "v1"
        first.validator = .weak(eTag: "W/\"x:y\"", size: nil, modified: 5)
        first.size = 0
        first.digest = Self.digest
        var second = Lock.Object(url: "s3://b/z.tar", path: "z.tar")
        second.validator = .checksum(Checksum("crc32c:01020304")!)
        second.tree = Self.tree
        lock.entries[Entry.ID(kind: .dataset, name: "d")] = Lock.Entry(key: "k2", objects: [second, first])
        lock.entries[Entry.ID(kind: .artifact, name: "direct")] = Lock.Entry(
            key: "k1", objects: [Lock.Object(url: "file:///mnt/x", path: "")])
        return lock
    }

    @Test("A lock comes back as it was written, and is written the same again")
    func roundTrip() throws {
        let encoded = LockText.encode(lock(), hash: hash)
        #expect(encoded.listings.isEmpty)
        let text = String(decoding: encoded.text, as: UTF8.self)
        let decoded = try decode(text)
        #expect(decoded == lock())
        #expect(LockText.encode(decoded, hash: hash).text == encoded.text)
    }

    @Test("Lines are sorted by entry and path, in bytes")
    func order() {
        var lock = Lock()
        for name in ["b", "a"] {
            let objects = ["é", "a/b", "a-b", "Z"].map { Lock.Object(url: "u", path: $0) }
            lock.entries[Entry.ID(kind: .dataset, name: name)] = Lock.Entry(key: "k", objects: objects)
        }
        lock.entries[Entry.ID(kind: .artifact, name: "z")] = Lock.Entry(
            key: "k", objects: [Lock.Object(url: "u", path: "x")])
        let lines = String(decoding: LockText.encode(lock, hash: hash).text, as: UTF8.self).split(separator: "\n")
        func line(_ entry: String, _ path: String) -> String {
            #"{"entry":"\#(entry)","key":"k","path":"\#(path)","url":"u","digest":null}"#
        }
        #expect(
            lines.map(String.init)
                == [Self.header, line("artifacts/z", "x")]
                + ["datasets/a", "datasets/b"].flatMap { entry in ["Z", "a-b", "a/b", "é"].map { line(entry, $0) } })
    }

    private func many(_ count: Int) -> (id: Entry.ID, lock: Lock) {
        let id = Entry.ID(kind: .dataset, name: "laion")
        var lock = Lock()
        let objects = (0..<count).map { number in
            var object = Lock.Object(url: "https://h/\(number)", path: "\(number / 100)/\(number)")
            object.size = 2
            object.digest = Self.digest
            return object
        }
        lock.entries[id] = Lock.Entry(
            key: "k", objects: objects.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) })
        return (id, lock)
    }

    @Test("More than 1,000 objects are one line with a listing; 1,000 are lines")
    func listing() throws {
        let few = LockText.encode(many(1000).lock, hash: hash)
        #expect(few.listings.isEmpty)
        #expect(few.text.count { $0 == 0x0A } == 1001)

        let (id, lock) = many(1001)
        let encoded = LockText.encode(lock, hash: hash)
        let listing = try #require(encoded.listings.first)
        #expect(hash(listing.value) == listing.key)
        #expect(
            String(decoding: encoded.text, as: UTF8.self)
                == Self.header + "\n"
                + #"{"entry":"\#(id)","key":"k","objects":1001,"size":2002,"listing":"\#(listing.key)"}"# + "\n")
        let text = String(decoding: encoded.text, as: UTF8.self)
        #expect(try decode(text, listings: encoded.listings) == lock)
        // Without its listing the entry is known to have one, and its line is written again as it was.
        let bare = try decode(text)
        #expect(bare.entries.values.map(\.absent) == [Lock.Listing(digest: listing.key, count: 1001, size: 2002)])
        #expect(bare.entries.values.flatMap(\.objects).isEmpty)
        #expect(LockText.encode(bare, hash: hash).text == encoded.text)
    }

    @Test("Sizes that cannot be true do not end the program")
    func hugeSizes() throws {
        var (id, lock) = many(1001)
        for index in lock.entries[id]!.objects.indices { lock.entries[id]!.objects[index].size = .max }
        let encoded = LockText.encode(lock, hash: hash)
        #expect(try decode(String(decoding: encoded.text, as: UTF8.self), listings: encoded.listings) == lock)
    }

    @Test(
        "A lock that cannot be read is a problem with its line and column",
        arguments: [
            ("", 1, 1, "not a lock file"),
            ("\n\n", 1, 1, "not a lock file"),
            ("{}\n", 1, 1, "not a lock file"),
            ("version: 1\n", 1, 1, "not a JSON value"),
            (#"{"clearml-sync-lock":2}"#, 1, 1, "newer"),
            (header + "\n" + "<<<<<<< HEAD\n" + line, 2, 1, "not a JSON value"),
            (header + "\n" + line + "\n" + #"{"entry":"é","# + "\n", 3, 14, "expected a key"),
            (header + "\n" + line + "\n\n" + #"{"entry":"artifacts/a"}"#, 4, 1, "without its entry"),
            (header + "\n" + #"{"entry":"things/a","key":"k"}"#, 2, 1, "without its entry"),
            (header + "\n" + #"{"entry":"artifacts/a","key":"k"}"#, 2, 1, "lacks"),
            (header + "\n" + line + "\n" + line, 3, 1, "two lines for 'a.bin'"),
            (
                header + "\n" + line + "\n" + line.replacing("\"k\"", with: "\"j\"").replacing("a.bin", with: "b.bin"),
                3, 1, "different keys"
            ),
            (header + "\n" + line.replacing("\"size\":1", with: "\"size\":-1"), 2, 1, "'size'"),
            (header + "\n" + line.replacing("\"size\":1", with: "\"size\":\"1\""), 2, 1, "'size'"),
            (header + "\n" + line.replacing("\"size\":1", with: "\"size\":99999999999999999999"), 2, 1, "'size'"),
            (header + "\n" + line.replacing("\"sha256:ab", with: "\"sha256:"), 2, 1, "'digest'"),
            (header + "\n" + line.replacing("\"digest\"", with: "\"tree\":\"x\",\"digest\""), 2, 1, "'tree'"),
            (header + "\n" + #"{"entry":"artifacts/a","key":"k","listing":"sha256:1"}"#, 2, 1, "'listing'"),
        ])
    func problems(text: String, line: Int, column: Int, message: String) throws {
        do {
            _ = try decode(text)
            Issue.record("it was read")
        } catch let problem as LockText.Problem {
            #expect(problem.location == SourceLocation(file: "m.lock", line: line, column: column))
            #expect(problem.message.contains(message), "\(problem)")
        }
    }

    @Test(
        "A path that leaves the entry's folder is refused, in the lock and in a listing",
        arguments: [
            "..", "../x", "a/../../x", "a/..", "/etc/passwd", "/", "a//b", "a/", ".", "./a", "a/./b", #"a\u0000b"#,
        ])
    func unsafePaths(path: String) throws {
        let hostile = Self.line.replacing("\"a.bin\"", with: "\"\(path)\"")
        #expect(throws: LockText.Problem.self) { try decode(Self.header + "\n" + hostile) }
        let listing = Array(#"{"path":"\#(path)","url":"u","digest":null}"#.utf8)
        let text = Self.header + "\n" + #"{"entry":"datasets/d","key":"k","objects":1,"listing":"\#(hash(listing))"}"#
        #expect(throws: LockText.Problem.self) { try decode(text, listings: [hash(listing): listing]) }
    }

    @Test(
        "Odd names that stay below the folder are names",
        arguments: ["...", "..a", "a..", ".hidden", "~", "C:\\x", "-rf", ".clearml-sync/x"])
    func oddPaths(path: String) throws {
        var lock = Lock()
        lock.entries[Entry.ID(kind: .dataset, name: "d")] = Lock.Entry(
            key: "k", objects: [Lock.Object(url: "u", path: path)])
        #expect(try decode(String(decoding: LockText.encode(lock, hash: hash).text, as: UTF8.self)) == lock)
    }

    @Test("What a later version may add is passed over")
    func additions() throws {
        let text =
            Self.header + "\r\n"
            + Self.line.replacing("\"size\"", with: "\"new\":[{}],\"validator\":\"moon:1\",\"size\"") + "\r\n"
        let object = try #require(try decode(text).entries.values.first?.objects.first)
        #expect(object.size == 1)
        #expect(object.validator == nil)
    }

    @Test("The key changes with everything that decides which bytes an entry means, and with nothing else")
    func key() throws {
        var entry = Entry(
            id: Entry.ID(kind: .dataset, name: "d"), url: try LogicalURL("https://h/a.zip"), base: "/",
            location: SourceLocation(file: "m", line: 1, column: 1))
        var keys = [entry.lockKey]
        func change(_ body: (inout Entry) throws -> Void) throws {
            var changed = entry
            try body(&changed)
            keys.append(changed.lockKey)
        }
        try change { $0.url = try LogicalURL("https://h/b.zip") }
        try change { $0.version = "1" }
        try change { $0.checksum = Checksum("md5:" + String(repeating: "0", count: 32)) }
        try change { $0.include = [try Glob("x")] }
        try change { $0.exclude = [try Glob("x")] }
        try change { $0.extract = .never }
        try change { $0.extract = .always(Recipe()) }
        try change { $0.extract = .always(Recipe(stripComponents: 1)) }
        #expect(Set(keys).count == keys.count)
        #expect(keys[0].utf8.count == 16)
        entry.path = "elsewhere"
        entry.link = .copy
        entry.tags = ["x"]
        entry.size = 5
        #expect(entry.lockKey == keys[0])
    }
}
