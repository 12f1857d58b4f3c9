internal import Glibc
internal import Planning
internal import Platform
internal import Synchronization

/// Uploads in parts that have begun and not ended, one small file each: what a killed run leaves in a store costs money until
/// somebody gives it up, and only who knows its name can.
///
/// A file is locked by the process whose upload it is, so that nobody gives up what is still under way.
struct UploadJournal: Sendable {
    /// Below the cache's folder.
    private let folder: String

    init(cacheRoot: String) { folder = cacheRoot + "/uploads" }

    /// One upload under way, or left behind.
    struct Record: ~Copyable {
        let upload: String
        private let path: String
        /// Holds the lock for as long as it is open.
        private let file: File

        fileprivate init(upload: String, path: String, file: consuming File) {
            self.upload = upload
            self.path = path
            self.file = file
        }

        /// The upload is complete, or given up.
        consuming func end() { try? FileSystem.remove(path) }
    }

    private static let counter = Atomic<UInt64>(0)

    /// Notes an upload before its first part is sent. A cache that cannot be written is no reason not to push.
    /// - Parameter url: the object's identity.
    func begin(url: String, upload: String) -> Record? {
        let number = UploadJournal.counter.wrappingAdd(1, ordering: .relaxed).newValue
        let name = "\(UploadJournal.key(url))-\(getpid())-\(number)"
        do {
            try FileSystem.createFolder(folder, mode: 0o700)
            let temporary = "\(folder)/.\(name)"
            // The name of a Google upload is all that somebody needs to write to it.
            let file = try File(temporary, flags: O_CREAT | O_TRUNC | O_RDWR, mode: 0o600)
            _ = try file.tryLock(.exclusive)
            let text = JSON.object(["url": .string(url), "upload": .string(upload)]).text
            try Array(text.utf8).withUnsafeBytes { try file.write($0) }
            try file.synchronize()
            try FileSystem.rename(temporary, to: "\(folder)/\(name)")
            return Record(upload: upload, path: "\(folder)/\(name)", file: file)
        } catch { return nil }
    }

    /// Hands over each upload to this URL whose process is gone.
    func forEachLeftBehind(url: String, _ body: (consuming Record) -> Void) {
        let key = UploadJournal.key(url) + "-"
        guard let items = try? FileSystem.list(folder) else { return }
        for item in items where item.name.hasPrefix(key) {
            let path = "\(folder)/\(item.name)"
            guard let file = try? File(path, flags: O_RDWR), (try? file.tryLock(.exclusive)) == true,
                let bytes = try? file.readAll(limit: 1 << 20),
                let json = try? bytes.withUnsafeBytes({ try JSON(parsing: $0) }),
                json["url"]?.string == url, let upload = json["upload"]?.string
            else { continue }
            body(Record(upload: upload, path: path, file: file))
        }
    }

    private static func key(_ url: String) -> String { String(LockFile.hash(Array(url.utf8)).hex.prefix(32)) }
}
