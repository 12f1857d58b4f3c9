internal import ArgumentParser
internal import Configuration
internal import Glibc
internal import HOCON

/// `config`: reads the configuration and shows what came of it.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Shows the configuration, or reads a HOCON file.",
        subcommands: [ConfigParseCommand.self])
}

/// `config parse FILE`: the resolved JSON of a HOCON file.
struct ConfigParseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse",
        abstract: "Prints a HOCON file, with includes and substitutions resolved, as JSON.",
        discussion: "A file that cannot be read ends with its file, line and column on stderr, and exit code 78.")

    @Argument(help: "The file to read.", completion: .file())
    var file: String

    func run() throws {
        do {
            let document = try ConfigurationFile.parse(path: file)
            let value = try document.resolved(environment: ProcessEnvironment.current)
            print(value.json(pretty: true))
        } catch let error as HOCONError {
            reportError("\(error)")
            throw ExitCode(78)
        } catch let error as ConfigurationFile.Unreadable {
            reportError("\(error)")
            throw ExitCode(78)
        }
    }
}

/// One line on stderr.
private func reportError(_ message: String) {
    fputs(message + "\n", stderr)
}
