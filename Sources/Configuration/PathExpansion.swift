/// `~` and `$VAR` in paths, as ClearML expands them, and relative paths.
struct PathExpansion {
    let environment: [String: String]
    /// What a relative path is relative to.
    let workingDirectory: String

    enum Failure: Error {
        case variableNotSet(String)
        case noHome
    }

    /// An absolute path without `.`, `..` or empty components.
    func absolute(_ path: String) throws(Failure) -> String {
        var path = try variables(in: path)
        if path == "~" || path.hasPrefix("~/") {
            guard let home = environment[EnvironmentVariable.home.name], !home.isEmpty else { throw .noHome }
            path = home + path.dropFirst()
        }
        if !path.hasPrefix("/") { path = workingDirectory + "/" + path }
        var components: [Substring] = []
        for component in path.split(separator: "/") {
            switch component {
            case ".": continue
            case "..": _ = components.popLast()
            default: components.append(component)
            }
        }
        return "/" + components.joined(separator: "/")
    }

    /// `$NAME` and `${NAME}`. Python leaves unknown ones as they are; a folder named `$SCRATCH` helps nobody.
    private func variables(in path: String) throws(Failure) -> String {
        var expanded = ""
        var rest = Substring(path)
        while let dollar = rest.firstIndex(of: "$") {
            expanded += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            let isBraced = rest.first == "{"
            let name = isBraced ? rest.dropFirst().prefix { $0 != "}" } : rest.prefix(while: Self.isNameCharacter)
            if name.isEmpty || (isBraced && name.endIndex == rest.endIndex) {
                expanded += "$"
                continue
            }
            guard let value = environment[String(name)] else { throw .variableNotSet(String(name)) }
            expanded += value
            rest = rest[name.endIndex...].dropFirst(isBraced ? 1 : 0)
        }
        return expanded + rest
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character == "_" || (character.isASCII && (character.isLetter || character.isNumber))
    }
}

extension PathExpansion.Failure: CustomStringConvertible {
    var description: String {
        switch self {
        case .variableNotSet(let name): "the environment variable \(name) in this path is not set"
        case .noHome: "~ stands for the folder in HOME, and HOME is not set"
        }
    }
}
