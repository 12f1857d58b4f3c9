"""Rows over HTTP: one large object, many small ones, and servers that are slow in their own ways."""

import filecmp
import json

import data
import floors
import sites
import work
from measure import QUICK, Peer, same_files


def measure(bench):
    with sites.nginx(bench) as (plain, limited):
        www = bench.root / "www"
        data.large(www / "large.bin")
        large(bench, plain)
        slow_connections(bench, limited)
        (www / "large.bin").unlink()
        if not QUICK:
            memory(bench, plain)
        data.small(www / "small")
        for kind in ("json", "yaml"):
            small(bench, plain, kind)
        with sites.late(www / "small") as late:
            late_answers(bench, late)
    bench.forget("www", "nginx")


def large(bench, site):
    manifest = bench.write_manifest(
        "large.yaml", f"version: 1\nartifacts:\n  - {{name: large, url: '{site}/large.bin'}}\n")
    output = bench.root / "theirs.bin"
    with open(bench.root / "www/large.bin", "rb") as file:
        import hashlib
        digest = hashlib.file_digest(file, "sha256").hexdigest()

    def check():
        if not filecmp.cmp(bench.root / "ours/artifacts/large/large.bin", output, shallow=False):
            raise SystemExit("the two sides differ")

    bench.compare(
        f"{data.LARGE >> 20} MiB over HTTP, cold: SHA-256 verified, committed, linked", bench.pull(manifest),
        [Peer("rclone copyurl", ["rclone", "copyurl", f"{site}/large.bin", output], 1.1),
         Peer("aria2c -x16 --checksum",
              ["aria2c", "-q", "-x16", "-s16", "--file-allocation=none", f"--checksum=sha-256={digest}", "-d", bench.root,
               "-o", "theirs.bin", f"{site}/large.bin"], 0.45)],
        clean=lambda: (bench.forget_run(manifest), bench.forget("theirs.bin")),
        clean_peer=lambda: bench.forget("theirs.bin"), check=check, needs=work.large(), cold=manifest)
    bench.forget_run(manifest)
    bench.forget("theirs.bin")


def slow_connections(bench, site):
    floors.given(bench, "pace", f"{data.LARGE >> 20} MiB over 64 connections at 20 MiB/s", data.LARGE / (64 * 20 << 20))
    manifest = bench.write_manifest(
        "limited.yaml", f"version: 1\nartifacts:\n  - {{name: large, url: '{site}/large.bin'}}\n")
    bench.compare(
        f"{data.LARGE >> 20} MiB from a server that gives each connection 20 MB/s, no settings given", bench.pull(manifest),
        clean=lambda: bench.forget_run(manifest), limit=data.LARGE / 288e6, pairs=1 if QUICK else 3,
        needs=[*work.large(), work.Need("pace", serial=True)], cold=manifest)
    bench.forget_run(manifest)


def memory(bench, site):
    with open(bench.root / "www/huge.bin", "wb") as file:
        file.truncate(8 << 30)
    manifest = bench.write_manifest(
        "huge.yaml", f"version: 1\nartifacts:\n  - {{name: huge, url: '{site}/huge.bin'}}\n")
    bench.compare("8 GiB over HTTP, for the memory", bench.pull(manifest), clean=lambda: bench.forget_run(manifest), pairs=1,
                  needs=work.large(8 << 30), cold=manifest)
    bench.forget_run(manifest)
    (bench.root / "www/huge.bin").unlink()


def small(bench, site, kind):
    urls = [f"{site}/small/{number:05}.bin" for number in range(data.SMALL)]
    if kind == "json":
        entries = [{"name": f"e{number}", "url": url} for number, url in enumerate(urls)]
        manifest = bench.write_manifest("small.json", json.dumps({"version": 1, "artifacts": entries}))
    else:
        lines = "".join(f"  - name: e{number}\n    url: {url}\n" for number, url in enumerate(urls))
        manifest = bench.write_manifest("small.yaml", "version: 1\nartifacts:\n" + lines)
    theirs = bench.root / "theirs"

    def clean_peer():
        bench.forget("theirs")
        theirs.mkdir()

    def check():
        for number in range(data.SMALL):
            name = f"{number:05}.bin"
            if not filecmp.cmp(bench.root / f"ours/artifacts/e{number}/{name}", theirs / name, shallow=False):
                raise SystemExit(f"{name} differs")

    last = f"{data.SMALL - 1:05}"
    allowed = {"json": (0.9, 0.4), "yaml": (1.2, 0.5)}[kind]
    bench.compare(
        f"{data.SMALL:,} × 16 KiB over HTTP, cold: each hashed, in the cache, indexed, linked; manifest as {kind.upper()}",
        bench.pull(manifest),
        [Peer("curl -Z --parallel-max 64",
              ["curl", "-sfZ", "--parallel-max", "64", "-o", f"{theirs}/#1.bin", f"{site}/small/[00000-{last}].bin"],
              allowed[0]),
         Peer("rclone copy --transfers 64",
              ["rclone", "copy", "--transfers", "64", "--checkers", "64", "--http-url", site, ":http:small", theirs],
              allowed[1])],
        clean=lambda: bench.forget_run(manifest), clean_peer=clean_peer, check=check, needs=work.small(data.SMALL),
        cold=manifest)
    bench.compare(
        f"the same again, locked, with nothing to do: {data.SMALL:,} entries as {kind.upper()}", bench.pull(manifest),
        [Peer("rclone copy, nothing to do",
              ["rclone", "copy", "--transfers", "64", "--checkers", "64", "--http-url", site, ":http:small", theirs],
              1 / 12)],
        limit=None if kind == "json" else 0.040, clean_peer=lambda: None, repeat=3, needs=work.names(data.SMALL))
    bench.forget_run(manifest)
    members = bench.write_manifest(
        "members.yaml",
        f"version: 1\ndatasets:\n  - {{name: small, url: '{site}/small/{{00000..{last}}}.bin'}}\n")
    if kind == "yaml":
        bench.run(bench.pull(members))
        same_files(bench.root / "ours/datasets/small", theirs)
        bench.compare(f"locked, with nothing to do: {data.SMALL:,} objects of one entry", bench.pull(members),
                      limit=0.030, repeat=3, needs=work.names(data.SMALL))
        bench.forget_run(members)
    bench.forget("theirs")


def late_answers(bench, site):
    count = min(data.SMALL, 2_000)
    floors.given(bench, "answers", f"{count:,} over 64 connections, 50 ms each", count * 0.050 / 64)
    theirs = bench.root / "theirs"

    def clean_peer():
        bench.forget("theirs")
        theirs.mkdir()

    manifest = bench.write_manifest(
        "late.yaml", f"version: 1\ndatasets:\n  - {{name: late, url: '{site}/{{00000..{count - 1:05}}}.bin'}}\n")
    bench.compare(
        f"{count:,} small objects from a server that answers after 50 ms, no settings given", bench.pull(manifest),
        # What 64 connections can bring from this server, which has work of its own to do.
        [Peer("curl -Z --parallel-max 64",
              ["curl", "-sfZ", "--parallel-max", "64", "-o", f"{theirs}/#1.bin", f"{site}/[00000-{count - 1:05}].bin"], 1)],
        clean=lambda: bench.forget_run(manifest), clean_peer=clean_peer, limit=1.9 * count / 2_000, pairs=1 if QUICK else 3,
        needs=[*work.small(count), work.Need("answers", serial=True)], cold=manifest)
    bench.forget_run(manifest)
    bench.forget("theirs")
