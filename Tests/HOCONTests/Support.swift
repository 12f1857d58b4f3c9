import HOCON

/// Parses and resolves a text, and gives its JSON on one line.
func json(
    _ text: String, environment: [String: String] = [:], isWide: Bool = false, files: [String: String] = [:],
    name: String = "test.conf"
) throws -> String {
    try resolve(text, environment: environment, isWide: isWide, files: files, name: name).json()
}

func resolve(
    _ text: String, environment: [String: String] = [:], isWide: Bool = false, files: [String: String] = [:],
    name: String = "test.conf"
) throws -> HOCONValue {
    let options = HOCONDocument.Options(isWide: isWide) { path in
        files[path].map { .bytes(Array($0.utf8)) } ?? .missing
    }
    return try HOCONDocument(parsing: text, name: name, options: options).resolved(environment: environment)
}

/// What reading a text fails with; empty when it does not.
func failure(_ text: String, files: [String: String] = [:], isWide: Bool = false) -> String {
    do {
        _ = try resolve(text, isWide: isWide, files: files)
        return ""
    } catch {
        return "\(error)"
    }
}
