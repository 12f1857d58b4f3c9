"""A proxy in front of a server that writes down each request and may answer in the server's place.

It passes requests on byte by byte, with the Host header that the client signed; so signatures hold. HTTP/1.1 only.
With `answer` it decides itself (a fault server needs no server behind it); with `alter` it changes what comes back.
"""

import contextlib
import socket
import ssl
import threading
import urllib.parse

CHUNK = 1 << 18
REASONS = {200: "OK", 206: "Partial Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}


class Request:
    """What was asked, and with which status it was answered (`None` until then)."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = lines[0].split(" ", 2)
        self.headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if colon:
                self.headers[name.strip().lower()] = value.strip()
        self.path, _, self.query_text = self.target.partition("?")
        self.status = None
        self.body = b""

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(self.query_text, keep_blank_values=True))

    def __repr__(self):
        return f"{self.method} {self.target} -> {self.status}"


class Answer:
    """An answer made here. `closes` hangs up after it."""

    def __init__(self, status, body=b"", headers=None, closes=False, content_type="application/xml"):
        self.status, self.closes = status, closes
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = {"Content-Type": content_type, "Content-Length": str(len(self.body)), **(headers or {})}

    def complete(self, request):
        """Called once the request's body is read."""

    def bytes(self, method):
        head = f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Other')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return head.encode("latin-1") + b"\r\n" + (b"" if method == "HEAD" else self.body)


class Relay:
    """`answer(request)` gives an `Answer`, or `None` to pass the request on. It has the body only if `reads_bodies`.

    `alter(request, status, headers, body)` gives the body to send instead; where `alters(request)` is false the answer
    flows through unread.
    """

    def __init__(self, upstream=None, answer=None, alter=None, alters=None, reads_bodies=False, tls=None, port=0):
        self.upstream = upstream
        self.answer = answer
        self.alter = alter
        self.alters = alters or (lambda request: True)
        self.reads_bodies = reads_bodies
        self.requests = []
        self.connections = 0
        self._tls = tls
        self._port = port
        self._lock = threading.Lock()
        self._sockets = set()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=256)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # A blocked accept wakes up when its socket is shut down, not when it is closed.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sockets = list(self._sockets)
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def matching(self, method=None, contains=""):
        return [r for r in list(self.requests) if method in (None, r.method) and contains in r.target]

    @contextlib.contextmanager
    def faults(self, answer=None, alter=None, alters=None):
        """Other behaviour for the length of a block; what `answer` leaves is answered as before. The record starts anew."""
        before = (self.answer, self.alter, self.alters)
        if answer:
            self.answer = lambda request: answer(request) or (before[0](request) if before[0] else None)
        self.alter, self.alters = alter, alters or (lambda request: True)
        self.requests = []
        try:
            yield self
        finally:
            self.answer, self.alter, self.alters = before

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = None
        try:
            client.settimeout(120)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # As Go's servers and nginx answer the wrong protocol.
            if (client.recv(1, socket.MSG_PEEK) == b"\x16") != bool(self._tls):
                client.sendall(b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nClient sent an HTTP request "
                               b"to an HTTPS server.\n")
                return
            if self._tls:
                client = self._tls.wrap_socket(client, server_side=True)
            with self._lock:
                self._sockets.add(client)
            reader = Stream(client)
            while True:
                head = reader.head()
                if not head:
                    return
                request = Request(head)
                self.requests.append(request)
                if self.reads_bodies:
                    request.body = reader.body(request.headers)
                answer = self.answer(request) if self.answer else None
                if answer is None and self.upstream is None:
                    answer = Answer(500, "nothing is behind this relay")
                if answer is not None:
                    if not self.reads_bodies:
                        # A client that waits for permission to send has it refused by the answer.
                        if request.headers.get("expect"):
                            answer.closes = True
                        else:
                            request.body = reader.body(request.headers)
                    answer.complete(request)
                    request.status = answer.status
                    client.sendall(answer.bytes(request.method))
                    if answer.closes:
                        return
                    continue
                if server is None:
                    server = socket.create_connection(("127.0.0.1", self.upstream), timeout=120)
                    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    answers = Stream(server)
                if not self._pass(request, head, reader, client, server, answers):
                    return
        except (OSError, ValueError):
            # The client has hung up, or the server has: both are the client's to notice.
            return
        finally:
            with self._lock:
                self._sockets.discard(client)
            for each in (client, server):
                if each is not None:
                    with contextlib.suppress(OSError):
                        each.close()

    def _pass(self, request, head, reader, client, server, answers):
        """One exchange with the server behind. Returns whether the connection can be used again."""
        server.sendall(head)
        if request.headers.get("expect", "").lower() == "100-continue" and not self.reads_bodies:
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.reads_bodies:
            server.sendall(request.body)
        else:
            try:
                reader.copy_body(request.headers, server)
            except BrokenPipeError:
                # The server has answered before it read all; the answer says why.
                pass
        while True:
            answer_head = answers.head()
            if not answer_head:
                return False
            status = int(answer_head.split(b" ", 2)[1])
            if status >= 200:
                break
        request.status = status
        headers = Request(b"GET / HTTP/1.1\r\n" + answer_head.split(b"\r\n", 1)[1]).headers
        has_body = request.method != "HEAD" and status not in (204, 304)
        if self.alter and self.alters(request):
            body = answers.body(headers, to_the_end=True) if has_body else b""
            altered = self.alter(request, status, headers, body)
            kept = {name: value for name, value in headers.items() if name not in ("content-length", "transfer-encoding")}
            answer = Answer(status, altered, closes=len(altered) != len(body))
            answer.headers = {**kept, "content-length": str(len(altered))}
            client.sendall(answer.bytes(request.method))
            return "close" not in headers.get("connection", "")
        client.sendall(answer_head)
        if has_body:
            answers.copy_body(headers, client, to_the_end=True)
        return "close" not in headers.get("connection", "").lower()


class Stream:
    """Reads heads and bodies off a socket."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""

    def _more(self):
        data = self.connection.recv(CHUNK)
        self.buffer += data
        return bool(data)

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return b""
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def body(self, headers, to_the_end=False):
        pieces = []
        self._read_body(headers, to_the_end, pieces.append, keeps_framing=False)
        return b"".join(pieces)

    def copy_body(self, headers, target, to_the_end=False):
        self._read_body(headers, to_the_end, target.sendall, keeps_framing=True)

    def _read_body(self, headers, to_the_end, sink, keeps_framing):
        if "chunked" in headers.get("transfer-encoding", "").lower():
            self._chunks(sink, keeps_framing)
        elif "content-length" in headers:
            self._exactly(int(headers["content-length"]), sink)
        elif to_the_end:
            while self.buffer or self._more():
                sink(self.buffer)
                self.buffer = b""

    def _exactly(self, count, sink):
        while count:
            if not self.buffer and not self._more():
                raise ValueError("the other side hung up in the middle of a body")
            piece, self.buffer = self.buffer[:count], self.buffer[count:]
            sink(piece)
            count -= len(piece)

    def _line(self):
        while b"\r\n" not in self.buffer:
            if not self._more():
                raise ValueError("the other side hung up in the middle of a body")
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line + b"\r\n"

    def _chunks(self, sink, keeps_framing):
        framing = sink if keeps_framing else lambda piece: None
        while True:
            line = self._line()
            framing(line)
            size = int(line.split(b";")[0], 16)
            if not size:
                break
            self._exactly(size, sink)
            framing(self._line())
        while True:
            line = self._line()
            framing(line)
            if line == b"\r\n":
                return


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
