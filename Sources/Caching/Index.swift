internal import GRDB
internal import Glibc
public import Planning
public import Platform
internal import Synchronization

/// The SQLite file that makes things fast and nothing true: every row can be recomputed or lost.
///
/// It is opened when first asked. A missing, damaged, older or newer file is begun anew; where even that is impossible the
/// index stays empty and swallows what it is told.
public final class Index: Sendable {
    /// What was seen behind a URL the last time: just what planning asks for.
    public typealias Seen = Inventory.Seen

    /// One thing to remember.
    public enum Row: Sendable {
        case blob(Blob)
        case seen(url: String, Seen)
        /// A file outside the cache that was hashed: valid while its status is the same.
        case local(path: String, FileStatus, Digest)
        /// A blob was used; keeps it from being evicted first.
        case used(Digest)
    }

    private static let version = 1
    /// `nil` where no place for it is safe.
    private let path: String?
    private let isWritable: Bool
    private let database = Mutex<Opened>(.untried)

    private enum Opened {
        case untried
        case open(DatabaseQueue)
        case impossible
    }

    init(path: String?, isWritable: Bool) {
        self.path = path
        self.isWritable = isWritable
    }

    // MARK: Asking

    /// Whether there is a file to ask: without one, thousands of questions need not be put.
    public var isThere: Bool { path.map { FileSystem.exists($0) } ?? false }

    /// - Parameter url: a logical URL's identity, with its pinned version if it has one.
    public func seen(_ url: String) -> Seen? {
        read { database in
            guard
                let row = try SQLite.Row.fetchOne(
                    database.cachedStatement(sql: "SELECT validator, digest, size FROM url WHERE url = ?"),
                    arguments: [url]),
                // By `fromDatabaseValue`, which gives `nil` where the subscript would stop the program.
                let validator = String.fromDatabaseValue(row["validator"]).flatMap({ Validator($0) }),
                let digest = String.fromDatabaseValue(row["digest"]).flatMap({ Digest(hex: $0) }),
                let size = Int64.fromDatabaseValue(row["size"]), size >= 0
            else { return nil }
            return Seen(validator: validator, digest: digest, size: size)
        }
    }

    /// The digest of a local file that was hashed when it had this very status.
    public func digest(ofLocal path: String, _ status: FileStatus) -> Digest? {
        read { database in
            let hex = try String.fetchOne(
                database,
                sql:
                    "SELECT digest FROM local WHERE path = ? AND size = ? AND seconds = ? AND nanoseconds = ? AND inode = ?",
                arguments: [
                    path, status.size, status.modified.seconds, status.modified.nanoseconds,
                    Int64(bitPattern: status.inode),
                ])
            return hex.flatMap { Digest(hex: $0) }
        }
    }

    /// The recorded fingerprint of a blob.
    public func fingerprint(_ digest: Digest) -> Fingerprint? {
        read { database in
            try String.fetchOne(
                database, sql: "SELECT fingerprint FROM blob WHERE digest = ?", arguments: [digest.hex]
            ).flatMap { Hex.decode($0) }.flatMap { Fingerprint(bytes: $0) }
        }
    }

    /// Counts of rows, for `cache info`: blobs and URLs.
    public func counts() -> (blobs: Int, urls: Int) {
        read { database in
            (
                try Int.fetchOne(database, sql: "SELECT count(*) FROM blob") ?? 0,
                try Int.fetchOne(database, sql: "SELECT count(*) FROM url") ?? 0
            )
        } ?? (0, 0)
    }

    // MARK: Telling

    /// Remembers many things in one transaction.
    public func record(_ rows: [Row]) {
        guard !rows.isEmpty, isWritable else { return }
        let now = FileTime.now().seconds
        write { database in
            let writer = IndexWriter(database, now: now)
            for row in rows { try writer.write(row) }
        }
    }

    /// Empties the index (`cache rebuild` fills it again).
    public func clear() {
        write { database in
            for table in ["blob", "url", "local"] { try database.execute(sql: "DELETE FROM \(table)") }
        }
    }

    // MARK: The file

    private func read<Value>(_ body: (Database) throws -> Value?) -> Value? {
        guard let queue = opened(creating: false) else { return nil }
        // Every question is one SELECT: GRDB's own `read` would make SQLite parse it anew each time.
        do { return try queue.unsafeRead(body) } catch {
            abandonIfDamaged(error)
            return nil
        }
    }

    private func write(_ body: (Database) throws -> Void) {
        for _ in 0..<2 {
            guard let queue = opened(creating: true) else { return }
            do { return try queue.write(body) } catch {
                // A damaged file is replaced once and the rows are told again; anything else loses only speed.
                guard abandonIfDamaged(error) else { return }
            }
        }
    }

    private func opened(creating: Bool) -> DatabaseQueue? {
        database.withLock { state in
            switch state {
            case .open(let queue): return queue
            case .impossible: return nil
            case .untried:
                guard let path else { return nil }
                if !creating, !FileSystem.exists(path) { return nil }
                let queue =
                    open(path)
                    ?? (isWritable
                        ? {
                            removeFiles(path); return open(path)
                        }() : nil)
                state = queue.map { .open($0) } ?? .impossible
                return queue
            }
        }
    }

    @discardableResult
    private func abandonIfDamaged(_ error: any Error) -> Bool {
        guard isWritable, let path, let code = (error as? DatabaseError)?.resultCode,
            [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR, .SQLITE_SCHEMA].contains(code)
        else { return false }
        database.withLock { state in
            state = .untried
            removeFiles(path)
        }
        return true
    }

    private func removeFiles(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { try? FileSystem.remove(path + suffix) }
    }

    private func open(_ path: String) -> DatabaseQueue? {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(10)
        configuration.readonly = !isWritable
        // Losing the last transactions to a power loss is fine: blobs, not rows, are the truth.
        configuration.prepareDatabase { [isWritable] database in
            guard isWritable else { return }
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
        }
        if let slash = path.lastIndex(of: "/") { _ = try? FileSystem.createFolder(String(path[..<slash])) }
        guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else { return nil }
        let found = try? queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
        if found == Index.version { return queue }
        guard found == 0, isWritable else { return nil }
        let created: Void? = try? queue.write { database in
            // Two processes may both see version 0.
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS blob (digest TEXT PRIMARY KEY, size INTEGER NOT NULL,
                        fingerprint TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TABLE IF NOT EXISTS url (url TEXT PRIMARY KEY, validator TEXT NOT NULL,
                        digest TEXT NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TABLE IF NOT EXISTS local (path TEXT PRIMARY KEY, size INTEGER NOT NULL, seconds INTEGER NOT NULL,
                        nanoseconds INTEGER NOT NULL, inode INTEGER NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
                    PRAGMA user_version = \(Index.version);
                    """)
        }
        return created == nil ? nil : queue
    }
}

private enum SQLite {
    typealias Row = GRDB.Row
}
