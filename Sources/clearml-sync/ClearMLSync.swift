internal import ArgumentParser
internal import Execution
internal import Glibc
internal import Platform

@main
struct ClearMLSync: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clearml-sync",
        abstract: "Makes a workspace hold exactly what a manifest declares.",
        discussion: ExitCodes.help,
        version: "0.1.0",
        subcommands: [
            PullCommand.self, PlanCommand.self, ApplyCommand.self, LockCommand.self, StatusCommand.self, VerifyCommand.self,
            PathCommand.self, GetCommand.self, ExplainCommand.self, CacheCommand.self, ConfigCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot(FlagEnvironment.apply(to: Array(CommandLine.arguments.dropFirst())))
            try command.run()
        } catch let failure as Failure {
            Console.show(failure)
            Glibc.exit(ExitCodes.code(for: failure))
        } catch let error as SystemError {
            let failure = Failure(system: error)
            Console.show(failure)
            Glibc.exit(ExitCodes.code(for: failure))
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            // ArgumentParser's own: help, version, and usage errors (64).
            exit(withError: error)
        }
    }
}
