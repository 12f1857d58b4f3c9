"""Tokens and where they come from: the token endpoint of a tenant (client secret, workload identity), the metadata
service of a virtual machine, and the identity endpoint of App Service."""

import dataclasses
import json
import secrets
import threading
import time
import urllib.parse

from azure_emulator_wire import Response

TENANT = "00000000-1111-2222-3333-444444444444"
CLIENT = "55555555-6666-7777-8888-999999999999"
"""The same secret, yet nobody gave this one a role on the account."""
CLIENT_WITHOUT_ROLE = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
SECRET = "emulated~client.secret+with/odd=signs&more"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RESOURCE = "https://storage.azure.com"


@dataclasses.dataclass
class Token:
    expires: float
    has_role: bool = True


class Tokens:
    """The tokens that were issued, and those given at the start, which never expire."""

    def __init__(self, lifetime, fixed=()):
        self.lifetime = lifetime
        self.lock = threading.Lock()
        self.issued = {token: Token(expires=float("inf")) for token in fixed}

    def find(self, token):
        with self.lock:
            return self.issued.get(token)

    def issue(self, has_role=True):
        token = "ey" + secrets.token_urlsafe(96)
        with self.lock:
            self.issued[token] = Token(time.time() + self.lifetime, has_role)
        return token


class Identity:
    def __init__(self, tokens, federated_token, identity_header):
        self.tokens, self.federated_token, self.identity_header = tokens, federated_token, identity_header

    def answers(self, path):
        return (path.endswith("/oauth2/v2.0/token") or path.endswith("/v2.0/.well-known/openid-configuration")
                or path in ("/metadata/identity/oauth2/token", "/msi/token"))

    def respond(self, method, root, path, query, headers, body):
        if path.endswith("openid-configuration"):
            tenant = f"{root}/{path.split('/')[1]}"
            return answer({"token_endpoint": f"{tenant}/oauth2/v2.0/token", "issuer": f"{tenant}/v2.0",
                           "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize"})
        if path == "/metadata/identity/oauth2/token":
            return self.metadata(method, query, headers)
        if path == "/msi/token":
            return self.app_service(method, query, headers)
        return self.tenant(method, path, body)

    def tenant(self, method, path, body):
        if method != "POST":
            return refusal(405, "invalid_request", "AADSTS900561: The endpoint only accepts POST requests.")
        if path != f"/{TENANT}/oauth2/v2.0/token":
            return refusal(400, "invalid_request", f"AADSTS90002: Tenant '{path.split('/')[1]}' not found.")
        form = {name: values[0] for name, values in urllib.parse.parse_qs(body.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return refusal(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        if form.get("scope") != RESOURCE + "/.default":
            return refusal(400, "invalid_scope", "AADSTS70011: The provided value for scope is not valid.")
        client = form.get("client_id")
        if client not in (CLIENT, CLIENT_WITHOUT_ROLE):
            return refusal(400, "unauthorized_client", f"AADSTS700016: Application '{client}' was not found.")
        if "client_assertion" in form:
            if form.get("client_assertion_type") != ASSERTION_TYPE or form["client_assertion"] != self.federated_token:
                return refusal(401, "invalid_client", "AADSTS700211: No matching federated identity record found.")
        elif form.get("client_secret") != SECRET:
            return refusal(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        return answer({
            "token_type": "Bearer",
            "expires_in": int(self.tokens.lifetime),
            "ext_expires_in": int(self.tokens.lifetime),
            "access_token": self.tokens.issue(has_role=client == CLIENT),
        })

    def metadata(self, method, query, headers):
        if method != "GET" or headers.get("metadata", "").lower() != "true":
            return refusal(400, "invalid_request", "Required metadata header not specified")
        if not query.get("api-version", [""])[0] >= "2018-02-01":
            return refusal(400, "invalid_request", "The api-version is missing or not supported")
        return self.managed(query)

    def app_service(self, method, query, headers):
        if method != "GET" or headers.get("x-identity-header") != self.identity_header:
            return refusal(401, "unauthorized", "The X-IDENTITY-HEADER is missing or wrong")
        return self.managed(query)

    def managed(self, query):
        if query.get("resource", [""])[0].rstrip("/") != RESOURCE:
            return refusal(400, "invalid_resource", "AADSTS500011: The resource principal was not found.")
        client = query.get("client_id", [CLIENT])[0]
        if client not in (CLIENT, CLIENT_WITHOUT_ROLE):
            return refusal(400, "invalid_request", "Identity not found")
        now = time.time()
        return answer({
            "access_token": self.tokens.issue(has_role=client == CLIENT),
            "client_id": client,
            "expires_in": str(int(self.tokens.lifetime)),
            "expires_on": str(int(now + self.tokens.lifetime)),
            "not_before": str(int(now)),
            "resource": RESOURCE + "/",
            "token_type": "Bearer",
        })


def answer(body, status=200):
    return Response(status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(body).encode())


def refusal(status, error, description):
    return answer({"error": error, "error_description": description}, status)
