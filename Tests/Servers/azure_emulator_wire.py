"""What goes over the wire: requests, responses, and the errors of the Blob service as it words them."""

import base64
import dataclasses
import email.utils
import time
import uuid
from xml.sax.saxutils import escape

# https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and …/common-rest-api-error-codes
ERRORS = {
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly"
        " including the signature.",
    ),
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "AuthorizationProtocolMismatch": (
        403,
        "This request is not authorized to perform this operation using this protocol.",
    ),
    "AuthorizationResourceTypeMismatch": (
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    "AuthorizationServiceMismatch": (
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    "AuthorizationSourceIPMismatch": (
        403,
        "This request is not authorized to perform this operation using this source IP.",
    ),
    "BlobAlreadyExists": (409, "The specified blob already exists."),
    "BlobNotFound": (404, "The specified blob does not exist."),
    "ConditionNotMet": (412, "The condition specified using HTTP conditional header(s) is not met."),
    "ContainerAlreadyExists": (409, "The specified container already exists."),
    "ContainerNotFound": (404, "The specified container does not exist."),
    "Crc64Mismatch": (
        400,
        "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.",
    ),
    "InvalidAuthenticationInfo": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    ),
    "InvalidBlobOrBlock": (400, "The specified blob or block content is invalid."),
    "InvalidBlockList": (400, "The specified block list is invalid."),
    "InvalidHeaderValue": (400, "The value for one of the HTTP headers is not in the correct format."),
    "InvalidMd5": (400, "The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64-encoded."),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "InvalidResourceName": (400, "The specified resource name contains invalid characters."),
    "InvalidUri": (400, "The requested URI does not represent any resource on the server."),
    "InvalidXmlDocument": (400, "XML specified is not syntactically valid."),
    "Md5Mismatch": (
        400,
        "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    ),
    "MissingContentLengthHeader": (411, "Content-Length HTTP header is missing"),
    "MissingRequiredHeader": (400, "An HTTP header that's mandatory for this request is not specified."),
    "NoAuthenticationInformation": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    ),
    "NotImplemented": (501, "The requested operation is not implemented on the specified resource."),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "ResourceNotFound": (404, "The specified resource does not exist."),
    "UnsupportedHttpVerb": (405, "The resource doesn't support specified Http Verb."),
}

MAXIMUM_CHECKED_RANGE = 4 << 20


class StorageError(Exception):
    """An answer with the service's error document."""

    def __init__(self, code, detail=None, status=None, headers=None):
        super().__init__(code)
        self.status, self.message = ERRORS[code]
        if status is not None:
            self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers or {}

    def response(self, request_id):
        text = f"{self.message}\nRequestId:{request_id}\nTime:{timestamp(time.time())}"
        body = f"<Error><Code>{self.code}</Code><Message>{escape(text)}</Message>"
        if self.detail:
            body += f"<AuthenticationErrorDetail>{escape(self.detail)}</AuthenticationErrorDetail>"
        headers = {"x-ms-error-code": self.code, "Content-Type": "application/xml", **self.headers}
        return Response(self.status, headers, document(body + "</Error>"))


@dataclasses.dataclass
class Request:
    method: str
    """As sent, still percent-encoded, without the query."""
    raw_path: str
    account: str
    """Decoded; empty where the URL has none."""
    container: str
    blob: str
    """Decoded values by lowercased name."""
    query: dict
    """By lowercased name."""
    headers: dict
    body: bytes
    client: str
    scheme: str
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))

    def parameter(self, name, default=None):
        values = self.query.get(name)
        return values[0] if values else default

    def header(self, name, default=""):
        return self.headers.get(name, default)


@dataclasses.dataclass
class Response:
    status: int
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""


def document(body):
    return f'<?xml version="1.0" encoding="utf-8"?>{body}'.encode()


def http_date(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


def timestamp(seconds):
    """The form of a version id: seven digits of a second."""
    ticks = round(seconds * 10_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ticks // 10_000_000)) + f".{ticks % 10_000_000:07d}Z"


def _crc64_table():
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0x9A6C9329AC4BC9B5 if value & 1 else 0)
        table.append(value)
    return table


_CRC64 = _crc64_table()


def crc64(data):
    """Azure's CRC-64 (the reflected polynomial that NVMe took over) as its headers carry it: 8 bytes, low first."""
    table, value = _CRC64, 0xFFFFFFFFFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return base64.b64encode((value ^ 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")).decode()
