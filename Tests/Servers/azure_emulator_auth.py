"""Who may do what: SharedKey, service SAS, account SAS, bearer tokens, public containers.

Written from Microsoft's pages "Authorize with Shared Key", "Create a service SAS" and "Create an account SAS".
"""

import base64
import calendar
import email.utils
import hashlib
import hmac
import ipaddress
import time

from azure_emulator_wire import StorageError

MAXIMUM_SKEW = 15 * 60
STANDARD_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def signature(key, text):
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


def string_to_sign(request):
    """SharedKey for the Blob service, version 2015-02-21 and later."""
    lines = [request.method]
    for name in STANDARD_HEADERS:
        value = request.header(name)
        if name == "content-length" and value == "0":
            value = ""
        if name == "date" and request.header("x-ms-date"):
            value = ""
        lines.append(value)
    for name in sorted(name for name in request.headers if name.startswith("x-ms-")):
        lines.append(f"{name}:{' '.join(request.header(name).split())}")
    resource = f"/{request.account}{request.raw_path}"
    for name in sorted(request.query):
        resource += f"\n{name}:{','.join(sorted(request.query[name]))}"
    return "\n".join(lines + [resource])


def parse_time(text):
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"):
        try:
            return calendar.timegm(time.strptime(text, form))
        except ValueError:
            pass
    try:
        return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        raise StorageError("AuthenticationFailed", f"{text} is not a valid time") from None


class Authorizer:
    """The decision about one request: returns the kind of authorization, or raises the service's refusal."""

    def __init__(self, account, key, tokens, clock=time.time):
        self.account, self.key, self.tokens, self.clock = account, key, tokens, clock

    def authorize(self, request, permission, resource_type, public_access):
        """`permission` is the letter of a SAS (several: any of them); `resource_type` s, c or o;
        `public_access` what the container grants everybody: '', 'blob' or 'container'."""
        value = request.header("authorization")
        if value.startswith("SharedKey "):
            self.check_shared_key(request, value[len("SharedKey ") :])
            return "SharedKey"
        if value.startswith("Bearer "):
            self.check_bearer(request, value[len("Bearer ") :])
            return "Bearer"
        if value:
            raise StorageError("InvalidAuthenticationInfo", "The authorization scheme is not supported.", status=400)
        if request.parameter("sig"):
            if request.parameter("ss"):
                self.check_account_sas(request, permission, resource_type)
                return "AccountSAS"
            self.check_service_sas(request, permission, resource_type)
            return "ServiceSAS"
        readable = {"container": "rl", "blob": "r"}.get(public_access, "")
        if permission in readable and (resource_type == "o" or public_access == "container"):
            return "anonymous"
        if request.header("x-ms-version") >= "2019-12-12":
            raise StorageError("NoAuthenticationInformation", headers=self.challenge())
        raise StorageError("ResourceNotFound")

    def challenge(self):
        return {"WWW-Authenticate": "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize"
                " resource_id=https://storage.azure.com"}

    def check_shared_key(self, request, credential):
        account, _, given = credential.partition(":")
        date = request.header("x-ms-date") or request.header("date")
        try:
            seconds = email.utils.parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            raise StorageError("AuthenticationFailed", "The Date header is missing or malformed.") from None
        if abs(self.clock() - seconds) > MAXIMUM_SKEW:
            raise StorageError("AuthenticationFailed", f"Request date header too old: '{date}'")
        text = string_to_sign(request)
        if account != self.account or not hmac.compare_digest(given, signature(self.key, text)):
            raise StorageError(
                "AuthenticationFailed",
                f"The MAC signature found in the HTTP request '{given}' is not the same as any computed signature."
                f" Server used following string to sign: '{text}'.",
            )

    def check_bearer(self, request, token):
        found = self.tokens.find(token)
        if found is None:
            raise StorageError("InvalidAuthenticationInfo", "Signature validation failed.", headers=self.challenge())
        if found.expires <= self.clock():
            raise StorageError(
                "InvalidAuthenticationInfo", "Lifetime validation failed. The token is expired.",
                headers=self.challenge())
        if not found.has_role:
            raise StorageError("AuthorizationPermissionMismatch")

    def check_account_sas(self, request, permission, resource_type):
        value = lambda name: request.parameter(name, "")
        lines = [self.account] + [value(name) for name in ("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")]
        if value("sv") >= "2020-12-06":
            lines.append(value("ses"))
        self.check_signature(request, "\n".join(lines) + "\n")
        if "b" not in value("ss"):
            raise StorageError("AuthorizationServiceMismatch")
        if resource_type not in value("srt"):
            raise StorageError("AuthorizationResourceTypeMismatch")
        self.check_terms(request, permission)

    def check_service_sas(self, request, permission, resource_type):
        value = lambda name: request.parameter(name, "")
        scope = value("sr")
        if scope not in ("b", "c", "bv"):
            raise StorageError("AuthenticationFailed", "sr is mandatory. Cannot be empty")
        resource = f"/blob/{self.account}/{request.container}"
        if scope != "c":
            resource += f"/{request.blob}"
        lines = [value("sp"), value("st"), value("se"), resource, value("si"), value("sip"), value("spr"), value("sv")]
        if value("sv") >= "2018-11-09":
            lines += [scope, value("versionid") if scope == "bv" else value("snapshot")]
        if value("sv") >= "2020-12-06":
            lines.append(value("ses"))
        lines += [value(name) for name in ("rscc", "rscd", "rsce", "rscl", "rsct")]
        self.check_signature(request, "\n".join(lines))
        # A container's own properties are not within a service SAS's reach; its list is.
        if resource_type == "s" or (resource_type == "c" and permission != "l"):
            raise StorageError("AuthorizationFailure")
        self.check_terms(request, permission)

    def check_signature(self, request, text):
        if not hmac.compare_digest(request.parameter("sig"), signature(self.key, text)):
            raise StorageError(
                "AuthenticationFailed", f"Signature did not match. String to sign used was {text}")

    def check_terms(self, request, permission):
        value = lambda name: request.parameter(name, "")
        now = self.clock()
        if not value("se"):
            raise StorageError("AuthenticationFailed", "se is mandatory. Cannot be empty")
        if (value("st") and parse_time(value("st")) > now) or parse_time(value("se")) <= now:
            raise StorageError(
                "AuthenticationFailed",
                f"Signature not valid in the specified time frame: Start [{value('st')}] - Expiry [{value('se')}]")
        if value("spr") == "https" and request.scheme != "https":
            raise StorageError("AuthorizationProtocolMismatch")
        if value("sip"):
            first, _, last = value("sip").partition("-")
            address = ipaddress.ip_address(request.client)
            if not ipaddress.ip_address(first) <= address <= ipaddress.ip_address(last or first):
                raise StorageError("AuthorizationSourceIPMismatch")
        if not any(letter in value("sp") for letter in permission):
            raise StorageError("AuthorizationPermissionMismatch")
