"""MinIO, as the JuiceFS gateway embeds it: the first S3 partner. Checks SigV4, presigned URLs and the clock."""

import http.client

from .process import Partner, accepts, clean_environment, free_port, program


class MinIO(Partner):
    access_key = "minio-user"
    secret_key = "minio/secret+key=for-tests"
    region = "us-east-1"

    def start(self):
        self.port = free_port()
        metadata = f"sqlite3://{self.folder}/meta.db?_synchronous=OFF"
        self.run(
            program("juicefs"), "format", "--storage", "file", "--bucket", f"{self.folder}/data/", "--trash-days", "0",
            metadata, "vol")
        self.launch(
            program("juicefs"), "gateway", "--multi-buckets", "--keep-etag", "--object-meta", "--object-tag",
            "--no-bgjob", "--no-banner", "--backup-meta", "0", "--cache-dir", self.folder / "cache",
            "--log", self.folder / "gateway.log", "--domain", "s3.localhost", metadata, f"127.0.0.1:{self.port}",
            environment=clean_environment(
                HOME=str(self.folder), MINIO_ROOT_USER=self.access_key, MINIO_ROOT_PASSWORD=self.secret_key),
            ready=self._is_live)

    def _is_live(self):
        if not accepts(self.port):
            return False
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/minio/health/live")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
