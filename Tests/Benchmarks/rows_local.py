"""Rows without a server: start-up, reading a manifest, and what a run costs that has nothing to do."""

import os

import work
from measure import BINARY, QUICK


def measure(bench):
    bench.compare("start-up: --version", [BINARY, "--version"], limit=0.010, repeat=20, needs=[work.Need("start", serial=True)])
    reading(bench, 10_000)
    entries(bench, 1, limit=0.020, repeat=20)
    entries(bench, 10_000, limit=0.040, repeat=3)
    objects(bench, 10_000, limit=0.030, repeat=3)
    if not QUICK:
        entries(bench, 100_000, limit=None, repeat=1)
        objects(bench, 1_000_000, limit=3, repeat=1)


def reading(bench, count):
    """`path` reads the whole manifest and tells of one entry that it is not there (3)."""
    lines = [f"  - name: e{number}\n    url: https://files.example.org/data/{number:05}.bin\n" for number in range(count)]
    manifest = bench.write_manifest("unseen.yaml", "version: 1\nartifacts:\n" + "".join(lines))
    bench.compare(f"reading {count:,} entries, YAML", ["sh", "-c", f"{BINARY} path {manifest} e7; [ $? = 3 ]"], limit=0.250,
                  repeat=3)
    bench.forget_run(manifest)


def entries(bench, count, limit, repeat):
    """Local files, copied into the cache: no server is started for what sends no request anyway."""
    source = bench.root / "source"
    source.mkdir()
    lines = []
    for number in range(count):
        (source / f"{number}.txt").write_text(f"{number}\n")
        lines.append(f"  - {{name: e{number}, url: ./source/{number}.txt, access: cache}}\n")
    manifest = bench.write_manifest("noop.yaml", "version: 1\nartifacts:\n" + "".join(lines))
    bench.run(bench.pull(manifest))
    # Both ends of each are looked at: where it comes from, and where it was placed.
    bench.compare(f"locked, with nothing to do: {count:,} {'entries' if count > 1 else 'entry'}", bench.pull(manifest),
                  limit=limit, repeat=repeat, needs=work.names(2 * count))
    bench.forget_run(manifest)
    bench.forget("source")


def objects(bench, count, limit, repeat):
    """One entry for a folder of files, 1,000 in a folder. Its files have 1,000 contents, by hard links: a million of their own
    would take 8 GiB of memory as source and cache."""
    source = bench.root / "source"
    first = source / "0000"
    first.mkdir(parents=True)
    for number in range(1_000):
        (first / f"{number:03}.txt").write_text(f"{number}\n")
    for folder in range(1, count // 1_000):
        place = source / f"{folder:04}"
        place.mkdir()
        for number in range(1_000):
            os.link(first / f"{number:03}.txt", place / f"{number:03}.txt")
    manifest = bench.write_manifest(
        "objects.yaml", "version: 1\ndatasets:\n  - {name: all, url: ./source/, access: cache}\n")
    bench.compare(f"the first pull of {count:,} local objects under one prefix", bench.pull(manifest), pairs=1, cold=manifest)
    bench.compare(f"locked, with nothing to do: {count:,} objects under one prefix", bench.pull(manifest), limit=limit,
                  repeat=repeat, needs=work.names(count))
    bench.forget_run(manifest)
    bench.forget("source")
