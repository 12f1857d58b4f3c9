"""Runs commands in turn and keeps their times: every figure is a median with its range, every claim a ratio of one run."""

import dataclasses
import os
import pathlib
import shlex
import shutil
import statistics
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = str(TOP / ".build/release/clearml-sync")
TOOLS = TOP / ".venv/bin"
QUICK = os.environ.get("QUICK") == "1"
PAIRS = 2 if QUICK else 5


@dataclasses.dataclass
class Peer:
    name: str
    command: list
    #: The most that our time may be of its time.
    target: float
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Row:
    task: str
    ours: list
    peers: list  # of (Peer, its seconds)
    memory: int  # KiB
    #: The most seconds it may take, where the target is not a ratio.
    limit: float | None = None
    #: What floors.py computes the floor from.
    needs: list = dataclasses.field(default_factory=list)
    #: KiB that a run takes which only reads the manifest, for a cold pull.
    manifest: int | None = None

    @property
    def seconds(self):
        return statistics.median(self.ours)

    def ratio(self, seconds):
        return self.seconds / statistics.median(seconds)


class Bench:
    """A folder on tmpfs with everything in it, and the rows so far."""

    def __init__(self):
        self.rows = []
        self.parts = {}

    def __enter__(self):
        base = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="clearml-sync-bench-", dir=base))
        self.environment = {
            "PATH": f"{TOOLS}:{os.environ['PATH']}:/usr/sbin",
            "HOME": str(self.root),
            "LC_ALL": "C.UTF-8",
            "CLEARML_CACHE_DIR": str(self.root / "cache"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def run(self, command, environment=None, repeat=1):
        """Seconds and peak resident KiB; measured by time(1), since a fork of this process would begin large.

        A short command is run many times in a row by a shell, and its share of that is told.
        """
        command = [str(word) for word in command]
        if repeat > 1:
            command = ["sh", "-c", f"i=0; while [ $i -lt {repeat} ]; do {shlex.join(command)} || exit; i=$((i+1)); done"]
        done = subprocess.run(
            ["/usr/bin/time", "-f", "%e %M", "-o", str(self.root / "time"), *command],
            env={**self.environment, **(environment or {})}, cwd=self.root, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise SystemExit(f"{shlex.join(command)}: exit {done.returncode}\n{done.stderr.decode()[-2000:]}")
        seconds, peak = (self.root / "time").read_text().split()
        return float(seconds) / repeat, int(peak)

    def forget(self, *names):
        for name in names:
            path = self.root / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.exists() or path.is_symlink():
                path.unlink()

    def forget_run(self, manifest):
        """All that a pull leaves, so that the next one is cold."""
        stem = pathlib.Path(manifest).name.rsplit(".", 1)[0]
        self.forget("cache", "ours", *(f"{stem}{suffix}" for suffix in (".lock", ".lock.d", ".json.lock", ".json.lock.d")))

    def pull(self, manifest, *flags):
        return [BINARY, "pull", str(manifest), "--workspace", str(self.root / "ours"), *flags]

    def compare(self, task, ours, peers=(), clean=lambda: None, clean_peer=None, check=lambda: None, repeat=1, limit=None,
                pairs=None, environment=None, needs=(), cold=None):
        """All commands in turn; `clean` before ours, `clean_peer` before each peer, `check` after each round.

        `cold` is the manifest of a cold pull.
        """
        times, memory = [], 0
        if cold:
            clean()
            reading = self.reading(cold)
        others = [(peer, []) for peer in peers]
        for _ in range(pairs or PAIRS):
            clean()
            seconds, peak = self.run(ours, environment, repeat)
            times.append(seconds)
            memory = max(memory, peak)
            for peer, seconds in others:
                (clean_peer or clean)()
                seconds.append(self.run(peer.command, peer.environment, repeat)[0])
            check()
        row = Row(task, times, others, memory, limit, list(needs), reading if cold else None)
        self.rows.append(row)
        shown = "; ".join(f"{peer.name} {statistics.median(s):.3f} s, ratio {row.ratio(s):.2f} (≤ {peer.target})"
                          for peer, s in others)
        print(f"{task}: {row.seconds:.3f} s; {shown}; peak {memory >> 10} MiB", flush=True)

    def reading(self, manifest):
        """Peak resident KiB of reading a manifest: `path` does that, and tells that nothing is there (3)."""
        words = [BINARY, "path", str(manifest), "--workspace", str(self.root / "ours")]
        return self.run(["sh", "-c", f"{shlex.join(words)}; [ $? = 3 ]"])[1]

    def write_manifest(self, name, text):
        path = self.root / name
        path.write_text(text)
        return path


def same_files(left, right):
    """Whether two folders hold the same files with the same bytes; our own state aside."""
    def names(folder):
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                      if path.is_file() and ".clearml-sync" not in path.parts)
    mine, theirs = names(left), names(right)
    if mine != theirs:
        raise SystemExit(f"{left} has {len(mine)} files, {right} {len(theirs)}: not the same names")
    for name in mine:
        with open(left / name, "rb") as one, open(right / name, "rb") as other:
            while True:
                block = one.read(1 << 20)
                if block != other.read(1 << 20):
                    raise SystemExit(f"{name} differs between {left} and {right}")
                if not block:
                    break
