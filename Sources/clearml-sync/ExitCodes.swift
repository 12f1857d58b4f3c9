internal import Execution

/// Exit codes, decided in one place.
enum ExitCodes {
    static let changes: Int32 = 2

    static func code(for failure: Failure) -> Int32 { code(for: failure.kind) }

    static func code(for kind: Failure.Kind) -> Int32 {
        switch kind {
        case .other: 1
        case .notFound: 3
        case .permission: 4
        case .network: 5
        case .integrity: 6
        case .noSpace: 7
        case .lockTimeout: 8
        case .incomplete: 9
        case .usage: 64
        case .manifest: 65
        case .configuration: 78
        case .interrupted: 130
        }
    }

    static let help = """
        Every flag can be given by a variable, too: CLEARML_SYNC_CACHE_DIR is --cache-dir. A flag wins.

        Exit codes:
          0   done
          1   another error
          2   changes or drift found
          3   not found
          4   credentials or permission
          5   network, after retries
          6   integrity: content is not what it should be
          7   no space
          8   waited too long for another process
          9   --keep-going finished with failed entries
          64  usage
          65  manifest or lock invalid
          78  configuration invalid
          127 a shared library is missing
          130, 143  interrupted by ^C or SIGTERM
        """
}
