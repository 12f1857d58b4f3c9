public import Caching
public import Planning
public import Platform

/// Unpacks an archive into the cache: its files become blobs, and what they are called becomes a tree listing.
///
/// No member's name is ever used as a path on disk. The listing is refused as a whole when any member, selected or not, has a
/// name that would leave the tree, and when a selected one is a device or leads out through links.
public enum Extract {
    /// - Parameters:
    ///   - source: the archive. Of a zip or 7z some bytes may be left unread: a caller that also hashes them drains the source
    ///     itself.
    ///   - workers: threads that hash and write beside the calling one, which reads and decompresses. Of a plain zip as many
    ///     as there are processors do all of it.
    ///   - progress: is told the bytes that were unpacked since the last call; throwing stops the extraction.
    /// - Throws: `ArchiveError`, `ExtractionError`, `SystemError`, or what the source or `progress` throws. Blobs that were
    ///   written stay in the cache; no tree names them.
    public static func tree(
        of source: ArchiveSource, recipe: Recipe, limits: ExtractionLimits = ExtractionLimits(),
        into store: BlobStore, workers: Int = 2, progress: (Int64) throws -> Void = { _ in }
    ) throws -> TreeListing {
        if let directory = try ZipDirectory(source) {
            do {
                return try ExtractZip(directory, source, recipe, limits, store).tree(progress: progress)
            } catch is ZipDirectory.NotPlain {}
        }
        var archive = try ArchiveReader(source)
        let blobs = ExtractBlobs(store: store, workers: max(1, workers))
        defer { blobs.cancel() }
        var tree = ExtractTree()
        var members = 0
        var unpacked: Int64 = 0
        while let member = try archive.next() {
            members += 1
            guard members <= limits.maximumMembers else {
                throw ExtractionError.tooManyMembers(limit: limits.maximumMembers)
            }
            guard let path = try ExtractPath(member: member.path, stripping: recipe.stripComponents),
                recipe.selects(path)
            else { continue }
            guard case .file = member.kind else {
                try tree.add(member, at: path, recipe)
                continue
            }
            if let size = member.size, let limit = limits.maximumBytes, size > limit - unpacked {
                throw ExtractionError.tooManyBytes(limit: limit)
            }
            try tree.addFile(path, blobs.beginFile(executable: member.isExecutable))
            while let block = try archive.readBlock() {
                unpacked += Int64(block.count)
                try limits.check(unpacked: unpacked, packed: archive.sourcePosition)
                try blobs.append(block)
                try progress(Int64(block.count))
            }
            blobs.endFile()
        }
        let contents = try blobs.finish()
        return try tree.listing { contents[$0] }
    }
}
