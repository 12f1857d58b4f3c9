internal import ArgumentParser
internal import Caching
internal import Configuration
internal import Execution
internal import Planning
internal import Platform

struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Look at the cache, and mend it.",
        subcommands: [
            CacheInfoCommand.self, CacheListCommand.self, CacheAddCommand.self, CacheRebuildCommand.self,
            CacheDirCommand.self,
        ])
}

struct CacheInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Print what the cache holds, and its room.")

    @OptionGroup var options: CacheOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let cache = try options.openCache(options.settings())
        let usage = try cache.usage()
        let known = cache.index.counts()
        if json {
            return Console.result(
                JSON.object([
                    "schema": 1, "path": .string(cache.layout.root), "writable": .bool(cache.isWritable),
                    "network": .bool(cache.isNetwork), "blobs": .integer(Int64(usage.blobs)),
                    "blob_bytes": .integer(usage.blobBytes), "trees": .integer(Int64(usage.trees)),
                    "partials": .integer(Int64(usage.partials)), "partial_bytes": .integer(usage.partialBytes),
                    "roots": .integer(Int64(usage.roots)), "quarantined": .integer(Int64(usage.quarantined)),
                    "indexed_blobs": .integer(Int64(known.blobs)), "known_urls": .integer(Int64(known.urls)),
                ]).prettyText)
        }
        let rows = [
            ("path", cache.layout.root), ("access", cache.isWritable ? "read and write" : "read only"),
            ("file system", cache.isNetwork ? "network" : "local"),
            ("blobs", "\(usage.blobs) (\(SummaryText.bytes(usage.blobBytes)))"), ("trees", "\(usage.trees)"),
            ("partials", "\(usage.partials) (\(SummaryText.bytes(usage.partialBytes)))"), ("roots", "\(usage.roots)"),
            ("quarantined", "\(usage.quarantined)"), ("index", "\(known.blobs) blobs, \(known.urls) URLs"),
        ]
        for (name, value) in rows { Console.result(name.padding(to: 14) + value) }
    }
}

struct CacheListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the blobs: digest, bytes, and 'x' for an executable one.")

    @OptionGroup var options: CacheOptions

    func run() throws {
        let cache = try options.openCache(options.settings())
        try cache.forEachBlob { digest, executable, status in
            Console.result("\(digest) \(status.size)\(executable ? " x" : "")")
        }
    }
}

struct CacheAddCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Take files into the cache by hand; a pull that wants their bytes finds them there.")

    @Argument(help: "Files.", completion: .file())
    var paths: [String]

    @OptionGroup var options: CacheOptions

    func run() throws {
        let cache = try options.openCache(options.settings())
        for path in paths {
            let blob: Blob
            do { blob = try cache.add(path) } catch { throw Failure(error).about(path) }
            Console.result("\(blob.digest) \(blob.size) \(path)")
        }
    }
}

struct CacheRebuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Re-hash every blob and make the index anew.",
        discussion: "Blobs whose bytes are wrong go to quarantine; then the exit code is 6.")

    @OptionGroup var options: CacheOptions

    func run() throws {
        let cache = try options.openCache(options.settings())
        guard cache.isWritable else {
            throw Failure(.permission, "this cache may only be read", cause: cache.layout.root)
        }
        let rebuilt = try cache.rebuild()
        for digest in rebuilt.damaged { Console.result("quarantined \(digest)") }
        Console.say(
            "\(rebuilt.blobs) blobs, \(SummaryText.bytes(rebuilt.bytes)) read; \(rebuilt.damaged.count) damaged")
        if !rebuilt.damaged.isEmpty { throw ExitCode(ExitCodes.code(for: .integrity)) }
    }
}

struct CacheDirCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "dir", abstract: "Print the cache's path.")

    @OptionGroup var options: CacheOptions

    func run() throws { Console.result(try options.settings().cache.directory) }
}
