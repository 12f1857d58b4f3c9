internal import Glibc

/// What this process was started with.
public enum ProcessEnvironment {
    /// Absolute; `/` when the folder is gone.
    public static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// The environment's variables.
    public static var current: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let sign = pair.utf8.firstIndex(of: UInt8(ascii: "=")) {
                variables[String(pair[..<sign])] = String(pair[pair.utf8.index(after: sign)...])
            }
            entry += 1
        }
        return variables
    }
}
