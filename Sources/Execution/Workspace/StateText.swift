internal import Planning

/// The text of a section's state: what this manifest placed, one line per thing, fields separated by tabs.
///
/// ```
/// clearml-sync-state 1
/// manifest  <absolute path>
/// entry     <kind/name>  <mode>  file|folder  x|-  <path>
/// object    <digest|->  <tree|->  <path>
/// file      <size>  <seconds>  <nanoseconds>  <inode>  <digest>  x|-  <path>
/// symlink   <target>  <path>
/// folder    <path>
/// ```
/// Tab, newline and backslash are escaped in texts. A line that cannot be read, or that names something outside of the
/// workspace, ends the reading: what follows is as if it had never been placed.
struct StateText {
    var manifest: String
    var entries: [Entry.ID: Placed]

    static let header = "clearml-sync-state 1"

    var encoded: [UInt8] {
        var text: [UInt8] = []
        // About what the lines take; a path is rarely longer than the rest of its line.
        text.reserveCapacity(entries.values.reduce(4096) { $0 + 200 * ($1.files.count + $1.objects.count + 1) })
        text.append(contentsOf: "\(StateText.header)\nmanifest\t\(StateText.escape(manifest))\n".utf8)
        for id in entries.keys.sorted() {
            if let placed = entries[id] { StateText.append(placed, id: id, to: &text) }
        }
        return text
    }

    static func append(_ placed: Placed, id: Entry.ID, to text: inout [UInt8]) {
        text.addField("entry")
        text.addField(id.description)
        text.addField(placed.mode.rawValue)
        text.addField(placed.isFolder ? "folder" : "file")
        text.addField(mark(placed.executable))
        text.addLast(escape(placed.path))
        for object in placed.objects {
            text.addField("object")
            text.addField(object.digest)
            text.addField(object.tree)
            text.addLast(escape(object.path))
        }
        for file in placed.files { append(file, to: &text) }
    }

    private static func append(_ file: Placed.File, to text: inout [UInt8]) {
        switch file.kind {
        case .file(let size, let seconds, let nanoseconds, let inode, let digest, let executable):
            text.addField("file")
            text.addField(size)
            text.addField(Int64(seconds))
            text.addField(Int64(nanoseconds))
            text.addField(inode)
            text.addField(digest)
            text.addField(mark(executable))
        case .symlink(let target):
            text.addField("symlink")
            text.addField(escape(target))
        case .folder: text.addField("folder")
        }
        text.addLast(escape(file.path))
    }

    private static func mark(_ executable: Bool) -> String { executable ? "x" : "-" }

    static func escape(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 9 || $0 == 10 || $0 == 0x5C }) else { return text }
        // By bytes: to a `String`, "\r\n" is one character that is neither.
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 9: escaped += "\\t".utf8
            case 10: escaped += "\\n".utf8
            case 0x5C: escaped += "\\\\".utf8
            default: escaped.append(byte)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    static func unescape(_ text: Substring) -> String {
        guard text.utf8.contains(0x5C) else { return String(text) }
        var result = ""
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                result.unicodeScalars.append(scalar == "n" ? "\n" : scalar == "t" ? "\t" : scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// - Returns: `nil` when the text is of another kind or format.
    init?(parsing bytes: [UInt8]) {
        var lines = StateText.lines(bytes)
        guard lines.popFirst() == Substring(StateText.header), let first = lines.popFirst(),
            first.hasPrefix("manifest\t")
        else { return nil }
        manifest = StateText.unescape(first.dropFirst(9))
        entries = StateText.entries(lines)
    }

    init(manifest: String, entries: [Entry.ID: Placed]) {
        self.manifest = manifest
        self.entries = entries
    }

    /// Whole lines: a last one without its newline was torn off.
    static func lines(_ bytes: [UInt8]) -> ArraySlice<Substring> {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map {
            Substring(decoding: $0, as: UTF8.self)
        }[...]
    }

    /// Reads entry lines with what follows each; a later entry of the same name replaces the earlier.
    static func entries(_ lines: ArraySlice<Substring>) -> [Entry.ID: Placed] {
        var entries: [Entry.ID: Placed] = [:]
        var current: (id: Entry.ID, placed: Placed)?
        for line in lines {
            // At bytes: splitting a String at Characters takes five times as long.
            let fields = line.utf8.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
                Substring($0)
            }
            if fields[0] == "entry" {
                if let current { entries[current.id] = current.placed }
                current = entry(fields)
                if current == nil { return entries }
            } else {
                guard current != nil, add(fields, to: &current!.placed) else { break }
            }
        }
        if let current { entries[current.id] = current.placed }
        return entries
    }

    private static func entry(_ fields: [Substring]) -> (Entry.ID, Placed)? {
        guard fields.count == 6, let id = Entry.ID(fields[1]), let mode = Entry.LinkMode(rawValue: String(fields[2]))
        else {
            return nil
        }
        let path = unescape(fields[5])
        guard path.isRelativePath, !path.isWorkspaceState else { return nil }
        return (
            id,
            Placed(
                path: path, mode: mode, isFolder: fields[3] == "folder", executable: fields[4] == "x",
                objects: [], files: [])
        )
    }

    private static func add(_ fields: [Substring], to placed: inout Placed) -> Bool {
        guard let path = fields.last.map({ unescape($0) }), path.isEmpty || path.isRelativePath else { return false }
        switch (fields[0], fields.count) {
        case ("object", 4):
            placed.objects.append(
                Placed.Object(
                    path: path, digest: Digest(hex: fields[1]), tree: Digest(hex: fields[2])))
        case ("file", 8):
            guard let size = Int64(fields[1]), let seconds = Int(fields[2]), let nanoseconds = Int(fields[3]),
                let inode = UInt64(fields[4]), let digest = Digest(hex: fields[5])
            else { return false }
            placed.files.append(
                Placed.File(
                    path: path,
                    kind: .file(
                        size: size, seconds: seconds, nanoseconds: nanoseconds, inode: inode, digest: digest,
                        executable: fields[6] == "x")))
        case ("symlink", 3):
            placed.files.append(Placed.File(path: path, kind: .symlink(target: unescape(fields[1]))))
        case ("folder", 2):
            placed.files.append(Placed.File(path: path, kind: .folder))
        default: return false
        }
        return true
    }
}

/// Fields of a line, each followed by a tab and the last by a newline. Trees have a line per file: nothing is allocated for one.
extension [UInt8] {
    fileprivate mutating func addField(_ text: String) {
        append(contentsOf: text.utf8)
        append(UInt8(ascii: "\t"))
    }

    fileprivate mutating func addField(_ number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        addField(number.magnitude)
    }

    fileprivate mutating func addField(_ number: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var (rest, start) = (number, digits.count)
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            append(contentsOf: UnsafeMutableBufferPointer(rebasing: digits[start...]))
        }
        append(UInt8(ascii: "\t"))
    }

    fileprivate mutating func addField(_ digest: Digest?) {
        guard let digest else { return addField("-") }
        let start = count
        append(contentsOf: repeatElement(0, count: 64))
        withUnsafeMutableBufferPointer { digest.write(hexInto: UnsafeMutableBufferPointer(rebasing: $0[start...])) }
        append(UInt8(ascii: "\t"))
    }

    fileprivate mutating func addLast(_ text: String) {
        append(contentsOf: text.utf8)
        append(UInt8(ascii: "\n"))
    }
}

extension String {
    /// Whether a path below the workspace leads into the folder where its own state lies.
    fileprivate var isWorkspaceState: Bool { self == ".clearml-sync" || hasPrefix(".clearml-sync/") }
}
