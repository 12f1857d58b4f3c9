"""Azure Blob, with azure-storage-blob as the oracle."""

import base64
import threading
import urllib.parse

from azure.storage.blob import BlobServiceClient

from partners.azure import AzureEmulator
from partners.relay import Answer, Relay

from .store import Store
from .store_s3 import hocon


class AzureStore(Store):
    name = "azure"
    scheme = "azure"
    entry = "sdk.azure.storage.containers[0]"
    section = "sdk.azure.storage"
    unknown_version = "2020-01-01T00:00:00.0000000Z"
    lacks = {"denial": "a key may do everything", "sessions": "a key does not expire",
             "abort": "no request gives up blocks; Azure drops them after a week"}

    def start(self, stack):
        self.partner = stack.enter_context(AzureEmulator())
        self.relay = stack.enter_context(Relay(upstream=self.partner.port))
        self._clients = threading.local()
        self.service.create_container(self.bucket)

    @property
    def service(self):
        if not hasattr(self._clients, "value"):
            self._clients.value = BlobServiceClient(
                f"http://127.0.0.1:{self.partner.port}/{self.partner.account}",
                credential={"account_name": self.partner.account, "account_key": self.partner.key}, retry_total=1)
        return self._clients.value

    def blob(self, key, **more):
        return self.service.get_blob_client(self.bucket, key, **more)

    def raw_url(self, text, bucket=None):
        return f"azure://127.0.0.1:{self.relay.port}/{self.partner.account}/{bucket or self.bucket}/{text}"

    def configuration(self, secret=None, container=None):
        values = {
            "account_name": self.partner.account, "account_key": secret or self.partner.key,
            "endpoint": f"http://127.0.0.1:{self.relay.port}/{self.partner.account}"}
        entry = ", ".join(f"{name}: {hocon(value)}" for name, value in values.items())
        return f"sdk.azure.storage.containers: [{{{entry}}}]\n"

    @property
    def secrets(self):
        return [self.partner.key]

    @property
    def wrong_secret(self):
        return base64.b64encode(b"a wrong key of the tests, 0123456789").decode()

    def put(self, key, content):
        self.blob(key).upload_blob(content, overwrite=True)

    def put_in_parts(self, key, content):
        size, names = 8 << 20, []
        for number, start in enumerate(range(0, len(content), size)):
            names.append(base64.b64encode(b"%08d" % number).decode())
            self.blob(key).stage_block(names[-1], content[start:start + size])
        self.blob(key).commit_block_list(names)

    def get(self, key):
        return self.blob(key).download_blob().readall()

    def delete(self, key):
        self.blob(key).delete_blob()

    def busy(self):
        return error(503, "ServerBusy", "The server is currently unable to receive requests.")

    def forbidden(self):
        return error(403, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation.")

    def sizes(self, prefix=""):
        container = self.service.get_container_client(self.bucket)
        return {blob.name: blob.size for blob in container.list_blobs(name_starts_with=prefix)}

    def put_versions(self, key, contents):
        return [self.blob(key).upload_blob(content, overwrite=True)["version_id"] for content in contents]

    def unfinished_uploads(self):
        container = self.service.get_container_client(self.bucket)
        committed = {blob.name for blob in container.list_blobs()}
        return [b.name for b in container.list_blobs(include=["uncommittedblobs"]) if b.name not in committed]

    def rclone_remote(self):
        return "seed"

    def rclone_environment(self):
        values = {"type": "azureblob", "account": self.partner.account, "key": self.partner.key,
                  "endpoint": f"http://127.0.0.1:{self.partner.port}/{self.partner.account}"}
        return {f"RCLONE_CONFIG_SEED_{name.upper()}": value for name, value in values.items()}

    def request_key(self, request):
        start = f"/{self.partner.account}/{self.bucket}/"
        path = urllib.parse.unquote(request.path)
        return path.removeprefix(start) if path.startswith(start) else None

    def listings(self):
        return [r for r in self.relay.matching("GET") if "comp=list" in r.query_text and r.status == 200]


def error(status, code, message):
    return Answer(
        status, f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>',
        headers={"x-ms-error-code": code})
