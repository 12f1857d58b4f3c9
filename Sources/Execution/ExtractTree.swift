internal import Caching
internal import Planning
internal import Platform

/// The tree that members make, in memory: nothing is written under a member's name, so no name can lead anywhere.
struct ExtractTree {
    /// A file's content: which of the blobs that were written, in the order of writing.
    typealias Blob = Int

    private enum Node {
        case file(Blob)
        case symlink(target: String)
        case folder(isEmpty: Bool)
    }

    private var nodes: [ExtractPath: Node] = [:]
    /// The folder of the last member, whose parents are known to be folders.
    private var lastFolder: ExtractPath?

    /// Adds what is no file: it has no content to wait for.
    mutating func add(_ member: ArchiveMember, at path: ExtractPath, _ recipe: Recipe) throws(ExtractionError) {
        switch member.kind {
        case .file: break
        case .folder: try addFolder(path)
        case .symlink(let target): try addSymlink(path, to: target)
        case .hardlink(let target):
            let place = try ExtractPath(member: target, stripping: recipe.stripComponents)
            try addHardlink(path, to: place, named: target)
        case .special: throw .specialFile(member: member.path)
        }
    }

    mutating func addFile(_ path: ExtractPath, _ blob: Blob) throws(ExtractionError) { try add(.file(blob), path) }

    mutating func addSymlink(_ path: ExtractPath, to target: String) throws(ExtractionError) {
        try add(.symlink(target: target), path)
    }

    /// A hard link is the same file, or symlink, under another name.
    mutating func addHardlink(_ path: ExtractPath, to target: ExtractPath?, named name: String) throws(ExtractionError)
    {
        guard let target, let node = nodes[target] else {
            throw .missingHardlinkTarget(member: path.text, target: name)
        }
        if case .folder = node { throw .missingHardlinkTarget(member: path.text, target: name) }
        try add(node, path)
    }

    mutating func addFolder(_ path: ExtractPath) throws(ExtractionError) {
        switch nodes[path] {
        case .folder: return
        case .file, .symlink: throw .fileAndFolder(path: path.text)
        case nil:
            try addParents(of: path)
            nodes[path] = .folder(isEmpty: true)
        }
    }

    /// A later member replaces an earlier one of the same path, as with tar; a folder is never replaced.
    private mutating func add(_ node: Node, _ path: ExtractPath) throws(ExtractionError) {
        try addParents(of: path)
        if case .folder = nodes.updateValue(node, forKey: path) { throw .fileAndFolder(path: path.text) }
    }

    private mutating func addParents(of path: ExtractPath) throws(ExtractionError) {
        let folder = path.parent
        guard let folder, folder != lastFolder else { return }
        var next: ExtractPath? = folder
        while let parent = next {
            switch nodes.updateValue(.folder(isEmpty: false), forKey: parent) {
            case .folder(isEmpty: false):
                next = nil
            case .folder(isEmpty: true), nil: next = parent.parent
            case .symlink: throw .belowSymlink(member: path.text, symlink: parent.text)
            case .file: throw .fileAndFolder(path: parent.text)
            }
        }
        lastFolder = folder
    }

    /// The listing, once every symlink has been followed.
    /// - Parameter content: a blob's digest, size and executable bit.
    func listing(content: (Blob) -> TreeListing.Item.Kind) throws -> TreeListing {
        for (path, node) in nodes {
            guard case .symlink(let target) = node else { continue }
            try follow(path, to: target)
        }
        var items: [TreeListing.Item] = []
        items.reserveCapacity(nodes.count)
        for (path, node) in nodes {
            switch node {
            case .file(let blob): items.append(TreeListing.Item(path: path.text, kind: content(blob)))
            case .symlink(let target): items.append(TreeListing.Item(path: path.text, kind: .symlink(target: target)))
            case .folder(isEmpty: true): items.append(TreeListing.Item(path: path.text, kind: .folder))
            case .folder(isEmpty: false): break
            }
        }
        return try TreeListing(items)
    }

    /// Follows a symlink as the kernel would in the unpacked tree, through other symlinks, to see that it never leaves.
    private func follow(_ path: ExtractPath, to target: String) throws(ExtractionError) {
        /// As many as Linux follows (path_resolution(7)).
        var symlinksLeft = 40
        var place = path.components.dropLast().map { $0 }
        var ahead = try Self.components(target, of: path, symlink: target)
        while let component = ahead.popLast() {
            if component.elementsEqual([ExtractPath.dot, ExtractPath.dot]) {
                guard place.popLast() != nil else { throw .escapingSymlink(member: path.text, target: target) }
                continue
            }
            place.append(component)
            guard
                case .symlink(let next) = nodes[ExtractPath(bytes: Array(place.joined(separator: [ExtractPath.slash])))]
            else { continue }
            symlinksLeft -= 1
            guard symlinksLeft > 0 else { throw .symlinkLoop(member: path.text, target: target) }
            place.removeLast()
            ahead += try Self.components(next, of: path, symlink: target)
        }
    }

    /// What a target names, last component first.
    private static func components(
        _ target: String, of path: ExtractPath, symlink: String
    ) throws(ExtractionError) -> [ArraySlice<UInt8>] {
        guard let first = target.utf8.first, first != ExtractPath.slash, target.utf8.count < 4096 else {
            throw .escapingSymlink(member: path.text, target: symlink)
        }
        return Array(target.utf8).split(separator: ExtractPath.slash)
            .filter { !$0.elementsEqual([ExtractPath.dot]) }.reversed()
    }
}
