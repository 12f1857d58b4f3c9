"""Times `clearml-sync` against peers doing the same work, in turn (A B A B …), on tmpfs, and writes docs/performance.md.

Every figure is a median with its range; every claim is a ratio of two medians of one run. Both sides' bytes are compared.
"""

import datetime
import filecmp
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = str(TOP / ".build/release/clearml-sync")
QUICK = os.environ.get("QUICK") == "1"
PAIRS = 3 if QUICK else 5
LARGE = (256 if QUICK else 1024) << 20
SMALL = 2_000 if QUICK else 10_000


class Bench:
    def __init__(self):
        base = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="clearml-sync-bench-", dir=base))
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "CLEARML_CACHE_DIR": str(self.root / "cache"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self.rows = []

    def serve(self):
        www = self.root / "www"
        (www / "small").mkdir(parents=True)
        with open(www / "large.bin", "wb") as file:
            block = os.urandom(16 << 20)
            for number in range(LARGE // len(block)):
                file.write(number.to_bytes(8, "big") + block[8:])
        for number in range(SMALL):
            (www / "small" / f"{number:05}.bin").write_bytes(os.urandom(16 << 10))
        configuration = self.root / "nginx.conf"
        configuration.write_text(
            # The folder is private: as root, nginx would give its worker to somebody who may not enter.
            f"{'user root;' if os.geteuid() == 0 else ''} daemon off; worker_processes 1; pid {self.root}/nginx.pid; error_log {self.root}/error.log;\n"
            "events { worker_connections 1024; }\n"
            "http { access_log off; sendfile on; keepalive_requests 1000000;\n"
            f"  client_body_temp_path {self.root}/t1; proxy_temp_path {self.root}/t2; fastcgi_temp_path {self.root}/t3;\n"
            f"  uwsgi_temp_path {self.root}/t4; scgi_temp_path {self.root}/t5;\n"
            f"  server {{ listen 127.0.0.1:18099; root {www}; }} }}\n"
        )
        self.nginx = subprocess.Popen(["nginx", "-c", str(configuration)], stderr=subprocess.DEVNULL)
        for _ in range(100):
            if subprocess.run(["curl", "-sfo", "/dev/null", "http://127.0.0.1:18099/small/00000.bin"]).returncode == 0:
                return
            time.sleep(0.05)
        raise SystemExit("nginx did not start")

    def close(self):
        self.nginx.terminate()
        self.nginx.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, command):
        """Seconds and peak resident KiB of one process; measured by time(1), since a fork of this one would begin large."""
        done = subprocess.run(
            ["/usr/bin/time", "-f", "%e %M", "-o", str(self.root / "time"), *command],
            env=self.environment, cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        if done.returncode != 0:
            raise SystemExit(f"{command}: exit {done.returncode}\n{done.stderr.decode()}")
        seconds, peak = (self.root / "time").read_text().split()
        return float(seconds), int(peak)

    def forget(self, *names):
        for name in names:
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()

    def pull(self, manifest):
        return [BINARY, "pull", str(manifest), "--workspace", str(self.root / "ours")]

    def pair(self, task, ours, theirs, clean, check):
        """Both commands in turn; `clean` before each, `check` after each pair."""
        a, b, memory = [], [], 0
        for _ in range(PAIRS):
            clean()
            seconds, peak = self.run(ours)
            a.append(seconds)
            memory = max(memory, peak)
            if theirs:
                b.append(self.run(theirs)[0])
            check()
        self.rows.append((task, a, b, memory, theirs))
        shown = f"{statistics.median(a):.2f} s"
        if b:
            shown += f", peer {statistics.median(b):.2f} s, ratio {statistics.median(a) / statistics.median(b):.2f}"
        print(f"{task}: {shown}, peak {memory >> 10} MiB", flush=True)


def write_manifest(path, entries):
    path.write_text("version: 1\n" + entries)
    return path


def large(bench):
    manifest = write_manifest(
        bench.root / "large.yaml", "artifacts:\n  - {name: large, url: 'http://127.0.0.1:18099/large.bin'}\n"
    )
    output = bench.root / "theirs.bin"

    def check():
        placed = bench.root / "ours/artifacts/large/large.bin"
        assert filecmp.cmp(placed, output, shallow=False), "the two sides differ"

    bench.pair(
        f"{LARGE >> 20} MiB over HTTP, cold: SHA-256, committed, linked",
        bench.pull(manifest),
        ["curl", "-sfo", str(output), "http://127.0.0.1:18099/large.bin"],
        lambda: bench.forget("cache", "ours", "large.lock", "theirs.bin"),
        check,
    )
    bench.forget("cache", "ours", "large.lock", "theirs.bin")


def small(bench):
    last = f"{SMALL - 1:05}"
    manifest = write_manifest(
        bench.root / "small.yaml",
        f"datasets:\n  - {{name: small, url: 'http://127.0.0.1:18099/small/{{00000..{last}}}.bin'}}\n",
    )
    theirs = bench.root / "theirs"

    def clean():
        bench.forget("cache", "ours", "small.lock", "small.lock.d", "theirs")
        theirs.mkdir()

    def check():
        names = [f"{number:05}.bin" for number in range(SMALL)]
        _, mismatch, errors = filecmp.cmpfiles(bench.root / "ours/datasets/small", theirs, names, shallow=False)
        assert not mismatch and not errors, "the two sides differ"

    bench.pair(
        f"{SMALL:,} objects of 16 KiB over HTTP, cold: each hashed, in the cache, indexed, linked",
        bench.pull(manifest),
        ["curl", "-sfZ", "--parallel-max", "64", "-o", f"{theirs}/#1.bin", f"http://127.0.0.1:18099/small/[00000-{last}].bin"],
        clean,
        check,
    )
    bench.pair(
        f"the same again, locked, with nothing to do: {SMALL:,} objects of one entry",
        bench.pull(manifest), None, lambda: None, lambda: None,
    )
    bench.forget("cache", "ours", "small.lock", "small.lock.d", "theirs")


def noop(bench):
    source = bench.root / "source"
    for count in [1_000, 10_000] + ([] if QUICK else [100_000]):
        source.mkdir()
        lines = []
        for number in range(count):
            (source / f"{number}.txt").write_text(f"{number}\n")
            lines.append(f"  - {{name: e{number}, url: ./source/{number}.txt, access: cache}}\n")
        manifest = write_manifest(bench.root / "noop.yaml", "artifacts:\n" + "".join(lines))
        bench.run(bench.pull(manifest))
        bench.pair(
            f"locked pull with nothing to do, {count:,} entries", bench.pull(manifest), None, lambda: None, lambda: None
        )
        bench.forget("cache", "ours", "noop.lock", "source")


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores ({model}), Linux {platform.release()}"


def version(command):
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]


def report(bench):
    lines = [
        "# Performance",
        "",
        f"Written by `make bench{' QUICK=1' if QUICK else ''}` on {datetime.date.today()}: {machine()}; data, cache and workspace on tmpfs; nginx on",
        f"loopback; {version(['curl', '--version']).split('(')[0].strip()}. Medians of {PAIRS} runs in turn, with their range. The peer verifies nothing and",
        "keeps no cache; what both wrote was compared byte for byte.",
        "",
        "| task | clearml-sync | peer | ratio | peak memory |",
        "|---|---|---|---|---|",
    ]
    for task, a, b, memory, theirs in bench.rows:
        ours = f"{statistics.median(a):.2f} s ({min(a):.2f}–{max(a):.2f})"
        peer = f"`{theirs[0]} {theirs[1]}` {statistics.median(b):.2f} s ({min(b):.2f}–{max(b):.2f})" if b else "–"
        ratio = f"{statistics.median(a) / statistics.median(b):.2f}" if b else "–"
        lines.append(f"| {task} | {ours} | {peer} | {ratio} | {memory / 1024:.0f} MiB |")
    notes = TOP / "docs/performance-notes.md"
    if notes.exists():
        lines += ["", notes.read_text().rstrip()]
    (TOP / "docs/performance.md").write_text("\n".join(lines) + "\n")


def main():
    bench = Bench()
    try:
        bench.serve()
        large(bench)
        small(bench)
        noop(bench)
        if "--no-report" not in sys.argv:
            report(bench)
    finally:
        bench.close()


main()
