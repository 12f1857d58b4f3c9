"""What the kernel and one core alone need for the same bytes, measured in the same run.

A row's work is made of parts. It cannot take less than the longest of them, nor than the processor time of all of them shared among
the processors; what servers take of the same processors comes on top and is left out.
"""

import dataclasses
import os
import statistics
import subprocess

import data
import sites
from measure import PAIRS

LARGE = ("fetch", "write", "hash")
SMALL = ("fetch small", "write small", "hash small", "link small")
TREE = {kind: (f"inflate {kind}", "write tree", "hash tree", "link") for kind in ("tar.gz", "tar.zst", "zip")}


@dataclasses.dataclass
class Floor:
    shown: str
    seconds: list
    processor: list


def of(bench, work):
    """Seconds that work of these parts takes at least; `None` where nothing was measured for it."""
    parts = [bench.floors[name] for name in work if name in bench.floors]
    if not parts:
        return None
    longest = max(statistics.median(part.seconds) for part in parts)
    return max(longest, sum(statistics.median(part.processor) for part in parts) / os.cpu_count())


def measure(bench):
    with sites.nginx(bench) as (site, _):
        www = bench.root / "www"
        large(bench, www, site)
        small(bench, www, site)
        tree(bench)
        floor(bench, "start", "start a process, ten libraries", ["openssl", "version"], repeat=20)
    bench.forget("www", "nginx", "tree", "tree.tar", "tree.tar.gz", "tree.tar.zst", "out")


def large(bench, www, site):
    data.large(www / "large.bin")
    size = f"{data.LARGE >> 20} MiB"
    floor(bench, "fetch", f"loopback: {size} from nginx to nowhere", ["curl", "-sfo", "/dev/null", f"{site}/large.bin"])
    floor(bench, "write", f"write: {size} to tmpfs",
          ["dd", "if=/dev/zero", f"of={bench.root}/out", "bs=1M", f"count={data.LARGE >> 20}", "status=none"])
    floor(bench, "hash", f"SHA-256 of {size}, one core", ["openssl", "dgst", "-sha256", www / "large.bin"])
    (www / "large.bin").unlink()


def small(bench, www, site):
    data.small(www / "small")
    count = f"{data.SMALL:,} × 16 KiB"
    data.large(bench.root / "whole", data.SMALL * (16 << 10) + (16 << 20) - 1)
    os.truncate(bench.root / "whole", data.SMALL * (16 << 10))
    floor(bench, "fetch small", f"loopback: {count} from nginx to nowhere",
          ["curl", "-sfZ", "--parallel-max", "64", "-o", "/dev/null", f"{site}/small/[00000-{data.SMALL - 1:05}].bin"])
    floor(bench, "write small", f"write: {count} to tmpfs",
          ["sh", "-c", f"mkdir {bench.root}/out && split -a 4 -b 16384 {bench.root}/whole {bench.root}/out/"])
    floor(bench, "hash small", f"SHA-256 of {count}, one core", ["openssl", "dgst", "-sha256", bench.root / "whole"])
    floor(bench, "link small", f"link: {data.SMALL:,} files", ["cp", "-al", www / "small", bench.root / "out"])
    floor(bench, "look", f"stat: {data.SMALL:,} files", ["find", www / "small", "-newermt", "2100-01-01"], repeat=3)
    bench.forget("whole")


def tree(bench):
    whole = bench.root / "tree.tar"
    data.tree(bench.root / "tree")
    data.tar(bench.root / "tree", whole)
    subprocess.run(["pigz", "-k", "-6", whole], check=True)
    subprocess.run(["zstd", "-q", "-k", "-3", "-T0", whole], check=True)
    floor(bench, "inflate tar.gz", "inflate: the tar.gz, one thread of ISA-L", ["sh", "-c", f"igzip -dc < {whole}.gz > /dev/null"])
    # The same bytes; its members are inflated side by side.
    bench.floors["inflate zip"] = dataclasses.replace(
        bench.floors["inflate tar.gz"], shown="inflate: the zip, all processors",
        seconds=[each / os.cpu_count() for each in bench.floors["inflate tar.gz"].seconds])
    floor(bench, "inflate zlib", "for comparison: the tar.gz, one thread of zlib", ["pigz", "-dcp1", f"{whole}.gz"])
    floor(bench, "inflate tar.zst", "decompress: the tar.zst, one thread", ["zstd", "-dqcT1", f"{whole}.zst"])
    floor(bench, "write tree", f"write: {data.MEMBERS:,} files of {data.MEMBER:,} bytes to tmpfs",
          ["sh", "-c", f"mkdir {bench.root}/out && split -a 4 -b {data.MEMBER} {whole} {bench.root}/out/"])
    floor(bench, "hash tree", "SHA-256 of these, one core", ["openssl", "dgst", "-sha256", whole])
    floor(bench, "link", f"link: {data.MEMBERS:,} files", ["cp", "-al", bench.root / "tree", bench.root / "out"])


def floor(bench, name, shown, command, repeat=1):
    seconds, processor = [], []
    for _ in range(PAIRS):
        bench.forget("out")
        spent = bench.run(command, repeat=repeat)
        seconds.append(spent.seconds)
        processor.append(spent.processor)
    bench.floors[name] = Floor(shown, seconds, processor)
