internal import Platform

/// Paths as a user gives them.
enum PathArgument {
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileSystem.currentFolder + "/" + path
    }
}
