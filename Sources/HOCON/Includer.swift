/// Reads the files that includes name, through the caller's closure, and keeps count of them.
final class Includer {
    private let options: HOCONDocument.Options
    /// The files being read, each included by the one before.
    private var open: [String]
    private var count = 0

    init(options: HOCONDocument.Options, root: String) {
        self.options = options
        open = [root]
    }

    /// The objects that an include stands for, in the order in which they are merged, and whether they hold
    /// substitutions.
    func read(
        _ statement: IncludeStatement, from including: SourceText, prefix: [String], depth: Int
    ) throws(HOCONError) -> [(root: ObjectNode, hasReferences: Bool)] {
        var included: [(root: ObjectNode, hasReferences: Bool)] = []
        for path in try candidates(statement, from: including) {
            let bytes: [UInt8]
            switch options.readFile(path) {
            case .bytes(let content): bytes = content
            case .missing: continue
            case .failed(let reason):
                throw HOCONError("\(path) cannot be read: \(reason)", at: statement.origin)
            }
            count += 1
            if count > Limit.includes {
                throw HOCONError("more than \(Limit.includes) files are included", at: statement.origin)
            }
            if open.contains(path) {
                throw HOCONError(
                    "\(path) includes itself: " + (open + [path]).joined(separator: " -> "), at: statement.origin)
            }
            open.append(path)
            defer { open.removeLast() }
            let source = SourceText(name: path, bytes: bytes)
            if path.hasSuffix(".properties") {
                included.append((JavaProperties.object(source), false))
                continue
            }
            var parser = Parser(source, options: options, prefix: prefix, depth: depth, includer: self)
            guard case .object(let root) = try parser.root() else {
                throw HOCONError("an included file must hold an object, not an array", at: HOCONOrigin(source, 0))
            }
            included.append((root, parser.hasReferences))
        }
        if included.isEmpty && statement.isRequired {
            throw HOCONError("the required file \(statement.name) does not exist", at: statement.origin)
        }
        return included
    }

    /// The paths to try, all of which are merged. There is no class path: what is asked from it does not exist.
    private func candidates(_ statement: IncludeStatement, from including: SourceText) throws(HOCONError) -> [String] {
        var path = statement.name
        let fileScheme = "file:"
        switch statement.location {
        case .classpath: return []
        case .file: break
        case .url, .heuristic:
            if path.hasPrefix(fileScheme) {
                path.removeFirst(fileScheme.count)
                while path.hasPrefix("//") { path.removeFirst() }
                return [path]
            }
            let isURL = ["http://", "https://", "ftp://", "jar:"].contains { path.hasPrefix($0) }
            if statement.location == .url || isURL {
                throw HOCONError(
                    "\(path): URLs are not fetched; include a local file instead", at: statement.origin)
            }
            if !path.hasPrefix("/"), let slash = including.name.lastIndex(of: "/") {
                path = including.name[...slash] + path
            }
        }
        let extensions = [".properties", ".json", ".conf"]
        if extensions.contains(where: { path.hasSuffix($0) }) { return [path] }
        // A name with an ending of its own is tried as it stands as well.
        let name = path.split(separator: "/").last ?? ""
        return (name.contains(".") ? [path] : []) + extensions.map { path + $0 }
    }
}
