"""ClearML's file server and the login of its API server, as the SDK talks to them.

`POST /` takes multipart/form-data whose field names are the paths; GET gives a file, with ranges. The real one is a Flask
program that is not on PyPI; what is here is what the SDK's `_HttpDriver` and `Session` rely on.
"""

import base64
import email.parser
import email.policy
import hashlib
import json
import re
import secrets
import threading
import urllib.parse

from .relay import Answer, Relay

ACCESS_KEY = "CLEARMLACCESSKEYFORTESTS"
SECRET_KEY = "clearml/secret+for-the-tests-only"


class FileServer:
    """With `login`, every file needs a token that `auth.login` gave, for the right keys."""

    def __init__(self, login=False):
        self.files = {}
        self.login = login
        self.tokens = set()
        self._lock = threading.Lock()

    def __enter__(self):
        self.relay = Relay(answer=self._answer, reads_bodies=True)
        self.relay.__enter__()
        self.port = self.relay.port
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.relay.__exit__()

    def expire_tokens(self):
        self.tokens.clear()

    def logins(self):
        return [r for r in self.relay.requests if r.path.endswith("/auth.login")]

    def _answer(self, request):
        if request.path.endswith("/auth.login"):
            return self._log_in(request)
        if self.login and request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer(401, "Unauthorized", content_type="text/plain")
        path = urllib.parse.unquote(request.path).lstrip("/")
        if request.method == "POST":
            return self._upload(request)
        if request.method == "PUT":
            with self._lock:
                self.files[path] = request.body
            return Answer(201, "")
        content = self.files.get(path)
        if content is None:
            return Answer(404, "Not Found", content_type="text/plain")
        return self._download(request, content)

    def _log_in(self, request):
        wanted = "Basic " + base64.b64encode(f"{ACCESS_KEY}:{SECRET_KEY}".encode()).decode()
        if request.headers.get("authorization") != wanted:
            text = json.dumps({"meta": {"result_code": 401, "result_subcode": 20, "result_msg": "Unauthorized"}, "data": {}})
            return Answer(401, text, content_type="application/json")
        # The shape of a JWT; some readers look for its end in it.
        claims = base64.urlsafe_b64encode(json.dumps({"exp": 4102444800, "n": secrets.token_hex(8)}).encode()).decode()
        token = f"eyJhbGciOiJIUzI1NiJ9.{claims.rstrip('=')}.{secrets.token_urlsafe(24)}"
        self.tokens.add(token)
        text = json.dumps({"meta": {"result_code": 200, "result_subcode": 0, "result_msg": "OK"}, "data": {"token": token}})
        return Answer(200, text, content_type="application/json")

    def _upload(self, request):
        kind = request.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            return Answer(400, "no form", content_type="text/plain")
        boundary = email.parser.HeaderParser(policy=email.policy.HTTP).parsestr(
            f"Content-Type: {kind}\r\n\r\n").get_boundary()
        names = []
        for part in request.body.split(b"--" + boundary.encode())[1:-1]:
            head, _, content = part[2:].partition(b"\r\n\r\n")
            # Browsers and the SDK escape a quote as %22.
            name = re.search(rb'[; ]name="([^"]*)"', head) or re.search(rb"[; ]name=([^;\s]+)", head)
            path = name[1].decode().replace("%22", '"').lstrip("/")
            if b"filename" not in head or ".." in path.split("/"):
                return Answer(400, "no file", content_type="text/plain")
            with self._lock:
                self.files[path] = content[:-2]
            names.append(path)
        return Answer(200, json.dumps(names), content_type="application/json")

    @staticmethod
    def _download(request, content):
        etag = '"' + hashlib.md5(content).hexdigest() + '"'
        headers = {"ETag": etag, "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if request.headers.get("if-match", etag) != etag:
            return Answer(412, "", headers=headers)
        if wanted and int(wanted[1]) < len(content):
            first, last = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            return Answer(206, content[first:last + 1], headers, content_type="application/octet-stream")
        return Answer(200, content, headers, content_type="application/octet-stream")
