internal import CCurl
internal import Glibc
internal import Synchronization

/// Settings that all requests of a client share.
public struct HTTPConfiguration: Sendable {
    /// Open connections in all and to one host; further requests wait.
    public var connections = 64
    public var connectionsPerHost = 16
    /// Requests at once to a host that speaks HTTP/2, over shared connections.
    public var streamsPerHost = 64
    public var userAgent = "clearml-sync"
    /// Authorities for `TLSTrust.system`: a PEM file and a folder of hashed PEM files; nil: libcurl's own.
    public var certificateFile: String?
    public var certificateFolder: String?
    /// nil: `~/.netrc`.
    public var netrcFile: String?
    /// Told of every request that ended, on the client's own thread.
    public var observe: (@Sendable (HTTPObservation) -> Void)?

    public init() {}

    /// Whether there is a netrc file at all: with one, libcurl reads it for each request and its handles know passwords.
    func hasNetrc() -> Bool {
        if let netrcFile { return FileSystem.exists(netrcFile) }
        guard let home = getenv("HOME") else { return true }
        return FileSystem.exists(String(cString: home) + "/.netrc")
    }

    /// Whether the folder of authorities is left out. libcurl parses a PEM file anew for each connection (40 ms for a
    /// distribution's 140 authorities) unless no folder is set besides (CURLOPT_CA_CACHE_TIMEOUT(3), lib/vtls/openssl.c): so
    /// a file that is a whole collection stands alone, next to a folder that is only the distribution's own.
    func usesFileAlone() -> Bool {
        let builtInFile = ccurl_default_certificate_file().map { String(cString: $0) }
        let builtInFolder = ccurl_default_certificate_folder().map { String(cString: $0) }
        guard certificateFolder == nil || certificateFolder == builtInFolder,
            let file = certificateFile ?? builtInFile,
            let status = try? FileSystem.status(file, followSymlinks: true)
        else { return false }
        return status.kind == .file && status.size > 100_000
    }

    /// With what SSL_CERT_FILE, SSL_CERT_DIR and NETRC say. Proxy variables libcurl reads by itself.
    public static func fromEnvironment() -> HTTPConfiguration {
        func value(_ name: String) -> String? {
            guard let text = getenv(name), text.pointee != 0 else { return nil }
            return String(cString: text)
        }
        var configuration = HTTPConfiguration()
        configuration.certificateFile = value("SSL_CERT_FILE")
        configuration.certificateFolder = value("SSL_CERT_DIR")
        configuration.netrcFile = value("NETRC")
        return configuration
    }
}

/// libcurl's multi interface (libcurl-multi(3)) on a thread of its own, with one pool of connections.
public final class HTTPClient: Sendable {
    private let mailbox: HTTPMailbox
    private let thread: Mutex<OwnedThread?>

    /// Starts the thread.
    public init(_ configuration: HTTPConfiguration = .fromEnvironment()) {
        _ = Self.globalInitialization
        let mailbox = HTTPMailbox()
        self.mailbox = mailbox
        thread = Mutex(
            OwnedThread {
                // Signals belong to other threads; a SIGPIPE from a dead connection stays pending here and harms nobody.
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_BLOCK, &all, nil)
                HTTPEngine(configuration, mailbox).run()
            })
    }

    deinit { shutdown() }

    /// Queues a request. The receiver is called on the client's own thread, except when the client is shut down
    /// already: then it is told `.cancelled` before this returns.
    @discardableResult
    public func send(_ request: HTTPRequest, to receiver: any HTTPReceiver) -> HTTPTransfer {
        send(request, to: receiver, isAwaited: false)
    }

    /// - Parameter isAwaited: the sender does nothing else until it ends: others' requests are not gathered first.
    func send(_ request: HTTPRequest, to receiver: any HTTPReceiver, isAwaited: Bool) -> HTTPTransfer {
        let job = HTTPJob(request, receiver)
        if !mailbox.post(.send(job), isUrgent: isAwaited) { job.end(.cancelled, "The client is shut down") }
        return HTTPTransfer(job: job, mailbox: mailbox)
    }

    /// Requests that are sent while `body` runs may start together, at its end.
    public func gather(_ body: () -> Void) { mailbox.gather(body) }

    /// Ends every transfer as `.cancelled`, closes all connections and waits for the thread. From a receiver, that is
    /// on the thread itself, it does not wait (pthread_join(3): EDEADLK).
    public func shutdown() {
        mailbox.close()
        let running = thread.withLock { thread -> OwnedThread? in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// curl_global_init(3), once per process.
    private static let globalInitialization: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}

/// A request under way, for whoever wants to steer it. Callable from any thread; without effect once it has ended.
public struct HTTPTransfer: Sendable {
    let job: HTTPJob
    let mailbox: HTTPMailbox

    /// Bytes may come again after a `.pause`.
    public func resume() { _ = mailbox.post(.resume(job)) }

    /// The receiver is soon told that it ended as `.cancelled`, unless it ended otherwise before.
    public func cancel() { _ = mailbox.post(.cancel(job)) }
}
