internal import Planning

/// A path within a tree, as bytes: two names that Unicode takes for the same are two files.
struct ExtractPath: Hashable {
    let bytes: [UInt8]

    static let slash = UInt8(ascii: "/")
    static let dot = UInt8(ascii: ".")

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The folder that holds it, or `nil` at the top.
    var parent: ExtractPath? {
        bytes.lastIndex(of: Self.slash).map { ExtractPath(bytes: Array(bytes[..<$0])) }
    }

    var components: [ArraySlice<UInt8>] { bytes.split(separator: Self.slash) }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension ExtractPath {
    /// The place of a member's path in the tree, without `./`, double and trailing slashes, and without its first
    /// components: `nil` for the root, and for a path of no more than those components (as tar's --strip-components).
    /// - Throws: for a path that is no place inside a tree, whether it would be taken or not.
    init?(member path: String, stripping count: Int) throws(ExtractionError) {
        guard let first = path.utf8.first else { throw .emptyName }
        guard first != Self.slash else { throw .absolutePath(member: path) }
        guard path.utf8.count < 4096 else { throw .nameTooLong(member: path) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.utf8.count)
        var toStrip = count
        for component in path.utf8.split(separator: Self.slash) {
            if component.first == Self.dot {
                if component.elementsEqual([Self.dot]) { continue }
                if component.elementsEqual([Self.dot, Self.dot]) { throw .parentComponent(member: path) }
            }
            guard component.count <= 255 else { throw .nameTooLong(member: path) }
            if toStrip > 0 {
                toStrip -= 1
                continue
            }
            if !bytes.isEmpty { bytes.append(Self.slash) }
            bytes.append(contentsOf: component)
        }
        guard !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }
}

extension Recipe {
    /// Whether the globs take this path, which is stripped already.
    func selects(_ path: ExtractPath) -> Bool {
        if include.isEmpty && exclude.isEmpty { return true }
        let text = path.text
        return (include.isEmpty || include.contains { $0.matches(text) }) && !exclude.contains { $0.matches(text) }
    }
}
