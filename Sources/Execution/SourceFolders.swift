internal import Platform

/// Whether local files come from a server after all. Neighbours mostly come one after the other: a folder is asked about once.
struct SourceFolders {
    private var last: Substring = ""
    private var isLastNetwork = true

    mutating func isNetwork(_ path: String) -> Bool {
        let folder = path[..<(path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex)]
        if folder != last { (last, isLastNetwork) = (folder, (try? FileSystem.isNetwork(String(folder))) ?? true) }
        return isLastNetwork
    }
}
