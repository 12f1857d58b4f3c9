"""`rclone serve s3` over a folder: an odd server. A range is answered with 200 and Content-Range; If-Match is ignored."""

from .process import Partner, accepts, free_port, program


class RcloneS3(Partner):
    access_key = "rclone-user"
    secret_key = "rclone/secret+key=for-tests"
    region = "us-east-1"

    def start(self):
        self.port = free_port()
        (self.folder / "files").mkdir()
        self.launch(
            program("rclone"), "serve", "s3", "--addr", f"127.0.0.1:{self.port}",
            "--auth-key", f"{self.access_key},{self.secret_key}", "--config", self.folder / "rclone.conf",
            self.folder / "files", ready=lambda: accepts(self.port))
