/// A path below the workspace, in the one form that everything compares: no `.`, no empty component, no `/` at either end.
enum EntryPath {
    /// The workspace's own folder for state.
    static let reserved = ".clearml-sync"

    /// Why a text is not a path below the workspace.
    enum Problem: Error, Hashable, CustomStringConvertible {
        case empty, absolute, parent, emptyComponent, nulCharacter, isReserved, tooLong

        var description: String {
            switch self {
            case .empty: "the path names the workspace itself; name something in it"
            case .absolute: "the path is absolute; it is relative to the workspace"
            case .parent: "'..' leads out of the place where entries may write"
            case .emptyComponent: "the path holds '//'"
            case .nulCharacter: "a path cannot hold a NUL character"
            case .isReserved: "'\(EntryPath.reserved)' holds the workspace's own state"
            case .tooLong: "a name may have 255 bytes, a path 4,000"
            }
        }
    }

    /// The path without `.` components and without a `/` at its end.
    static func normalized(_ text: String) throws(Problem) -> String {
        guard text.utf8.first != UInt8(ascii: "/") else { throw .absolute }
        guard !text.utf8.contains(0) else { throw .nulCharacter }
        guard text.utf8.count <= 4_000 else { throw .tooLong }
        var components = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        if components.count > 1, components.last == "" { components.removeLast() }
        components.removeAll { $0 == "." }
        guard !components.isEmpty, components != [""] else { throw .empty }
        guard !components.contains("") else { throw .emptyComponent }
        guard !components.contains("..") else { throw .parent }
        guard components[0] != reserved else { throw .isReserved }
        guard !components.contains(where: { $0.utf8.count > 255 }) else { throw .tooLong }
        return components.joined(separator: "/")
    }
}

extension String {
    /// Whether a text from outside (a lock, a state file) may be joined to a folder and names something below it.
    ///
    /// Not absolute, no empty component, `.` or `..`, no NUL. The workspace's own `.clearml-sync` is safe here: what this
    /// is joined to is an entry's folder, which `EntryPath` keeps out of it.
    public var isRelativePath: Bool {
        !isEmpty && !utf8.contains(0)
            && utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { component in
                !component.isEmpty && !component.elementsEqual(".".utf8) && !component.elementsEqual("..".utf8)
            }
    }
}

extension Entry {
    /// How an object of this entry is unpacked; `nil` leaves it as it is.
    ///
    /// By itself, only an artifact's or dataset's single object is unpacked, and only by its name: the members of a prefix, glob
    /// or range stay as they are, and so does a model.
    /// - Parameter isMember: the object is one of a folder, which only a look at a local path can tell.
    public func recipe(for fileName: String, isMember: Bool = false) -> Recipe? {
        switch extract {
        case .never: nil
        case .always(let recipe): recipe
        case .auto:
            kindUnpacks && !isMember && url.shape == .single && Recipe.stem(ofArchive: fileName) != nil ? Recipe() : nil
        }
    }

    private var kindUnpacks: Bool { id.kind != .model }

    /// Whether the entry is a folder in the workspace as far as its URL and `extract` tell: a local path may name a folder too.
    public var isFolder: Bool {
        url.shape != .single || recipe(for: url.fileName ?? "") != nil
    }

    /// Where the entry stands in the workspace: `path`, or `<kind>/<name>/<file name>` for a file and `<kind>/<name>` for a folder.
    public func workspacePath(isFolder: Bool) -> String {
        if let path { return path }
        let folder = id.description
        guard !isFolder, let fileName = url.fileName else { return folder }
        return folder + "/" + fileName
    }
}
