"""S3 servers, with boto3 as the oracle."""

import threading
import urllib.parse

import boto3
import botocore.config

from partners.juicefs import MinIO
from partners.moto import Moto
from partners.radosgw import Radosgw
from partners.rclone import RcloneS3
from partners.relay import Answer, Relay

from .store import Store


class S3Store(Store):
    scheme = "s3"
    entry = "sdk.aws.s3.credentials[0]"
    section = "sdk.aws.s3"
    unknown_version = "3HL4kqCxf3vjVBH40Nrjfkd3HL4kqCx2"
    partner_type = None
    region = "us-east-1"

    def start(self, stack):
        self.partner = stack.enter_context(self.partner_type())
        self.relay = stack.enter_context(Relay(upstream=self.partner.port))
        self.host = f"127.0.0.1:{self.relay.port}"
        self._clients = threading.local()
        self.client.create_bucket(Bucket=self.bucket)

    def client_for(self, access_key, secret_key, port=None):
        return boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{port or self.partner.port}", region_name=self.region,
            aws_access_key_id=access_key, aws_secret_access_key=secret_key,
            config=botocore.config.Config(
                s3={"addressing_style": "path"}, retries={"max_attempts": 2}, max_pool_connections=4))

    @property
    def client(self):
        # The oracle talks to the server itself: the relay's record is of our requests alone.
        if not hasattr(self._clients, "value"):
            self._clients.value = self.client_for(self.partner.access_key, self.partner.secret_key)
        return self._clients.value

    def raw_url(self, text, bucket=None):
        return f"s3://{self.host}/{bucket or self.bucket}/{text}"

    def configuration(self, secret=None, key=None, **more):
        values = {
            "host": self.host, "key": key or self.partner.access_key, "secret": secret or self.partner.secret_key,
            "region": self.region, "secure": False, **more}
        entry = ", ".join(f"{name}: {hocon(value)}" for name, value in values.items() if value is not None)
        return f"sdk.aws.s3.credentials: [{{{entry}}}]\n"

    def bare_configuration(self):
        return f"sdk.aws.s3.credentials: [{{host: {hocon(self.host)}, secure: false}}]\n"

    @property
    def secrets(self):
        return [self.partner.secret_key]

    def put(self, key, content):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def put_in_parts(self, key, content):
        size = 8 << 20
        upload = self.client.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        parts = []
        for number, start in enumerate(range(0, len(content), size), 1):
            answer = self.client.upload_part(
                Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=number, Body=content[start:start + size])
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        self.client.complete_multipart_upload(
            Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})

    def get(self, key):
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def delete(self, key):
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def busy(self):
        return error(503, "SlowDown", "Please reduce your request rate.")

    def forbidden(self):
        return error(403, "AccessDenied", "Access Denied")

    def sizes(self, prefix=""):
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, PaginationConfig={"PageSize": 1000})
        return {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", [])}

    def put_versions(self, key, contents):
        self.client.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        return [self.client.put_object(Bucket=self.bucket, Key=key, Body=each)["VersionId"] for each in contents]

    def rclone_remote(self):
        return "seed"

    def rclone_environment(self):
        values = {
            "type": "s3", "provider": "Other", "endpoint": f"http://127.0.0.1:{self.partner.port}",
            "region": self.region, "access_key_id": self.partner.access_key,
            "secret_access_key": self.partner.secret_key, "no_check_bucket": "true"}
        return {f"RCLONE_CONFIG_SEED_{name.upper()}": value for name, value in values.items()}

    def unfinished_uploads(self):
        return self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])

    def request_key(self, request):
        path = urllib.parse.unquote(request.path)
        return path.removeprefix(f"/{self.bucket}/") if path.startswith(f"/{self.bucket}/") else None

    def listings(self):
        return [r for r in self.relay.matching("GET") if "list-type=2" in r.query_text and r.status == 200]


def error(status, code, message):
    return Answer(
        status, f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message>'
        "<RequestId>1</RequestId></Error>")


def hocon(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


class MinIOStore(S3Store):
    name = "minio"
    partner_type = MinIO
    lacks = {
        "versions": "the gateway keeps none",
        "denial": "the gateway knows one user, who may do everything",
        "sessions": "the gateway issues no session credentials",
        "strange": "the gateway takes no such names",
    }


class RadosgwStore(S3Store):
    name = "radosgw"
    partner_type = Radosgw
    lacks = {"sessions": "sessions are checked with moto's STS"}

    def denied_configuration(self):
        return self.configuration(key=self.partner.other_access_key, secret=self.partner.other_secret_key)

    @property
    def secrets(self):
        return [self.partner.secret_key, self.partner.other_secret_key]


class MotoStore(S3Store):
    name = "moto"
    partner_type = Moto
    lacks = {"denial": "checked with radosgw's second user"}


class RcloneStore(S3Store):
    name = "rclone"
    partner_type = RcloneS3

    lacks = {
        "ranges": "it answers a range with 200",
        "versions": "it keeps none",
        "denial": "it knows one user, who may do everything",
        "sessions": "it issues no session credentials",
        "strange": "it takes no such names",
        "markers": "it has folders of its own",
        "anonymous": "it calls an unsigned request malformed",
    }
