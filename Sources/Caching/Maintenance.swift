public import Planning
public import Platform

/// What `cache` commands tell and do.
extension Cache {
    public struct Usage: Sendable {
        public var blobs = 0
        /// Bytes of all blobs; a reflinked or hard-linked one counts once.
        public var blobBytes: Int64 = 0
        public var trees = 0
        public var partials = 0
        public var partialBytes: Int64 = 0
        public var roots = 0
        public var quarantined = 0
    }

    public func usage() throws -> Usage {
        var usage = Usage()
        try forEachBlob { _, _, status in
            usage.blobs += 1
            usage.blobBytes += status.size
        }
        for shard in try FileSystem.list(layout.trees) {
            usage.trees += try FileSystem.list(layout.trees + "/" + shard.name).count
        }
        for item in try FileSystem.list(layout.partial) where !item.name.hasSuffix(".journal") {
            usage.partials += 1
            usage.partialBytes += try FileSystem.status(layout.partial + "/" + item.name)?.allocated ?? 0
        }
        usage.roots = try FileSystem.list(layout.roots).count
        usage.quarantined = try FileSystem.list(layout.quarantine).count
        return usage
    }

    /// Every blob, in no order: its digest, whether it is the executable twin, and its status.
    public func forEachBlob(_ body: (Digest, Bool, FileStatus) throws -> Void) throws {
        for shard in try FileSystem.list(layout.blobs) {
            let folder = layout.blobs + "/" + shard.name
            for item in try FileSystem.list(folder) {
                let executable = item.name.hasSuffix(".x")
                guard let digest = Digest(hex: executable ? item.name.dropLast(2) : item.name[...]),
                    let status = try FileSystem.status(folder + "/" + item.name)
                else { continue }
                try body(digest, executable, status)
            }
        }
    }

    /// Takes a file's content in; the file itself stays as it is.
    public func add(_ path: String) throws -> Blob {
        let file = try File(path)
        var writer = try blobs.newBlob()
        try writer.copy(from: file)
        let blob = try writer.commit()
        index.record([.blob(blob)])
        return blob
    }

    /// What a rebuild found.
    public struct Rebuilt: Sendable {
        public var blobs = 0
        public var bytes: Int64 = 0
        /// Blobs whose bytes were wrong: they are in quarantine now.
        public var damaged: [Digest] = []
    }

    /// Makes the index anew from the blobs, each of which is read and hashed; ends all doubts of earlier power losses.
    public func rebuild(progress: (Int64) -> Void = { _ in }) throws -> Rebuilt {
        var rebuilt = Rebuilt()
        var rows: [Index.Row] = []
        index.clear()
        try forEachBlob { digest, executable, status in
            let file = try blobs.open(digest, executable: executable)
            let (values, size) = try file.hash([.sha256, .xxh3])
            progress(size)
            guard values[0] == digest.bytes else {
                try blobs.quarantine(digest, executable: executable)
                rebuilt.damaged.append(digest)
                return
            }
            if case .doubtful = try blobs.presence(digest, executable: executable) {
                try? file.setModificationTime(Seal.time(digest))
            }
            rebuilt.blobs += 1
            rebuilt.bytes += size
            if !executable { rows.append(.blob(Blob(values: values, size: size))) }
            if rows.count >= 2000 {
                index.record(rows)
                rows.removeAll(keepingCapacity: true)
            }
        }
        index.record(rows)
        try durability.forgetLosses()
        return rebuilt
    }
}
