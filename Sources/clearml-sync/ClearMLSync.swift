internal import ArgumentParser
internal import Execution
internal import Glibc
internal import Platform

@main
struct ClearMLSync: ParsableCommand {
    private static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "clearml-sync",
        abstract: "Makes a workspace hold exactly what a manifest declares.",
        discussion: ExitCodes.help,
        version: version,
        subcommands: [
            PullCommand.self, PlanCommand.self, ApplyCommand.self, LockCommand.self, StatusCommand.self,
            VerifyCommand.self,
            PathCommand.self, GetCommand.self, PushCommand.self, ListCommand.self, MirrorCommand.self,
            OutdatedCommand.self,
            DoctorCommand.self,
            ExplainCommand.self, CacheCommand.self, ConfigCommand.self,
            CompletionsCommand.self,
        ])

    static func main() {
        // Scripts ask for this often, and it takes no parser, which would first learn of all commands.
        if CommandLine.arguments.dropFirst().elementsEqual(["--version"]) { return print(version) }
        Signals.begin()
        Allocator.configure()
        var command: any ParsableCommand
        do {
            command = try FlagEnvironment.parse(Array(CommandLine.arguments.dropFirst()))
        } catch let failure as Failure {
            Console.show(failure)
            Glibc.exit(ExitCodes.code(for: failure))
        } catch {
            // ArgumentParser's own: help, version, and usage errors (64).
            exit(withError: error)
        }
        do {
            try command.run()
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch  where Self.exitCode(for: error) == .success {
            // Help, which is a command of its own.
            exit(withError: error)
        } catch {
            let failure = Failure(error)
            Console.show(failure)
            Glibc.exit(ExitCodes.code(for: failure))
        }
    }
}
