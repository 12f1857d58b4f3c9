"""Google Cloud Storage, with google-cloud-storage as the oracle."""

import io
import json
import threading
import urllib.parse

from google.cloud import storage
from google.oauth2 import service_account

from partners.gcs import GCS, refusal

from .store import Store
from .store_s3 import hocon


class GCSStore(Store):
    name = "gcs"
    scheme = "gs"
    entry = "sdk.google.storage.credentials[0]"
    section = "sdk.google.storage"
    unknown_version = "1234567890123456"
    lacks = {"sessions": "tokens that expire have cases of their own"}

    def start(self, stack):
        self.partner = stack.enter_context(GCS())
        self.relay = self.partner.gate
        self.account = self.partner.service_account()
        self._clients = threading.local()
        for name in (self.bucket, *self.partner.public):
            self.client.create_bucket(name)
        bucket = self.client.bucket(self.bucket)
        bucket.versioning_enabled = True
        bucket.patch()

    @property
    def client(self):
        if not hasattr(self._clients, "value"):
            credentials = service_account.Credentials.from_service_account_info(
                json.loads(self.account), scopes=["https://www.googleapis.com/auth/devstorage.full_control"])
            self._clients.value = storage.Client(
                project="tests", credentials=credentials, client_options={"api_endpoint": self.partner.url})
        return self._clients.value

    @property
    def handle(self):
        return self.client.bucket(self.bucket)

    def raw_url(self, text, bucket=None):
        return f"gs://{bucket or self.bucket}/{text}"

    def configuration(self, secret=None, account=None):
        if secret is not None:
            account = self.wrong_account
        entries = ", ".join(
            f"{{bucket: {hocon(bucket)}, credentials_json: {json.dumps(account or self.account)}}}"
            for bucket in (self.bucket, self.missing_bucket, *self.partner.denied))
        return f'sdk.google.storage {{ project: "tests", credentials: [{entries}] }}\n'

    @property
    def wrong_account(self):
        if not hasattr(self, "_wrong"):
            self._wrong = self.partner.wrong_service_account()
        return self._wrong

    def denied_configuration(self):
        return self.configuration()

    @property
    def denied_bucket(self):
        return self.partner.denied[0]

    def environment(self):
        return {"STORAGE_EMULATOR_HOST": self.partner.url}

    @property
    def secrets(self):
        keys = [json.loads(text)["private_key"].splitlines()[3] for text in (self.account, self.wrong_account)]
        return [*keys, *list(self.partner.tokens)]

    def put(self, key, content):
        self.handle.blob(key).upload_from_string(content, content_type="application/octet-stream")

    def put_in_parts(self, key, content):
        self.handle.blob(key, chunk_size=16 << 20).upload_from_file(io.BytesIO(content))

    def get(self, key):
        return self.handle.blob(key).download_as_bytes()

    def delete(self, key):
        self.handle.blob(key).delete()

    def busy(self):
        return refusal(503, "We encountered an internal error. Please try again.")

    def forbidden(self):
        return refusal(403, "The caller does not have storage.objects.create access.")

    def sizes(self, prefix=""):
        return {blob.name: blob.size for blob in self.client.list_blobs(self.bucket, prefix=prefix)}

    def put_versions(self, key, contents):
        versions = []
        for content in contents:
            blob = self.handle.blob(key)
            blob.upload_from_string(content)
            versions.append(str(blob.generation))
        return versions

    def unfinished_uploads(self):
        return []

    def request_key(self, request):
        for start in (f"/storage/v1/b/{self.bucket}/o/", f"/download/storage/v1/b/{self.bucket}/o/"):
            if request.path.startswith(start) and "alt=media" in request.query_text:
                return urllib.parse.unquote(request.path[len(start):])
        start = f"/{self.bucket}/"
        return urllib.parse.unquote(request.path[len(start):]) if request.path.startswith(start) else None

    def listings(self):
        path = f"/storage/v1/b/{self.bucket}/o"
        return [r for r in self.relay.matching("GET") if r.path.rstrip("/") == path and r.status == 200]
