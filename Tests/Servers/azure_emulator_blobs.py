"""The operations on containers and blobs, each a function of a request, with the permission that a SAS must give."""

import base64
import binascii
import email.utils
import re
import xml.etree.ElementTree

from azure_emulator_listing import block_list, list_blobs, list_containers
from azure_emulator_store import PROPERTIES, Entry, md5
from azure_emulator_wire import MAXIMUM_CHECKED_RANGE, Response, StorageError, crc64, document, http_date

CONTAINER_NAME = re.compile(r"\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9]){2,62}")


class Service:
    def __init__(self, store):
        self.store = store

    def operation(self, request):
        """(function, SAS permission, SAS resource type) of a request."""
        kind, comp = request.parameter("restype", ""), request.parameter("comp", "")
        if kind == "account":
            return self.account_information, "rl", "s"
        if not request.container:
            table = {("GET", "", "list"): (self.list_containers, "l", "s"),
                     ("GET", "service", "properties"): (self.service_properties, "r", "s")}
        elif not CONTAINER_NAME.fullmatch(request.container):
            raise StorageError("InvalidResourceName")
        elif not request.blob:
            table = {
                ("PUT", "container", ""): (self.create_container, "cw", "c"),
                ("DELETE", "container", ""): (self.delete_container, "d", "c"),
                ("GET", "container", ""): (self.container_properties, "r", "c"),
                ("HEAD", "container", ""): (self.container_properties, "r", "c"),
                ("PUT", "container", "acl"): (self.set_container_access, "", "c"),
                ("GET", "container", "list"): (self.list_blobs, "l", "c"),
            }
        else:
            table = {
                ("PUT", "", ""): (self.put_blob, "wc", "o"),
                ("GET", "", ""): (self.get_blob, "r", "o"),
                ("HEAD", "", ""): (self.get_blob, "r", "o"),
                ("DELETE", "", ""): (self.delete_blob, "x" if request.parameter("versionid") else "d", "o"),
                ("PUT", "", "block"): (self.put_block, "wc", "o"),
                ("PUT", "", "blocklist"): (self.put_block_list, "wc", "o"),
                ("GET", "", "blocklist"): (self.get_block_list, "r", "o"),
                ("PUT", "", "metadata"): (self.set_metadata, "w", "o"),
                ("GET", "", "metadata"): (self.get_blob, "r", "o"),
                ("HEAD", "", "metadata"): (self.get_blob, "r", "o"),
            }
        found = table.get((request.method, kind, comp))
        if found:
            return found
        if any((verb, kind, comp) in table for verb in ("GET", "PUT", "DELETE")):
            raise StorageError("UnsupportedHttpVerb")
        raise StorageError("NotImplemented" if request.container else "InvalidUri")

    # The account and its containers

    def account_information(self, request):
        return Response(200, {"x-ms-sku-name": "Standard_LRS", "x-ms-account-kind": "StorageV2",
                              "x-ms-is-hns-enabled": "false"})

    def service_properties(self, request):
        return xml_response(document("<StorageServiceProperties><DefaultServiceVersion>2021-12-02"
                                     "</DefaultServiceVersion></StorageServiceProperties>"))

    def list_containers(self, request):
        return xml_response(list_containers(self.store, request))

    def create_container(self, request):
        access = request.header("x-ms-blob-public-access")
        if access not in ("", "blob", "container"):
            raise StorageError("InvalidHeaderValue")
        container = self.store.create_container(request.container, metadata_of(request), access)
        return Response(201, {"ETag": container.etag, "Last-Modified": http_date(container.modified)})

    def delete_container(self, request):
        self.store.delete_container(request.container)
        return Response(202)

    def container_properties(self, request):
        container = self.store.container(request.container)
        headers = {"ETag": container.etag, "Last-Modified": http_date(container.modified),
                   "x-ms-lease-status": "unlocked", "x-ms-lease-state": "available",
                   "x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false"}
        if container.public_access:
            headers["x-ms-blob-public-access"] = container.public_access
        headers.update({"x-ms-meta-" + name: value for name, value in container.metadata.items()})
        return Response(200, headers)

    def set_container_access(self, request):
        container = self.store.container(request.container)
        container.public_access = request.header("x-ms-blob-public-access")
        return Response(200, {"ETag": container.etag, "Last-Modified": http_date(container.modified)})

    def list_blobs(self, request):
        return xml_response(list_blobs(self.store, request.container, request))

    # Reading a blob

    def get_blob(self, request):
        version = self.store.version(request.container, request.blob, request.parameter("versionid"))
        check_conditions(request, version)
        headers = self.blob_headers(request, version)
        size, window = len(version.data), None
        text = request.header("x-ms-range") or request.header("range")
        if request.method == "GET" and text:
            window = byte_range(text, size)
        if window is None:
            if version.content_md5:
                headers["Content-MD5"] = version.content_md5
            return Response(200, headers, b"" if request.parameter("comp") else version.data)
        data = version.data[window[0] : window[1] + 1]
        headers["Content-Range"] = f"bytes {window[0]}-{window[1]}/{size}"
        if version.content_md5:
            headers["x-ms-blob-content-md5"] = version.content_md5
        for name, field, function in (("x-ms-range-get-content-md5", "Content-MD5", md5),
                                      ("x-ms-range-get-content-crc64", "x-ms-content-crc64", crc64)):
            if request.header(name).lower() == "true":
                if len(data) > MAXIMUM_CHECKED_RANGE:
                    raise StorageError("InvalidHeaderValue")
                headers[field] = function(data)
        return Response(206, headers, data)

    def blob_headers(self, request, version):
        headers = {"ETag": version.etag, "Last-Modified": http_date(version.modified), "Accept-Ranges": "bytes",
                   "x-ms-creation-time": http_date(version.created), "x-ms-blob-type": "BlockBlob",
                   "x-ms-lease-status": "unlocked", "x-ms-lease-state": "available", "x-ms-server-encrypted": "true",
                   **version.properties}
        if self.store.versioning:
            headers["x-ms-version-id"] = version.version_id
            entry = self.store.container(request.container).entries.get(request.blob)
            if entry and entry.current is version:
                headers["x-ms-is-current-version"] = "true"
        headers.update({"x-ms-meta-" + name: value for name, value in version.metadata.items()})
        for name, field in (("rscc", "Cache-Control"), ("rscd", "Content-Disposition"), ("rsce", "Content-Encoding"),
                            ("rscl", "Content-Language"), ("rsct", "Content-Type")):
            if request.parameter(name):
                headers[field] = request.parameter(name)
        return headers

    # Writing a blob

    def put_blob(self, request):
        if request.header("x-ms-copy-source"):
            raise StorageError("NotImplemented")
        if not request.header("x-ms-blob-type"):
            raise StorageError("MissingRequiredHeader")
        if request.header("x-ms-blob-type") != "BlockBlob":
            raise StorageError("NotImplemented")
        checksums = verified_checksums(request)
        if request.header("x-ms-blob-content-md5"):
            verify_md5(request.header("x-ms-blob-content-md5"), request.body)
        version = self.put(request, request.body, md5(request.body))
        return Response(201, {**self.written(version), **checksums, "Content-MD5": version.content_md5})

    def put(self, request, data, content_md5, blocks=()):
        properties = {field: request.header(name) for name, field in PROPERTIES.items() if request.header(name)}
        own = "" if request.parameter("comp") else request.header("content-type")
        properties.setdefault("Content-Type", own or "application/octet-stream")
        return self.store.put(request.container, request.blob, data, properties, metadata_of(request), content_md5,
                              lambda current: check_conditions(request, current, is_write=True), blocks)

    def written(self, version):
        headers = {"ETag": version.etag, "Last-Modified": http_date(version.modified),
                   "x-ms-request-server-encrypted": "true"}
        if self.store.versioning:
            headers["x-ms-version-id"] = version.version_id
        return headers

    def put_block(self, request):
        checksums = verified_checksums(request)
        self.store.put_block(request.container, request.blob, request.parameter("blockid", ""), request.body)
        return Response(201, {"x-ms-request-server-encrypted": "true", **checksums})

    def put_block_list(self, request):
        checksums = verified_checksums(request)
        try:
            root = xml.etree.ElementTree.fromstring(request.body)
        except xml.etree.ElementTree.ParseError:
            raise StorageError("InvalidXmlDocument") from None
        wanted = [(child.tag, child.text or "") for child in root]
        if root.tag != "BlockList" or any(kind not in ("Latest", "Uncommitted", "Committed") for kind, _ in wanted):
            raise StorageError("InvalidXmlDocument")
        with self.store.lock:
            blocks = self.store.blocks_of(request.container, request.blob, wanted)
            # The service does not know this MD5: it keeps what the client says.
            version = self.put(request, b"".join(data for _, data in blocks),
                               request.header("x-ms-blob-content-md5"), [(i, len(data)) for i, data in blocks])
        return Response(201, {**self.written(version), **checksums})

    def get_block_list(self, request):
        with self.store.lock:
            entry = self.store.container(request.container).entries.get(request.blob) or Entry()
            if not entry.current and not entry.uncommitted:
                raise StorageError("BlobNotFound")
            return xml_response(block_list(entry, request.parameter("blocklisttype", "committed").lower()))

    def set_metadata(self, request):
        with self.store.lock:
            current = self.store.version(request.container, request.blob)
            version = self.store.put(
                request.container, request.blob, current.data, current.properties, metadata_of(request),
                current.content_md5, lambda version: check_conditions(request, version, is_write=True), current.blocks)
        return Response(200, self.written(version))

    def delete_blob(self, request):
        self.store.delete(request.container, request.blob, request.parameter("versionid"),
                          lambda version: check_conditions(request, version, is_write=True))
        return Response(202, {"x-ms-delete-type-permanent": "false" if self.store.versioning else "true"})


def xml_response(body):
    return Response(200, {"Content-Type": "application/xml"}, body)


def metadata_of(request):
    return {name[len("x-ms-meta-") :]: value for name, value in request.headers.items()
            if name.startswith("x-ms-meta-")}


def verify_md5(text, data):
    try:
        given = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise StorageError("InvalidMd5") from None
    if len(given) != 16:
        raise StorageError("InvalidMd5")
    if text != md5(data):
        raise StorageError("Md5Mismatch")


def verified_checksums(request):
    """The checksums that a request claims of its body, checked, as the answer repeats them."""
    found = {}
    if request.header("content-md5"):
        verify_md5(request.header("content-md5"), request.body)
        found["Content-MD5"] = request.header("content-md5")
    if request.header("x-ms-content-crc64"):
        if request.header("x-ms-content-crc64") != crc64(request.body):
            raise StorageError("Crc64Mismatch")
        found["x-ms-content-crc64"] = request.header("x-ms-content-crc64")
    # The service computes its own when none was given; bytewise Python is too slow to do so for what is large.
    elif not found and len(request.body) <= 256 << 10:
        found["x-ms-content-crc64"] = crc64(request.body)
    return found


def check_conditions(request, version, is_write=False):
    """RFC 9110's four conditions; `version` is None where there is no blob."""
    tags = lambda name: [tag.strip() for tag in request.header(name).split(",")]
    matches = lambda wanted: version is not None and ("*" in wanted or version.etag in wanted
                                                      or version.etag.strip('"') in wanted)
    seconds = lambda name: email.utils.parsedate_to_datetime(request.header(name)).timestamp()
    if request.header("if-match") and not matches(tags("if-match")):
        raise StorageError("ConditionNotMet")
    if request.header("if-none-match") and matches(tags("if-none-match")):
        if is_write and request.header("if-none-match") == "*":
            raise StorageError("BlobAlreadyExists")
        raise StorageError("ConditionNotMet", status=412 if is_write else 304)
    if version is None:
        return
    modified = int(version.modified)
    if request.header("if-modified-since") and modified <= seconds("if-modified-since"):
        raise StorageError("ConditionNotMet", status=412 if is_write else 304)
    if request.header("if-unmodified-since") and modified > seconds("if-unmodified-since"):
        raise StorageError("ConditionNotMet")


def byte_range(text, size):
    """First and last offset; None where the service ignores the header: it knows `bytes=a-b` and `bytes=a-` alone."""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", text)
    if not match or (match[2] and int(match[2]) < int(match[1])):
        return None
    first = int(match[1])
    if first >= size:
        raise StorageError("InvalidRange", headers={"Content-Range": f"bytes */{size}"})
    return first, min(int(match[2]), size - 1) if match[2] else size - 1
