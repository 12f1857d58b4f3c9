/// What entries of all files together get wrong: a name given twice, a path written twice, one entry inside another's folder.
enum EntryConflicts {
    /// A path as bytes: Swift would take two spellings of an accented letter for one, a file system does not.
    private typealias PathKey = ArraySlice<UInt8>

    static func report(among entries: [EntryDecoder.Decoded], _ context: inout DecodingContext) {
        var names: [Entry.ID: SourceLocation] = [:]
        var owners: [PathKey: Int] = [:]
        var paths: [PathKey] = []
        names.reserveCapacity(entries.count)
        owners.reserveCapacity(entries.count)
        // Default paths differ where names do, and none lies in another.
        let hasPaths = entries.contains { $0.entry.path != nil }
        for (index, decoded) in entries.enumerated() {
            let entry = decoded.entry
            if !hasPaths {
                if let first = names.updateValue(entry.location, forKey: entry.id) {
                    names[entry.id] = first
                    context.report("\(entry.id): the name is taken already at \(first)", at: entry.location)
                }
                continue
            }
            let path = Array(entry.workspacePath(isFolder: entry.isFolder).utf8)[...]
            paths.append(path)
            if let first = names[entry.id] {
                context.report("\(entry.id): the name is taken already at \(first)", at: entry.location)
                // Its default path is taken too, by the same mistake.
                continue
            }
            names[entry.id] = entry.location
            if let owner = owners[path] {
                context.report("\(entry.id): path: \(claim(on: path, by: entries[owner]))", at: decoded.pathLocation)
            } else {
                owners[path] = index
            }
        }
        for (index, decoded) in entries.enumerated() where hasPaths {
            let path = paths[index]
            for slash in path.indices where path[slash] == UInt8(ascii: "/") {
                guard let owner = owners[path[..<slash]], owner != index else { continue }
                let text = String(decoding: path, as: UTF8.self)
                let claim = claim(on: path[..<slash], by: entries[owner])
                context.report("\(decoded.entry.id): path: '\(text)' lies inside: \(claim)", at: decoded.pathLocation)
                break
            }
        }
    }

    private static func claim(on path: PathKey, by owner: EntryDecoder.Decoded) -> String {
        let text = String(decoding: path, as: UTF8.self)
        return "'\(text)' is written by \(owner.entry.id) (\(owner.pathLocation)); give one of them another 'path'"
    }
}
