internal import Glibc
internal import Platform

/// A real nginx on loopback with files of its own, until the value goes away. It dies with the test process too: a shell
/// holds the other end of a pipe from here.
///
/// Below every URL: `/…` the files as they are, `/noranges/…` without ranges, `/slow/…` at 64 KiB/s, `/gzip/…` compressed
/// for those who accept it, `/private/…` for user `alice` with password `wonder land`, `/redirect?to=URL`.
public final class Nginx: Sendable {
    /// What it serves; write files here.
    public let files: TemporaryFolder
    private let folder: TemporaryFolder
    private let process: ChildProcess
    private let ports: [Int]

    /// The authority that signed the https certificate (PEM).
    public var certificateFile: String { folder["ca.pem"] }
    public func http(_ path: String) -> String { "http://127.0.0.1:\(ports[0])\(path)" }
    /// HTTP/2.
    public func https(_ path: String) -> String { "https://localhost:\(ports[1])\(path)" }
    /// HTTP/1.1 over TLS.
    public func http1s(_ path: String) -> String { "https://localhost:\(ports[2])\(path)" }
    /// The certificate is for localhost, and not for this name of the same server.
    public func httpsWrongHost(_ path: String) -> String { "https://127.0.0.2:\(ports[1])\(path)" }

    /// - Throws: when nginx or openssl is not installed (`make test` installs them), or nginx does not start.
    public init() throws {
        (files, folder) = (try TemporaryFolder(), try TemporaryFolder())
        // Started as root, nginx serves as another user, who must get through here.
        chmod(files.path, 0o755)
        chmod(folder.path, 0o755)
        try Self.makeCertificates(in: folder)
        try folder.write("users", "alice:{PLAIN}wonder land\n")
        let search = (getenv("PATH").map { String(cString: $0) } ?? "") + ":/usr/sbin:/usr/local/sbin:/sbin"
        var failure = ""
        for _ in 0..<5 {
            let ports = try (0..<3).map { _ in try Self.freePort() }
            try folder.write("nginx.conf", Self.configuration(folder.path, files.path, ports))
            let script = "nginx -c \"$1\" -p \"$2\" & child=$!; read -r _; kill -QUIT $child; wait $child"
            let process = try ChildProcess(
                "/bin/sh", ["-c", script, "sh", folder["nginx.conf"], folder.path], environment: ["PATH": search],
                keepsInputOpen: true)
            let isReady = waitUntil(.seconds(10)) {
                failure = process.stderr
                return failure.contains("[emerg]") || failure.contains("not found") || Self.accepts(ports[2])
            }
            if isReady, Self.accepts(ports[2]) {
                (self.process, self.ports) = (process, ports)
                return
            }
            process.closeInput()
            try process.wait()
        }
        throw TestSupportError("nginx does not start (make test installs it): \(failure)")
    }

    deinit {
        process.closeInput()
        _ = try? process.wait(.seconds(10))
    }

    private static func makeCertificates(in folder: TemporaryFolder) throws {
        try folder.write("names", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        let commands = [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem",
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
        ]
        for command in commands {
            let process = try ChildProcess(
                "openssl", command.split(separator: " ").map(String.init),
                environment: ["PATH": "/usr/bin:/bin:/usr/local/bin"],
                workingFolder: folder.path)
            guard try process.wait() == 0 else { throw TestSupportError("openssl \(command): \(process.stderr)") }
        }
    }

    private static func configuration(_ folder: String, _ files: String, _ ports: [Int]) -> String {
        """
        daemon off;
        worker_processes 1;
        pid \(folder)/nginx.pid;
        error_log stderr warn;
        events { worker_connections 512; }
        http {
            access_log \(folder)/access.log;
            client_body_temp_path \(folder)/body;
            proxy_temp_path \(folder)/proxy;
            fastcgi_temp_path \(folder)/fastcgi;
            uwsgi_temp_path \(folder)/uwsgi;
            scgi_temp_path \(folder)/scgi;
            default_type application/octet-stream;
            sendfile on;
            keepalive_requests 100000;
            server {
                listen 127.0.0.1:\(ports[0]);
                listen 127.0.0.1:\(ports[1]) ssl http2;
                listen 127.0.0.2:\(ports[1]) ssl http2;
                listen 127.0.0.1:\(ports[2]) ssl;
                ssl_certificate \(folder)/server.pem;
                ssl_certificate_key \(folder)/server.key;
                root \(files);
                location /noranges/ { alias \(files)/; max_ranges 0; }
                location /slow/ { alias \(files)/; limit_rate 64k; }
                location /gzip/ { alias \(files)/; gzip on; gzip_types *; gzip_min_length 0; }
                location = /redirect { return 302 $arg_to; }
                location /private/ { alias \(files)/; auth_basic "private"; auth_basic_user_file \(folder)/users; }
            }
        }
        """
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int { Int(try FaultServer().port) }

    private static func accepts(_ port: Int) -> Bool {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
