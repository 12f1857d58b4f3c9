internal import ArgumentParser
internal import Configuration
internal import Glibc
internal import HOCON

/// `config parse FILE`: the resolved JSON of a HOCON file.
struct ConfigParseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse",
        abstract: "Print a HOCON file as JSON, with includes and substitutions resolved.",
        discussion: """
            A file that cannot be read ends with its file, line and column on stderr, and exit code 78. Nothing is
            redacted: this prints what the file holds.
            """)

    @Argument(help: "The file to read.", completion: .file())
    var file: String

    func run() throws {
        do {
            let document = try ConfigurationFile.parse(path: file)
            let value = try document.resolved(environment: ProcessEnvironment.current)
            guard document.isObject else {
                throw ConfigurationError([
                    ConfigurationProblem("a configuration is an object, found an array", origin: .file(value.origin))
                ])
            }
            print(value.json(pretty: true))
        } catch {
            ConfigFailure.report(error)
            throw ExitCode(ConfigFailure.exitCode)
        }
    }
}

/// How the `config` commands say that a configuration cannot be used.
enum ConfigFailure {
    /// EX_CONFIG of sysexits.h.
    static let exitCode: Int32 = 78

    /// One problem a line, on stderr.
    static func report(_ error: any Error, as label: String? = nil) {
        let text = (label.map { $0 + ": " } ?? "") + "\(error)\n"
        _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
    }
}
