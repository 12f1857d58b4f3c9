"""Rows without a server: start-up, and what a run costs that has nothing to do."""

from measure import BINARY, QUICK


def measure(bench):
    bench.compare("start-up: --version", [BINARY, "--version"], limit=0.010, repeat=20)
    entries(bench, 1, limit=0.020, repeat=20)
    entries(bench, 10_000, limit=0.040, repeat=3)
    if not QUICK:
        entries(bench, 100_000, limit=None, repeat=1)


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
    bench.compare(f"locked, with nothing to do: {count:,} {'entries' if count > 1 else 'entry'}", bench.pull(manifest),
                  limit=limit, repeat=repeat)
    bench.forget_run(manifest)
    bench.forget("source")
