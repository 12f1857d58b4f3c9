"""An emulator of Azure Blob storage for tests: one account, in memory, on loopback, path style.

    python azure_emulator.py --port 10000 --account devstoreaccount1 --key KEY [--state-log FILE]

Written from Microsoft's pages on the Blob service's REST API. Authorization is really checked. The same port answers for
the identity platform: `/TENANT/oauth2/v2.0/token`, `/metadata/identity/oauth2/token` and `/msi/token`.
A line on standard output says when it listens.
"""

import argparse
import http.server
import json
import ssl
import threading
import urllib.parse

from azure_emulator_auth import Authorizer
from azure_emulator_blobs import Service
from azure_emulator_identity import Identity, Tokens
from azure_emulator_store import Store
from azure_emulator_wire import Request, StorageError

# Published by Microsoft for local development; a secret of nobody.
DEVELOPMENT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Emulator:
    def __init__(self, arguments):
        self.tokens = Tokens(arguments.token_lifetime, arguments.token)
        self.identity = Identity(self.tokens, arguments.federated_token, arguments.identity_header)
        self.store = Store(arguments.versioning)
        self.service = Service(self.store)
        self.account = arguments.account
        self.authorizer = Authorizer(arguments.account, arguments.key, self.tokens)
        self.log = open(arguments.state_log, "a", buffering=1) if arguments.state_log else None
        self.log_lock = threading.Lock()

    def respond(self, request):
        """(response, kind of authorization)"""
        kind = "refused"
        try:
            if request.account != self.account:
                raise StorageError("ResourceNotFound")
            function, permission, resource_type = self.service.operation(request)
            access = self.store.public_access(request.container)
            kind = self.authorizer.authorize(request, permission, resource_type, access)
            response = function(request)
        except StorageError as error:
            response = error.response(request.id)
        response.headers["x-ms-request-id"] = request.id
        response.headers["x-ms-version"] = request.header("x-ms-version", "2021-12-02")
        if request.header("x-ms-client-request-id"):
            response.headers["x-ms-client-request-id"] = request.header("x-ms-client-request-id")
        return response, kind

    def record(self, request, response, kind):
        if not self.log:
            return
        query = {name: ["…"] if name == "sig" else values for name, values in request.query.items()}
        line = {"method": request.method, "path": request.raw_path, "query": query, "authorization": kind,
                "range": request.header("x-ms-range") or request.header("range"), "received": len(request.body),
                "status": response.status, "error": response.headers.get("x-ms-error-code", ""),
                "sent": len(response.body)}
        with self.log_lock:
            self.log.write(json.dumps(line) + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Windows-Azure-Blob/1.0", "Microsoft-HTTPAPI/2.0"
    # Headers and a small body go out as one segment.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def handle_any(self):
        emulator = self.server.emulator
        body = self.read_body()
        raw_path, _, query = self.path.partition("?")
        headers = {}
        for name, value in self.headers.items():
            name = name.lower()
            value = value.encode("latin-1").decode("utf-8", "replace")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        if emulator.identity.answers(raw_path):
            parsed = urllib.parse.parse_qs(query)
            root = f"{self.server.scheme}://{self.headers.get('Host')}"
            self.send(emulator.identity.respond(self.command, root, raw_path, parsed, headers, body or b""))
            return
        parsed = {}
        for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
            parsed.setdefault(name.lower(), []).append(value)
        parts = raw_path.lstrip("/").split("/", 2) + ["", ""]
        account, container, blob = (urllib.parse.unquote(part) for part in parts[:3])
        request = Request(self.command, raw_path, account, container, blob, parsed, headers, body or b"",
                          self.client_address[0], self.server.scheme)
        if body is None:
            response, kind = StorageError("MissingContentLengthHeader").response(request.id), "refused"
            self.close_connection = True
        else:
            response, kind = emulator.respond(request)
        # Before the answer: who has it finds the line.
        emulator.record(request, response, kind)
        self.send(response)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

    def read_body(self):
        """None when the request does not say how long its body is."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return None
        length = self.headers.get("Content-Length")
        if length is None:
            return None if self.command == "PUT" else b""
        return self.rfile.read(int(length))

    def send(self, response):
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 304:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status != 304:
            self.wfile.write(response.body)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    scheme = "http"
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A client may hang up in the middle of a body."""


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=10000, help="0 takes a free one")
    parser.add_argument("--account", default="devstoreaccount1")
    parser.add_argument("--key", default=DEVELOPMENT_KEY)
    parser.add_argument("--state-log", help="a line of JSON for each request")
    parser.add_argument("--certificate", help="PEM of a certificate and its key: speak TLS")
    parser.add_argument("--no-versioning", dest="versioning", action="store_false")
    parser.add_argument("--token", action="append", default=[], help="a bearer token that is good for ever")
    parser.add_argument("--token-lifetime", type=float, default=3600, help="seconds of those that are issued")
    parser.add_argument("--federated-token", default="emulated.federated.token")
    parser.add_argument("--identity-header", default="emulated-identity-header")
    return parser.parse_args(arguments)


def start(arguments):
    """The server, listening; the caller runs `serve_forever`."""
    server = Server(("127.0.0.1", arguments.port), Handler)
    server.emulator = Emulator(arguments)
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate)
        # Hands are shaken in the connection's thread, not in the one that accepts.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.scheme = "https"
    return server


def main():
    server = start(parse_arguments())
    print(f"listening on {server.scheme}://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
