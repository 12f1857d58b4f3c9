internal import GRDB
internal import GRDBSQLite
internal import Planning
internal import Platform

/// Writes rows within a transaction. Values are bound straight to the statements: a cold pull of small objects writes two rows for each,
/// and GRDB's own arguments took more time than SQLite did.
struct IndexWriter {
    private let database: Database
    private let now: Int64

    /// - Parameter now: seconds since 1970, when blobs were used last.
    init(_ database: Database, now: Int) {
        self.database = database
        self.now = Int64(now)
    }

    func write(_ row: Index.Row) throws {
        switch row {
        case .blob(let blob):
            try run("INSERT OR REPLACE INTO blob (digest, size, fingerprint, used) VALUES (?, ?, ?, ?)") { row in
                row.bind(blob.digest.hex)
                row.bind(blob.size)
                row.bind(Hex.encode(blob.fingerprint.bytes))
                row.bind(now)
            }
        case .seen(let url, let seen):
            try run("INSERT OR REPLACE INTO url (url, validator, digest, size) VALUES (?, ?, ?, ?)") { row in
                row.bind(url)
                row.bind(seen.validator.text)
                row.bind(seen.digest.hex)
                row.bind(seen.size)
            }
        case .local(let path, let status, let digest):
            try run(
                "INSERT OR REPLACE INTO local (path, size, seconds, nanoseconds, inode, digest) VALUES (?, ?, ?, ?, ?, ?)"
            ) { row in
                row.bind(path)
                row.bind(status.size)
                row.bind(Int64(status.modified.seconds))
                row.bind(Int64(status.modified.nanoseconds))
                row.bind(Int64(bitPattern: status.inode))
                row.bind(digest.hex)
            }
        case .used(let digest):
            try run("UPDATE blob SET used = ? WHERE digest = ?") { row in
                row.bind(now)
                row.bind(digest.hex)
            }
        }
    }

    private func run(_ sql: String, _ bind: (inout Values) -> Void) throws {
        let statement = try database.cachedStatement(sql: sql)
        var values = Values(statement: statement.sqliteStatement)
        bind(&values)
        let code = values.failure ?? sqlite3_step(statement.sqliteStatement)
        sqlite3_reset(statement.sqliteStatement)
        guard code == SQLITE_DONE else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage, sql: sql)
        }
    }

    /// The values of one row, in their order (sqlite3_bind_int64 and sqlite3_bind_text).
    private struct Values {
        let statement: SQLiteStatement
        private var last: Int32 = 0
        /// A value that was not taken would leave that of the row before in its place.
        private(set) var failure: Int32?

        init(statement: SQLiteStatement) { self.statement = statement }

        mutating func bind(_ value: Int64) {
            last += 1
            note(sqlite3_bind_int64(statement, last, value))
        }

        mutating func bind(_ text: String) {
            last += 1
            let count = text.utf8.count
            text.withCString {
                note(sqlite3_bind_text64(statement, last, $0, UInt64(count), Values.copied, Values.utf8))
            }
        }

        private mutating func note(_ code: Int32) {
            if code != SQLITE_OK { failure = failure ?? code }
        }

        private static let utf8 = UInt8(SQLITE_UTF8)

        /// SQLITE_TRANSIENT: the bytes are copied.
        private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    }
}
