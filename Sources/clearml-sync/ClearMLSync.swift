internal import ArgumentParser

@main
struct ClearMLSync: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clearml-sync",
        abstract: "Makes a workspace hold exactly what a manifest declares.",
        version: "0.1.0",
        subcommands: [ConfigCommand.self])
}
