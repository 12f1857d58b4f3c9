internal import Planning
internal import Platform
internal import Synchronization

/// A folder of a snapshot and the names that were seen from it.
struct SettledChunk {
    private let folder: UnsafeRawBufferPointer
    private let count: Int
    private let names: UnsafeRawBufferPointer

    init?(_ reader: inout SettledReader) {
        guard let folder = reader.text(), let count = reader.number(), let names = reader.block() else { return nil }
        self.folder = folder
        self.count = Int(count)
        self.names = names
    }

    /// Whether every name is there as it was seen.
    func holds() -> Bool {
        guard let path = folder.baseAddress?.assumingMemoryBound(to: CChar.self), let folder = OpenFolder(path) else {
            return false
        }
        var reader = SettledReader(names)
        for _ in 0..<count {
            guard let seen = reader.seen(), Self.isThere(seen, in: folder, target: &reader) else { return false }
        }
        return true
    }

    private static func isThere(
        _ seen: SettledReader.Seen, in folder: borrowing OpenFolder, target: inout SettledReader
    ) -> Bool {
        switch seen.kind {
        case .file:
            guard let status = folder.status(of: seen.name), status.kind == .file else { return false }
            return seen.isSame(status)
        case .source:
            guard let status = folder.status(of: seen.name, followSymlinks: true) else { return false }
            return seen.isSame(status)
        case .folder: return folder.status(of: seen.name)?.kind == .folder
        case .symlink: return target.text().map { folder.isSymlink(seen.name, to: $0) } ?? false
        }
    }

    // MARK: Many of them

    /// Whether all that a reader has left holds. Several threads look when there is much.
    static func allHold(_ reader: inout SettledReader) -> Bool {
        guard let count = reader.number(), count >= 0 else { return false }
        var chunks: [SettledChunk] = []
        for _ in 0..<count {
            guard let chunk = SettledChunk(&reader) else { return false }
            chunks.append(chunk)
        }
        return chunks.withUnsafeBufferPointer { chunks in
            let work = Work(chunks)
            let threads = min(Processors.count, 8, chunks.count / 2)
            let others = (1..<max(1, threads)).map { _ in OwnedThread { work.run() } }
            work.run()
            for thread in others { thread.join() }
            return work.isClean.load(ordering: .relaxed)
        }
    }

    /// Chunks are taken one after the other by whichever thread is free; the first difference ends it.
    private final class Work: @unchecked Sendable {
        /// Outlives the threads: their maker waits for them.
        private let chunks: UnsafeBufferPointer<SettledChunk>
        private let next = Atomic(0)
        let isClean = Atomic(true)

        init(_ chunks: UnsafeBufferPointer<SettledChunk>) { self.chunks = chunks }

        func run() {
            while isClean.load(ordering: .relaxed) {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < chunks.count else { return }
                if !chunks[number].holds() { isClean.store(false, ordering: .relaxed) }
            }
        }
    }
}

extension SettledReader {
    /// One name of a chunk, as `SettledNames` wrote it.
    struct Seen {
        var kind: SettledNames.Kind
        var name: UnsafePointer<CChar>
        var size: Int64
        var modified: FileTime
        var inode: UInt64

        func isSame(_ status: FileStatus) -> Bool {
            status.size == size && status.inode == inode && status.modified == modified
        }
    }

    mutating func seen() -> Seen? {
        guard let size = number(), let seconds = number(), let inode = number(), let rest = number() else { return nil }
        let (length, nanoseconds) = (Int(rest >> 32) & 0xFF_FFFF, Int(rest & 0xFFFF_FFFF))
        guard let kind = SettledNames.Kind(rawValue: UInt8(truncatingIfNeeded: rest >> 56)),
            let name = bytes(length + 1)?.baseAddress?.assumingMemoryBound(to: CChar.self)
        else { return nil }
        return Seen(
            kind: kind, name: name, size: size, modified: FileTime(seconds: Int(seconds), nanoseconds: nanoseconds),
            inode: UInt64(bitPattern: inode))
    }
}
