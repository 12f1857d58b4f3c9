import Glibc

/// A file of this repository, found from where this source file stands.
enum RepositoryFile {
    struct Unreadable: Error { var path: String }

    static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path.hasPrefix("/") ? path : root + "/" + path, "r") else {
            throw Unreadable(path: path)
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    static func names(in folder: String) throws -> [String] {
        guard let stream = opendir(root + "/" + folder) else { throw Unreadable(path: folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) })
        }
        return names.sorted()
    }
}
