"""Rows against ClearML's own SDK: `StorageManager.get_local_copy` in 16 threads."""

import subprocess

import data
import sites
import work
from measure import QUICK, TOOLS, Peer

SMALL = 200 if QUICK else 1_000

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from clearml import StorageManager
from clearml.config import config
# Its parser does not bear to be called by several threads at once.
config.get("storage", None)
with ThreadPoolExecutor(16) as pool:
    copies = list(pool.map(lambda url: StorageManager.get_local_copy(url), sys.stdin.read().split()))
assert all(copies), "a download failed"
"""


def measure(bench):
    with sites.nginx(bench) as (site, _):
        www = bench.root / "www"
        program = bench.root / "sdk.py"
        program.write_text(PROGRAM)
        data.large(www / "large.bin")
        compare(bench, f"{data.LARGE >> 20} MiB", [f"{site}/large.bin"], 1 / 5, work.large())
        (www / "large.bin").unlink()
        data.small(www / "small", SMALL)
        compare(bench, f"{SMALL:,} small files", [f"{site}/small/{number:05}.bin" for number in range(SMALL)], 1 / 30,
                work.small(SMALL))
        data.tree(bench.root / "tree")
        data.tar(bench.root / "tree", www / "tree.tar")
        subprocess.run(["pigz", "-6", str(www / "tree.tar")], check=True)
        compare(bench, "the tar.gz", [f"{site}/tree.tar.gz"], 1 / 5,
                work.archive((www / "tree.tar.gz").stat().st_size, work.Need("inflate", serial=True)))
    bench.forget("www", "nginx", "tree", "sdk.py", "sdk.urls", "sdk-cache")


def compare(bench, what, urls, target, needs):
    entries = "".join(f"  - {{name: e{number}, url: '{url}'}}\n" for number, url in enumerate(urls))
    manifest = bench.write_manifest("sdk.yaml", "version: 1\nartifacts:\n" + entries)
    (bench.root / "sdk.urls").write_text("\n".join(urls))
    command = f"{TOOLS}/python {bench.root}/sdk.py < {bench.root}/sdk.urls"
    environment = {"CLEARML_OFFLINE_MODE": "1", "CLEARML_CACHE_DIR": str(bench.root / "sdk-cache")}
    bench.compare(
        f"against ClearML's SDK: {what}", bench.pull(manifest),
        [Peer("get_local_copy, 16 threads", ["sh", "-c", command], target, environment)],
        clean=lambda: bench.forget_run(manifest), clean_peer=lambda: bench.forget("sdk-cache"), pairs=1 if QUICK else 3,
        needs=needs, cold=manifest)
    bench.forget_run(manifest)
