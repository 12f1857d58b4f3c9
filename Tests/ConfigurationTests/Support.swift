import Configuration
import HOCON

/// Settings from a text that stands where `~/clearml.conf` does.
func load(
    _ text: String? = "", environment: [String: String] = [:], flags: [String: String] = [:],
    manifest: [String: ManifestDefault] = [:], files: [String: String] = [:]
) throws -> Settings {
    var files = files
    if let text { files["/home/me/clearml.conf"] = text }
    let contents = files
    return try Settings.load(
        environment: environment.merging(["HOME": "/home/me"]) { given, _ in given }, flags: flags,
        manifestDefaults: manifest, workingDirectory: "/here"
    ) { path in
        contents[path].map { .bytes(Array($0.utf8)) } ?? .missing
    }
}

/// The problems that a text has, one line each.
func problems(_ text: String, environment: [String: String] = [:], flags: [String: String] = [:]) -> [String] {
    do {
        _ = try load(text, environment: environment, flags: flags)
        return []
    } catch let error as ConfigurationError {
        return error.problems.map(\.description)
    } catch {
        return ["\(error)"]
    }
}
