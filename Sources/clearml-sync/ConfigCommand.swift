internal import ArgumentParser

/// `config`: what the configuration is, and where each value came from.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show the configuration, or read a HOCON file.",
        subcommands: [ConfigShowCommand.self, ConfigParseCommand.self])
}
