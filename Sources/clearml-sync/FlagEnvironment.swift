internal import ArgumentParser
internal import Configuration
internal import Execution
internal import Planning

/// Every flag has a variable: `--cache-dir` is `CLEARML_SYNC_CACHE_DIR`. A flag on the command line wins.
///
/// Which flags there are is ArgumentParser's own description of the commands, so no list has to follow them. Flags that are
/// settings (`--cache-dir`, `--jobs`) are only checked here: `Settings` reads their variables itself, between the flag and
/// clearml.conf, and so `config show --origin` can name them.
enum FlagEnvironment {
    static func parse(
        _ arguments: [String], environment: [String: String] = ProcessEnvironment.current
    ) throws -> any ParsableCommand {
        let prefix = EnvironmentVariable(flag: "").name
        guard environment.contains(where: { $0.key.hasPrefix(prefix) && !$0.value.isEmpty }),
            let description = try? JSON(parsing: ClearMLSync._dumpHelp()), let root = description["command"]
        else { return try ClearMLSync.parseAsRoot(arguments) }
        let chosen = CommandFlags(root, arguments)
        var all = arguments
        var own = arguments
        for flag in chosen.flags where !chosen.isGiven(flag) {
            let variable = EnvironmentVariable(flag: flag.name).name
            guard let value = environment[variable], !value.isEmpty else { continue }
            let words = try flag.words(value, variable: variable)
            try check(words, of: variable, with: arguments, at: chosen.position)
            all.insert(contentsOf: words, at: chosen.position)
            if !Settings.flags.contains(flag.name) { own.insert(contentsOf: words, at: chosen.position) }
        }
        // Together they may contradict each other, which none of them does alone.
        _ = try ClearMLSync.parseAsRoot(all)
        return try ClearMLSync.parseAsRoot(own)
    }

    /// A value that makes the command line wrong, which without it is right or is wrong in another way.
    private static func check(
        _ words: [String], of variable: String, with arguments: [String], at position: Int
    ) throws(Failure) {
        var arguments = arguments
        let without = problem(arguments)
        arguments.insert(contentsOf: words, at: position)
        guard let with = problem(arguments), with != without else { return }
        throw Failure(.usage, with, subject: variable, advice: "correct the variable, or unset it")
    }

    /// What ArgumentParser has to say against a command line, in one line.
    private static func problem(_ arguments: [String]) -> String? {
        do {
            _ = try ClearMLSync.parseAsRoot(arguments)
            return nil
        } catch {
            // Requests for help and the version arrive as errors, too.
            guard ClearMLSync.exitCode(for: error) != .success else { return nil }
            return ClearMLSync.message(for: error).split(separator: "\n").first.map(String.init)
        }
    }
}

/// The flags of the command that some arguments choose.
private struct CommandFlags {
    struct Flag {
        enum Kind { case option, flag(inverse: String?) }

        /// Without its dashes.
        var name: String
        var kind: Kind
        var isRepeating: Bool
        /// All its names with their dashes.
        var names: [String]
        var letters: [Character]

        /// The variable's value as arguments.
        func words(_ value: String, variable: String) throws(Failure) -> [String] {
            switch kind {
            case .option:
                let values = isRepeating ? value.split(separator: ",").map(String.init) : [value]
                return values.map { "--\(name)=\($0)" }
            case .flag(let inverse):
                if isRepeating, let count = Int(value), (0...9).contains(count) {
                    return Array(repeating: "--\(name)", count: count)
                }
                switch value.lowercased() {
                case "1", "true", "yes", "on": return ["--\(name)"]
                case "0", "false", "no", "off": return inverse.map { [$0] } ?? []
                default:
                    throw Failure(
                        .usage, "'\(value)' is neither yes nor no", subject: variable,
                        advice: "use 1, true, yes or on, or 0, false, no or off")
                }
            }
        }
    }

    /// Where further arguments of the command can stand.
    let position: Int
    let flags: [Flag]
    private let arguments: ArraySlice<String>

    init(_ root: JSON, _ arguments: [String]) {
        var command = root
        var position = 0
        while position < arguments.count, let next = CommandFlags.subcommand(arguments[position], of: command) {
            command = next
            position += 1
        }
        self.position = position
        self.arguments = arguments[position...]
        flags = CommandFlags.joined((command["arguments"]?.array ?? []).compactMap(CommandFlags.flag))
    }

    private static func subcommand(_ name: String, of command: JSON) -> JSON? {
        command["subcommands"]?.array?.first { candidate in
            candidate["commandName"]?.string == name && name != "help"
                || candidate["aliases"]?.array?.contains(.string(name)) == true
        }
    }

    private static func flag(_ argument: JSON) -> Flag? {
        guard let kind = argument["kind"]?.string, kind != "positional", let names = argument["names"]?.array else {
            return nil
        }
        let long = names.filter { $0["kind"]?.string == "long" }.compactMap { $0["name"]?.string }
        let letters = names.filter { $0["kind"]?.string == "short" }.compactMap { $0["name"]?.string?.first }
        // What these ask for is no way to run a command.
        guard let name = long.first, name != "help", name != "version" else { return nil }
        return Flag(
            name: name, kind: kind == "option" ? .option : .flag(inverse: nil),
            isRepeating: argument["isRepeating"]?.bool == true,
            names: long.map { "--" + $0 }, letters: letters)
    }

    /// ArgumentParser describes `--prune` and `--no-prune` as two flags: they are each other's inverse.
    private static func joined(_ flags: [Flag]) -> [Flag] {
        let names = Set(flags.map(\.name))
        return flags.map { flag in
            let inverse = flag.name.hasPrefix("no-") ? String(flag.name.dropFirst(3)) : "no-" + flag.name
            guard case .flag = flag.kind, names.contains(inverse) else { return flag }
            var flag = flag
            flag.kind = .flag(inverse: "--" + inverse)
            flag.names.append("--" + inverse)
            return flag
        }
    }

    /// Whether the command line has the flag, in any of its forms.
    func isGiven(_ flag: Flag) -> Bool {
        arguments.prefix { $0 != "--" }.contains { word in
            if word.hasPrefix("--") { return flag.names.contains(String(word.prefix { $0 != "=" })) }
            return word.hasPrefix("-") && word.dropFirst().contains { flag.letters.contains($0) }
        }
    }
}
