internal import Planning

/// The objects of an entry that has many, by their names below its URL.
struct Members {
    private let entry: Entry
    /// What all of them share.
    private let first: ResolvedObject

    init(_ entry: Entry) {
        self.entry = entry
        first = ResolvedObject(url: entry.url, path: "", place: "")
    }

    /// - Parameter name: below the entry's URL, in the form of its path: a literal key, or http's written text.
    func object(_ name: String, locked: Lock.Object? = nil) throws(LogicalURLError) -> ResolvedObject {
        let path = entry.url.relativePath(ofMember: name)
        // Objects are taken as they are unless `extract` says otherwise for all of them.
        guard case .always = entry.extract else {
            return first.sibling(name, path: path, place: path, recipe: nil, locked: locked)
        }
        let fileName = path.split(separator: "/").last.map(String.init) ?? path
        let recipe = entry.recipe(for: fileName, isMember: true)
        // An unpacked member gets a folder of its own, named as the archive without its suffix.
        var place = path
        if recipe != nil, let stem = Recipe.stem(ofArchive: fileName) {
            place = path.dropLast(fileName.count) + stem
        }
        return first.sibling(name, path: path, place: place, recipe: recipe, locked: locked)
    }
}

extension Entry {
    /// Whether the URL's glob, `include` and `exclude` let an object in.
    /// - Parameter path: below the entry's URL.
    func selects(_ path: String) -> Bool {
        if case .glob(let glob) = url.shape, !glob.matches(path) { return false }
        return (include.isEmpty || include.contains { $0.matches(path) }) && !exclude.contains { $0.matches(path) }
    }
}

extension ResolvedEntry {
    /// Into the lock's order.
    mutating func sortObjects() {
        objects.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }
}

extension LogicalURL {
    /// Whether it names everything below a folder, or what matches there.
    var isFolder: Bool {
        switch shape {
        case .prefix, .glob: true
        case .single, .range: false
        }
    }
}
