internal import Planning
internal import Platform
internal import Synchronization

/// The names that a run left in the workspace, each with the stat(2) that tells whether somebody touched it since, by folder.
enum SettledNames {
    /// Names in one piece of work.
    private static let chunk = 4096

    private enum Kind: Int64 { case file, symlink, folder }

    // MARK: Writing

    /// - Parameter placed: everything of this manifest, relative to `root`.
    static func write(_ placed: some Sequence<Placed>, root: String, to writer: inout SettledWriter) {
        var folders: [ExactText: [(name: String, kind: Placed.File.Kind)]] = [:]
        func add(_ path: String, _ kind: Placed.File.Kind) {
            let (folder, name) = split(path)
            folders[ExactText(folder), default: []].append((name, kind))
        }
        for entry in placed {
            // A folder that a user has replaced by a symlink to another one would show the same names.
            if entry.isFolder, !entry.files.contains(where: { $0.path.isEmpty }) { add(entry.path, .folder) }
            for file in entry.files { add(entry.path.appendingComponent(file.path), file.kind) }
        }
        writer.number(folders.values.reduce(0) { $0 + ($1.count + chunk - 1) / chunk })
        for (folder, names) in folders.sorted(by: { $0.key.text < $1.key.text }) {
            for start in stride(from: 0, to: names.count, by: chunk) {
                let part = names[start..<min(start + chunk, names.count)]
                var body = SettledWriter()
                for (name, kind) in part { write(name, kind, to: &body) }
                writer.text(folder.text.isEmpty ? root : root + "/" + folder.text)
                writer.number(part.count)
                writer.number(body.bytes.count)
                writer.append(body)
            }
        }
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        return (String(path[..<slash]), String(path[path.utf8.index(after: slash)...]))
    }

    private static func write(_ name: String, _ kind: Placed.File.Kind, to writer: inout SettledWriter) {
        writer.text(name)
        switch kind {
        case .file(let size, let seconds, let nanoseconds, let inode, _, _):
            writer.number(Kind.file.rawValue)
            writer.number(size)
            writer.number(seconds)
            writer.number(nanoseconds)
            writer.number(inode)
        case .symlink(let target):
            writer.number(Kind.symlink.rawValue)
            writer.text(target)
        case .folder: writer.number(Kind.folder.rawValue)
        }
    }

    // MARK: Looking again

    private struct Part {
        var folder: UnsafeRawBufferPointer
        var count: Int
        var names: UnsafeRawBufferPointer
    }

    /// Whether every name is there as it was. Several threads look when there are many.
    static func hold(_ reader: inout SettledReader) -> Bool {
        guard let count = reader.number(), count >= 0 else { return false }
        var parts: [Part] = []
        for _ in 0..<count {
            guard let folder = reader.text(), let names = reader.number(), let length = reader.number(), length >= 0,
                reader.offset + Int(length) <= reader.bytes.count
            else { return false }
            let body = UnsafeRawBufferPointer(rebasing: reader.bytes[reader.offset..<reader.offset + Int(length)])
            parts.append(Part(folder: folder, count: Int(names), names: body))
            reader.offset += Int(length)
        }
        return parts.withUnsafeBufferPointer { parts in
            let threads = parts.reduce(0) { $0 + $1.count } < 2 * chunk ? 1 : min(Processors.count, 8, parts.count)
            let work = Work(parts: parts)
            let others = (1..<max(1, threads)).map { _ in OwnedThread { work.run() } }
            work.run()
            for thread in others { thread.join() }
            return work.isClean.load(ordering: .relaxed)
        }
    }

    /// Parts are taken one after the other by whichever thread is free; the first difference ends it.
    private final class Work: @unchecked Sendable {
        /// Outlives the threads: their maker waits for them.
        private let parts: UnsafeBufferPointer<Part>
        private let next = Atomic(0)
        let isClean = Atomic(true)

        init(parts: UnsafeBufferPointer<Part>) { self.parts = parts }

        func run() {
            while isClean.load(ordering: .relaxed) {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < parts.count else { return }
                if !SettledNames.holds(parts[number]) { isClean.store(false, ordering: .relaxed) }
            }
        }
    }

    private static func holds(_ part: Part) -> Bool {
        guard let folder = OpenFolder(String(decoding: part.folder, as: UTF8.self)) else { return false }
        var reader = SettledReader(part.names)
        for _ in 0..<part.count {
            guard let name = reader.text()?.baseAddress?.assumingMemoryBound(to: CChar.self),
                let kind = reader.number().flatMap(Kind.init(rawValue:))
            else { return false }
            switch kind {
            case .file:
                guard let size = reader.number(), let seconds = reader.number(), let nanoseconds = reader.number(),
                    let inode = reader.number(), let status = folder.status(of: name), status.kind == .file,
                    status.size == size, status.inode == UInt64(bitPattern: inode),
                    status.modified == FileTime(seconds: Int(seconds), nanoseconds: Int(nanoseconds))
                else { return false }
            case .symlink:
                guard let target = reader.text(), folder.isSymlink(name, to: target) else { return false }
            case .folder:
                guard folder.status(of: name)?.kind == .folder else { return false }
            }
        }
        return true
    }
}
