/// One entry as this manifest last placed it in the workspace.
public struct Placed: Hashable, Sendable {
    /// An object and what it was placed as.
    public struct Object: Hashable, Sendable {
        /// Below the entry's path; empty when it is all there is to the entry.
        public var path: String
        public var digest: Digest?
        /// The tree that stands there instead of the archive.
        public var tree: Digest?

        public init(path: String, digest: Digest?, tree: Digest?) {
            self.path = path
            self.digest = digest
            self.tree = tree
        }
    }

    /// One name in the workspace and the stat(2) that tells whether somebody touched it.
    public struct File: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case file(size: Int64, seconds: Int, nanoseconds: Int, inode: UInt64, digest: Digest, executable: Bool)
            case symlink(target: String)
            /// An empty folder of a tree.
            case folder
        }

        /// Below the entry's path; empty for an entry that is one file.
        public var path: String
        public var kind: Kind

        public init(path: String, kind: Kind) {
            self.path = path
            self.kind = kind
        }
    }

    /// Relative to the workspace.
    public var path: String
    /// The mode that was really used.
    public var mode: Entry.LinkMode
    public var isFolder: Bool
    public var executable: Bool
    public var objects: [Object]
    public var files: [File]

    public init(
        path: String, mode: Entry.LinkMode, isFolder: Bool, executable: Bool, objects: [Object], files: [File]
    ) {
        self.path = path
        self.mode = mode
        self.isFolder = isFolder
        self.executable = executable
        self.objects = objects
        self.files = files
    }

    /// Whether this is just what an entry wants, as far as that is known without looking at the files.
    public func satisfies(_ resolved: ResolvedEntry) -> Bool {
        guard ExactText(path) == ExactText(resolved.path), !resolved.isOpen else { return false }
        if case .direct(let target) = resolved.access, resolved.objects.allSatisfy({ $0.recipe == nil }) {
            return mode == .symlink && files == [File(path: "", kind: .symlink(target: target))]
        }
        guard isFolder == resolved.isFolder, executable == resolved.entry.executable,
            resolved.entry.link == .auto || resolved.entry.link == mode, objects.count == resolved.objects.count
        else { return false }
        return zip(objects, resolved.objects).allSatisfy { placed, wanted in
            guard ExactText(placed.path) == ExactText(wanted.place), let locked = wanted.locked else { return false }
            return wanted.recipe == nil
                ? locked.digest != nil && placed.digest == locked.digest && placed.tree == nil
                : locked.tree != nil && placed.tree == locked.tree
        }
    }
}

/// What stands at an entry's path now.
public enum Observed: Hashable, Sendable {
    case absent
    /// Everything that was placed is there as it was placed.
    case clean
    /// Ours, with differences. Paths are relative to the workspace.
    case changed(missing: [String], drifted: [String])
    /// Something that this manifest never placed.
    case foreign
    /// Another manifest's section placed it.
    case otherManifest(String)
}
