internal import Glibc
public import Planning
internal import Platform

/// The content of a tree: every file and symlink below a folder, and every folder that has nothing in it.
///
/// Written as UTF-8 text, one line per path in byte order, fields parted by tabs:
/// ```
/// f <digest, 64 hex> <bytes> <path>     a file
/// x <digest, 64 hex> <bytes> <path>     an executable file
/// l <target> <path>                     a symlink
/// d <path>                              an empty folder
/// ```
/// In a path or target `\\` is a backslash, `\n` a newline, `\t` a tab and `\xHH` another control character. Equal trees
/// have equal text, so the text's SHA-256 is the tree's digest. A file's size follows from its digest; it is there because
/// plans need it without a stat(2) per blob.
public struct TreeListing: Sendable {
    /// What one line says.
    public struct Item: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            /// - Parameter size: bytes.
            case file(digest: Digest, size: Int64, executable: Bool)
            case symlink(target: String)
            /// An empty one; the others are implied by what is in them.
            case folder
        }

        /// Relative to the tree's root: no empty component, `.` or `..`.
        public var path: String
        public var kind: Kind

        public init(path: String, kind: Kind) {
            self.path = path
            self.kind = kind
        }
    }

    /// One item without its text, which lies in `text`: 64 bytes, however long the path is.
    struct Record: Sendable {
        enum Kind: UInt8 { case file, executable, symlink, folder }

        var digest: Digest?
        var size: Int64
        var start: Int
        var pathLength: UInt32
        var targetLength: UInt32
        var kind: Kind
    }

    private(set) var records: [Record] = []
    /// The paths, each followed by its symlink's target.
    private(set) var text: [UInt8] = []
    /// SHA-256 of the encoded text: the tree's identity.
    public private(set) var digest: Digest
    public private(set) var fileCount = 0
    /// Bytes of all files together.
    public private(set) var totalSize: Int64 = 0

    /// Sorts and checks.
    /// - Throws: `TreeListingError` for a path that is not fit for a tree, stands twice, or is below something that is no
    ///   folder.
    public init(_ items: some Sequence<Item>) throws(TreeListingError) {
        digest = Self.emptyDigest
        for item in items { append(item) }
        let text = self.text
        text.withUnsafeBytes { bytes in
            records.sort { Self.precedes(Self.path(of: $0, in: bytes), Self.path(of: $1, in: bytes)) }
        }
        try check()
        digest = TreeListingText.digest(of: self)
    }

    /// Reads what `encoded` gives, and nothing else: another spelling of the same tree is an error.
    public init(parsing encoded: [UInt8]) throws(TreeListingError) {
        digest = TreeListingText.digest(of: encoded)
        records.reserveCapacity(encoded.count / 100)
        text.reserveCapacity(encoded.count / 2)
        let failure: TreeListingError? = encoded.withUnsafeBytes { bytes in
            var parser = TreeListingParser(bytes)
            do throws(TreeListingError) {
                while let record = try parser.next(into: &text) { append(record) }
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
        try check()
    }

    private mutating func append(_ item: Item) {
        var record = Record(
            digest: nil, size: 0, start: text.count, pathLength: UInt32(item.path.utf8.count), targetLength: 0,
            kind: .file)
        text.append(contentsOf: item.path.utf8)
        switch item.kind {
        case .file(let digest, let size, let executable):
            record.digest = digest
            record.size = size
            record.kind = executable ? .executable : .file
        case .symlink(let target):
            record.kind = .symlink
            record.targetLength = UInt32(target.utf8.count)
            text.append(contentsOf: target.utf8)
        case .folder: record.kind = .folder
        }
        append(record)
    }

    private mutating func append(_ record: Record) {
        records.append(record)
        guard record.kind == .file || record.kind == .executable else { return }
        fileCount += 1
        totalSize += record.size
    }

    private static let emptyDigest = TreeListingText.digest(of: [])
}

extension TreeListing {
    /// In byte order of their paths.
    public var items: Items { Items(listing: self) }

    /// A listing's items, made when they are looked at.
    public struct Items: RandomAccessCollection, Sendable {
        let listing: TreeListing

        public var startIndex: Int { 0 }
        public var endIndex: Int { listing.records.count }

        public subscript(index: Int) -> Item {
            let record = listing.records[index]
            return Item(path: text(record.start, record.pathLength), kind: kind(at: index))
        }

        /// What stands at a place, for those who need no path.
        public func kind(at index: Int) -> Item.Kind {
            let record = listing.records[index]
            switch record.kind {
            case .file, .executable:
                guard let digest = record.digest else { preconditionFailure("a file without a digest") }
                return .file(digest: digest, size: record.size, executable: record.kind == .executable)
            case .symlink:
                return .symlink(target: text(record.start + Int(record.pathLength), record.targetLength))
            case .folder: return .folder
            }
        }

        private func text(_ start: Int, _ length: UInt32) -> String {
            String(decoding: listing.text[start..<start + Int(length)], as: UTF8.self)
        }
    }
}

extension TreeListing: Equatable {
    public static func == (left: TreeListing, right: TreeListing) -> Bool { left.digest == right.digest }
}

extension TreeListing {
    static func path(of record: Record, in text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: text[record.start..<record.start + Int(record.pathLength)])
    }

    private static func folder(of path: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var length = path.count
        while length > 0, path[length - 1] != UInt8(ascii: "/") { length -= 1 }
        return UnsafeRawBufferPointer(rebasing: path[..<max(0, length - 1)])
    }

    static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        compare(left, right) < 0
    }

    /// As memcmp(3), a prefix first.
    static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        guard let first = left.baseAddress, let second = right.baseAddress else { return left.count - right.count }
        let order = memcmp(first, second, min(left.count, right.count))
        return order != 0 ? Int(order) : left.count - right.count
    }

    /// The line of a path, by binary search.
    func position(of path: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer) -> Int? {
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            let order = Self.compare(Self.path(of: records[middle], in: text), path)
            if order == 0 { return middle }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// That the lines are in order, and make a tree.
    private func check() throws(TreeListingError) {
        let failure: TreeListingError? = text.withUnsafeBytes { text in
            var previous: UnsafeRawBufferPointer?
            var checkedFolder = UnsafeRawBufferPointer(start: nil, count: 0)
            for (index, record) in records.enumerated() {
                let path = Self.path(of: record, in: text)
                guard TreePath.isValid(path) else { return .invalidPath(line: index + 1) }
                if let previous {
                    let order = Self.compare(previous, path)
                    guard order < 0 else {
                        return order == 0 ? .duplicatePath(line: index + 1) : .unsorted(line: index + 1)
                    }
                }
                previous = path
                // Paths of one folder come in a row: its parents are looked up once.
                let folder = Self.folder(of: path)
                if folder.count == checkedFolder.count, Self.compare(folder, checkedFolder) == 0 { continue }
                checkedFolder = folder
                var rest = folder
                while !rest.isEmpty {
                    guard position(of: rest, in: text) == nil else { return .belowAFile(line: index + 1) }
                    rest = Self.folder(of: rest)
                }
            }
            return nil
        }
        if let failure { throw failure }
    }
}

/// Why lines or a text are no listing. Lines count from 1.
public enum TreeListingError: Error, Hashable, Sendable, CustomStringConvertible {
    case invalidPath(line: Int)
    case duplicatePath(line: Int)
    case unsorted(line: Int)
    /// A path whose parent is a file, a symlink or a folder said to be empty.
    case belowAFile(line: Int)
    /// A line of the text that no writer writes.
    case malformed(line: Int)

    public var description: String {
        switch self {
        case .invalidPath(let line):
            "line \(line) of the tree listing has a path that leaves the tree or is not canonical"
        case .duplicatePath(let line): "line \(line) of the tree listing repeats a path"
        case .unsorted(let line): "line \(line) of the tree listing is out of order"
        case .belowAFile(let line): "line \(line) of the tree listing is below something that is no folder"
        case .malformed(let line): "line \(line) of the tree listing is malformed"
        }
    }
}

/// Paths within a tree.
public enum TreePath {
    /// Whether the path is relative and stays inside: no empty component, `.`, `..` or NUL.
    public static func isValid(_ path: UnsafeRawBufferPointer) -> Bool {
        // Of the component so far.
        var (length, dots) = (0, 0)
        // "", "." and ".." are the components that have dots alone, and no more than two.
        func isName() -> Bool { length > dots || dots > 2 }
        for byte in path {
            switch byte {
            case 0: return false
            case UInt8(ascii: "/"):
                guard isName() else { return false }
                (length, dots) = (0, 0)
            case UInt8(ascii: "."): (length, dots) = (length + 1, dots + 1)
            default: length += 1
            }
        }
        return isName()
    }
}
