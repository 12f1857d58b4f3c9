/// One item of a manifest: an artifact, a model or a dataset.
public struct Entry: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable, Comparable {
        case artifact, model, dataset

        /// The manifest's key and the default folder: `artifacts`, `models`, `datasets`.
        public var plural: String {
            switch self {
            case .artifact: "artifacts"
            case .model: "models"
            case .dataset: "datasets"
            }
        }

        private var rank: Int {
            switch self {
            case .artifact: 0
            case .model: 1
            case .dataset: 2
            }
        }

        public static func < (left: Kind, right: Kind) -> Bool { left.rank < right.rank }
    }

    /// Kind and name together: unique in a manifest. Written `datasets/coco`.
    public struct ID: Hashable, Sendable, Comparable, CustomStringConvertible {
        public var kind: Kind
        public var name: String

        public init(kind: Kind, name: String) {
            self.kind = kind
            self.name = name
        }

        /// Parses `datasets/coco`.
        public init?(_ text: some StringProtocol) {
            guard let slash = text.firstIndex(of: "/"),
                let kind = Kind.allCases.first(where: { $0.plural == text[..<slash] })
            else { return nil }
            self.init(kind: kind, name: String(text[text.index(after: slash)...]))
        }

        public var description: String { kind.plural + "/" + name }
        /// Names alone are nearly unique.
        public func hash(into hasher: inout Hasher) { hasher.combine(name) }
        public static func < (left: ID, right: ID) -> Bool {
            left.kind == right.kind ? left.name < right.name : left.kind < right.kind
        }
    }

    /// How an entry's content comes into the workspace.
    public enum LinkMode: String, Sendable, CaseIterable {
        case auto, reflink, hardlink, symlink, copy
    }

    /// Whether an entry may be used where it lies.
    public enum Access: String, Sendable, CaseIterable {
        case auto, cache, direct
    }

    /// Whether, and how, an archive is unpacked.
    public enum Extraction: Hashable, Sendable {
        /// By the object's name: see `Recipe.isArchiveName`.
        case auto
        /// Whatever the content is, with these choices.
        case always(Recipe)
        case never
    }

    public var id: ID
    public var url: LogicalURL
    /// Tried in order after `url`; each must give the same digest.
    public var mirrors: [LogicalURL] = []
    /// S3 versionId, GCS generation or Azure versionid.
    public var version: String?
    public var checksum: Checksum?
    /// Bytes; checked when given.
    public var size: Int64?
    /// Relative to the workspace; `nil` is the default path of the entry's kind and name.
    public var path: String?
    public var link: LinkMode = .auto
    public var executable = false
    /// Globs over the paths below a prefix or glob URL; an empty `include` selects everything.
    public var include: [Glob] = []
    public var exclude: [Glob] = []
    public var extract: Extraction = .auto
    /// `nil` follows the configuration's `keep_archives`.
    public var keepArchive: Bool?
    public var tags: [String] = []
    /// Its failure is reported and does not fail the run.
    public var optional = false
    public var access: Access = .auto
    /// Absolute folder of the manifest file that declares the entry: what its relative URLs are relative to.
    public var base: String
    /// Where the entry stands, for messages.
    public var location: SourceLocation

    public init(id: ID, url: LogicalURL, base: String, location: SourceLocation) {
        self.id = id
        self.url = url
        self.base = base
        self.location = location
    }
}

/// A place in a text file. Lines and columns count from 1; columns count characters.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}
