internal import Platform
internal import TestSupport

/// A manifest, a home and a server: what tests of the terminal need.
struct TerminalScene {
    let home: TemporaryFolder
    let server: FaultServer

    init() throws {
        home = try TemporaryFolder()
        server = try FaultServer()
    }

    /// - Returns: the manifest's path; each name is an artifact of the server.
    func manifest(_ names: [String]) throws -> String {
        let entries = names.map { name in
            "  - name: \(name.prefix { $0 != "." })\n    url: \(server.url("/" + name))\n"
        }
        return try home.write("m.yaml", "version: 1\nworkspace: ./ws\nartifacts:\n" + entries.joined())
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Binary.Output {
        try Binary.run(arguments, environment: environment, home: home)
    }
}
