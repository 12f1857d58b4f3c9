"""What the kernel and one core alone need for the same bytes, measured in the same run."""

import subprocess

import data
import sites
from measure import PAIRS


def measure(bench):
    with sites.nginx(bench) as (site, _):
        www = bench.root / "www"
        data.large(www / "large.bin")
        size = f"{data.LARGE >> 20} MiB"
        floor(bench, f"loopback: {size} from nginx to nowhere", ["curl", "-sfo", "/dev/null", f"{site}/large.bin"])
        floor(bench, f"write: {size} to tmpfs",
              ["dd", "if=/dev/zero", f"of={bench.root}/out", "bs=1M", f"count={data.LARGE >> 20}", "status=none"])
        floor(bench, f"SHA-256 of {size}, one core", ["openssl", "dgst", "-sha256", www / "large.bin"])
        (www / "large.bin").unlink()
        data.tree(bench.root / "tree")
        data.tar(bench.root / "tree", www / "tree.tar")
        subprocess.run(["pigz", "-6", str(www / "tree.tar")], check=True)
        floor(bench, "inflate: the tar.gz, one thread of zlib", ["pigz", "-dcp1", www / "tree.tar.gz"])
        floor(bench, f"link: {data.MEMBERS:,} files", ["cp", "-al", bench.root / "tree", bench.root / "out"])
    bench.forget("www", "nginx", "tree", "out")


def floor(bench, what, command):
    times = []
    for _ in range(PAIRS):
        bench.forget("out")
        times.append(bench.run(command)[0])
    bench.floors.append((what, times))
