#!/usr/bin/env python3
"""ClearML's file server and the one call of its API server that gives tokens for it, on loopback, every token really checked.

Two servers on two ports, as in a real deployment: `POST /auth.login` with the keys as Basic gives a signed token with an end;
the files want it as `Authorization: Bearer` (or in ClearML's cookie) for GET, HEAD, POST and DELETE. Uploads are forms posted
to `/`, one field per file, named by its path. Only the standard library is used.

    file_server.py FOLDER [--lifetime SECONDS] [--open]

prints one line of JSON, {"api": …, "files": …, "access_key": …, "secret_key": …}, and serves until its input ends.
"""

import argparse
import base64
import hashlib
import hmac
import http.cookies
import http.server
import json
import pathlib
import re
import secrets
import shutil
import sys
import tempfile
import threading
import time
import urllib.parse

COOKIE = "clearml_token_basic"


class FileServer:
    """Both servers. `requests` has (server, method, path, authorization's scheme) of everything that came."""

    def __init__(self, folder, lifetime=3600.0, is_open=False):
        self.folder = pathlib.Path(folder).resolve()
        self.lifetime = lifetime
        #: As a server with `fileserver.auth.enabled: false`: no token is asked for.
        self.is_open = is_open
        self.access_key = "KEY" + secrets.token_hex(8).upper()
        self.secret_key = secrets.token_urlsafe(24)
        self.requests = []
        self.logins = 0
        self._signing_key = secrets.token_bytes(32)
        #: Tokens made before this moment are not taken any more.
        self._valid_from = 0.0
        self._servers = []

    def __enter__(self):
        self.api = self._serve(APIHandler)
        self.files = self._serve(FilesHandler)
        return self

    def __exit__(self, *_):
        for server, thread in self._servers:
            server.shutdown()
            thread.join()
            server.server_close()

    def _serve(self, handler):
        server = Server(("127.0.0.1", 0), type(handler.__name__, (handler,), {"owner": self}))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        self._servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_address[1]}"

    def expire_tokens(self):
        """What was given so far is no longer taken, before its time."""
        self._valid_from = time.time()

    def make_token(self):
        now = time.time()
        claims = {"identity": {"user": "tests"}, "iat": now, "exp": now + self.lifetime}
        text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        return text + "." + encoded(self._signature(text))

    def problem(self, token):
        """Why a token is not taken; None when it is."""
        try:
            text, _, signature = token.rpartition(".")
            if not hmac.compare_digest(decoded(signature), self._signature(text)):
                return "the signature is wrong"
            claims = json.loads(decoded(text.split(".")[1]))
        except (ValueError, IndexError):
            return "no token of ours"
        if claims["exp"] <= time.time():
            return "the token has expired"
        return "the token was withdrawn" if claims["iat"] < self._valid_from else None

    def _signature(self, text):
        return hmac.digest(self._signing_key, text.encode(), hashlib.sha256)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # A client that goes away in the middle is no error of ours.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FileServer

    def log_message(self, *_):
        pass

    def parse_request(self):
        if not super().parse_request():
            return False
        scheme = self.headers.get("Authorization", "").partition(" ")[0]
        self.owner.requests.append((type(self).__name__, self.command, self.path, scheme))
        return True

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, body=b"", headers=(), content_type="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class APIHandler(Handler):
    def do_POST(self):
        self.body()
        if self.path.partition("?")[0] != "/auth.login":
            return self.result(404, "no such call")
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
        except ValueError:
            user, password = "", ""
        is_right = hmac.compare_digest(user.encode(), self.owner.access_key.encode()) and hmac.compare_digest(
            password.encode(), self.owner.secret_key.encode())
        if scheme != "Basic" or not is_right:
            return self.result(401, "Unauthorized (invalid credentials) (failed to locate provided credentials)")
        self.owner.logins += 1
        self.result(200, "OK", {"token": self.owner.make_token()})

    do_GET = do_POST

    def result(self, status, message, data=None):
        self.answer(status, {"meta": {"result_code": status, "result_msg": message}, "data": data or {}})


class FilesHandler(Handler):
    def do_GET(self):
        path = self.checked_path()
        if path is None:
            return
        if not path.is_file():
            return self.answer(404, b"Not Found", content_type="text/plain")
        content = path.read_bytes()
        tag = f'"{path.stat().st_mtime_ns}-{len(content)}"'
        headers = {"ETag": tag, "Accept-Ranges": "bytes", "Last-Modified": self.date_time_string(path.stat().st_mtime)}
        if self.lists("If-Match", tag) is False:
            return self.answer(412, headers=headers)
        if self.lists("If-None-Match", tag):
            return self.answer(304, headers=headers)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            return self.answer(200, content, headers, "application/octet-stream")
        first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
        if first > last:
            return self.answer(416, headers={**headers, "Content-Range": f"bytes */{len(content)}"})
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        self.answer(206, content[first:last + 1], headers, "application/octet-stream")

    do_HEAD = do_GET

    def do_DELETE(self):
        path = self.checked_path()
        if path is None:
            return
        if not path.is_file():
            return self.answer(404, b"Not Found", content_type="text/plain")
        path.unlink()
        self.answer(200, str(path.relative_to(self.owner.folder)))

    def do_POST(self):
        body = self.body()
        if not self.is_allowed():
            return
        kind = self.headers.get("Content-Type", "")
        if self.path != "/" or not kind.startswith("multipart/form-data"):
            return self.answer(400, b"a form is posted to /", content_type="text/plain")
        boundary = re.search(r'boundary="?([^";]+)', kind)
        written = []
        for head, content in parts(body, boundary[1].encode() if boundary else b""):
            name = field_name(head)
            # A field without a file name is no file.
            if not name or "filename" not in head:
                continue
            path = self.inside(name.lstrip("/"))
            if path is None:
                return self.answer(404, b"Not Found", content_type="text/plain")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written.append(name.lstrip("/"))
        self.answer(200, written)

    def is_allowed(self):
        if self.owner.is_open:
            return True
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if not scheme:
            cookie = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
            scheme, token = ("Bearer", cookie.value) if cookie else ("", "")
        problem = self.owner.problem(token) if scheme == "Bearer" else "only bearer tokens are taken"
        if problem:
            self.answer(401, problem.encode(), content_type="text/plain")
        return problem is None

    def checked_path(self):
        if not self.is_allowed():
            return None
        path = self.inside(urllib.parse.unquote(self.path.partition("?")[0]).lstrip("/"))
        if path is None:
            self.answer(404, b"Not Found", content_type="text/plain")
        return path

    def inside(self, name):
        path = (self.owner.folder / name).resolve()
        return path if path.is_relative_to(self.owner.folder) else None

    def lists(self, field, tag):
        """Whether a condition names the tag; None without the condition."""
        value = self.headers.get(field)
        return None if value is None else value == "*" or tag in [one.strip() for one in value.split(",")]


def parts(body, boundary):
    """The headers, as text, and the content of each part of a form (RFC 2046, section 5.1)."""
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        if piece.startswith(b"--"):
            return
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield head.decode("utf-8", "replace"), content


def field_name(head):
    """The field's name as forms write it: UTF-8 as it is, a quote as %22, backslashes doubled; or as RFC 8187 has it."""
    quoted = re.search(r';\s*name="((?:[^"\\]|\\.)*)"', head)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1]).replace("%22", '"')
    extended = re.search(r";\s*name\*=utf-8''([^;\s]+)", head, re.IGNORECASE)
    return urllib.parse.unquote(extended[1]) if extended else None


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", help="where the files are; a temporary folder without it")
    parser.add_argument("--lifetime", type=float, default=3600, help="seconds that a token holds")
    parser.add_argument("--open", action="store_true", help="ask for no token")
    arguments = parser.parse_args()
    folder = arguments.folder or tempfile.mkdtemp()
    try:
        with FileServer(folder, arguments.lifetime, arguments.open) as server:
            print(json.dumps({name: getattr(server, name) for name in ("api", "files", "access_key", "secret_key")}),
                  flush=True)
            # `expire` on a line withdraws what was given; the end of the input ends the servers.
            for line in sys.stdin:
                if line.strip() == "expire":
                    server.expire_tokens()
                    print("expired", flush=True)
    finally:
        if not arguments.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
