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

    /// Parts of 1 MiB that the journals of unfinished downloads claim.
    var claims: Int {
        let folder = home["cache/clearml-sync/partial"]
        let journals = ((try? FileSystem.list(folder)) ?? []).map(\.name).filter { $0.hasSuffix(".journal") }
        return journals.reduce(0) { sum, name in
            let lines = (try? File(folder + "/" + name).readAll().count { $0 == UInt8(ascii: "\n") }) ?? 0
            return sum + max(0, lines - 4)
        }
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Binary.Output {
        try Binary.run(arguments, environment: environment, home: home)
    }
}
