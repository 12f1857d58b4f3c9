internal import Planning
internal import Remotes

/// What a mirror holds, as it was last left, in a file among its objects: JSON Lines by path.
///
/// ```
/// {"clearml-sync-mirror":1}
/// {"path":"models/bert/model.bin","digest":"sha256:…","size":12,"validator":"etag:…"}
/// ```
/// The validator is the one that the mirror's own store gave: an object that somebody replaced there is copied again.
struct MirrorState: Hashable {
    static let name = ".clearml-sync-mirror.jsonl"

    struct Line: Hashable {
        var digest: Digest
        var size: Int64
        /// `nil` where the store cannot list what it holds.
        var validator: Validator?
    }

    var lines: [ExactText: Line] = [:]

    init() {}

    /// - Returns: `nil` for what is not such a file, or a newer one: everything is then copied again.
    init?(_ text: [UInt8]) {
        var lines = text.split(separator: UInt8(ascii: "\n"))[...]
        guard let header = lines.popFirst().flatMap(MirrorState.parse), header["clearml-sync-mirror"]?.integer == 1
        else {
            return nil
        }
        for line in lines {
            guard let json = MirrorState.parse(line), let path = json["path"]?.string,
                let digest = json["digest"]?.string.flatMap({ Digest($0) }), let size = json["size"]?.integer
            else { return nil }
            self.lines[ExactText(path)] = Line(
                digest: digest, size: size, validator: json["validator"]?.string.flatMap { Validator($0) })
        }
    }

    private static func parse(_ line: ArraySlice<UInt8>) -> JSON? {
        line.withUnsafeBytes { try? JSON(parsing: $0) }
    }

    var text: [UInt8] {
        var text = Array("{\"clearml-sync-mirror\":1}\n".utf8)
        for (path, line) in lines.sorted(by: { $0.key.text.utf8.lexicographicallyPrecedes($1.key.text.utf8) }) {
            JSON.object([
                "path": .string(path.text), "digest": .string("\(line.digest)"), "size": .integer(line.size),
                "validator": line.validator.map { .string($0.text) },
            ]).append(to: &text)
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    /// Whether the mirror holds this content at a path, as far as was noted and as its store tells now.
    /// - Parameter there: what a listing told; `nil` when the store has no listings.
    func holds(_ digest: Digest, at path: String, there: [ExactText: ObjectFacts]?) -> Bool {
        let path = ExactText(path)
        guard let line = lines[path], line.digest == digest else { return false }
        guard let there else { return true }
        guard let facts = there[path], facts.size == line.size else { return false }
        return line.validator == facts.validator
    }
}
