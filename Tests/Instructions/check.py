"""Counts instructions of the release binary on its hot paths (valgrind's callgrind) and fails above a budget.

Times say little on a machine that others use, too; counts repeat within a percent. A budget has a quarter to spare above what was
counted when it was set. Whoever makes a path cheaper lowers its budget; whoever raises one says why in docs/decisions.
Closes with `N passed, N failed`.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]

#: Instructions of a run, or for each entry or object of the path.
BUDGETS = {
    "--version": 8_900_000,
    "planning 10,000 entries": 92_000,
    "locked, nothing to do: 1 entry": 46_500_000,
    "locked, nothing to do: each further entry": 10_000,
    "one small object from server to workspace": 1_030_000,
}


class Scene:
    def __init__(self, folder):
        self.folder = folder
        self.binary = folder / "clearml-sync"
        # valgrind gives up on the debug information of some toolchains.
        subprocess.run(["strip", "--strip-debug", "-o", self.binary, TOP / ".build/release/clearml-sync"], check=True)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8",
            "CLEARML_CACHE_DIR": str(folder / "cache"), "AWS_EC2_METADATA_DISABLED": "true"}

    def manifest(self, name, entries):
        path = self.folder / name
        path.write_text(json.dumps({"version": 1, "artifacts": entries}))
        return path

    def pull(self, manifest, *flags):
        return [str(self.binary), "pull", str(manifest), "--workspace", str(self.folder / "workspace"), *flags]

    def run(self, command):
        subprocess.run(command, env=self.environment, check=True, capture_output=True, timeout=600)

    def count(self, command):
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], env=self.environment,
            capture_output=True, text=True, timeout=1800)
        found = re.search(r"Collected : (\d+)", done.stderr)
        if done.returncode != 0 or not found:
            raise SystemExit(f"{' '.join(command)} failed under valgrind:\n{done.stderr[-2000:]}")
        return int(found.group(1))

    def forget(self):
        for name in ("cache", "workspace"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for lock in self.folder.glob("*.lock*"):
            lock.unlink()


def planning(scene):
    manifest = scene.manifest(
        "planning.json", [{"name": f"e{n}", "url": f"https://files.example.org/data/{n:05}.bin"} for n in range(10_000)])
    return scene.count(scene.pull(manifest, "--dry-run", "--offline")) // 10_000


def version(scene):
    return scene.count([str(scene.binary), "--version"])


def nothing_to_do(scene, count=1):
    source = scene.folder / "source"
    source.mkdir(exist_ok=True)
    entries = []
    for number in range(count):
        (source / f"{number}.txt").write_text(f"{number}\n")
        entries.append({"name": f"e{number}", "url": f"./source/{number}.txt", "access": "cache"})
    manifest = scene.manifest("nothing.json", entries)
    scene.run(scene.pull(manifest))
    return scene.count(scene.pull(manifest, "--locked"))


def nothing_more_to_do(scene):
    """Most of it is SHA-256 of manifest and lock, which valgrind lets run without the processor's instructions for it."""
    one = nothing_to_do(scene)
    scene.forget()
    return (nothing_to_do(scene, 2_001) - one) // 2_000


def small_object(scene):
    """What 300 objects cost more than 100 do: start-up and end are in both."""
    www = scene.folder / "www"
    www.mkdir()
    for number in range(300):
        (www / f"{number:05}.bin").write_bytes(number.to_bytes(2, "big") * (8 << 10))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (scene.folder / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; pid {scene.folder}/pid; error_log {scene.folder}/log;\n"
        "events {}\n"
        f"http {{ access_log off; client_body_temp_path {scene.folder}/1; proxy_temp_path {scene.folder}/2;\n"
        f"  fastcgi_temp_path {scene.folder}/3; uwsgi_temp_path {scene.folder}/4; scgi_temp_path {scene.folder}/5;\n"
        f"  server {{ listen 127.0.0.1:{port}; root {www}; }} }}\n")
    path = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    server = subprocess.Popen([path, "-c", str(scene.folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        counts = []
        for count in (100, 300):
            scene.forget()
            manifest = scene.manifest("small.json", [
                {"name": f"e{n}", "url": f"http://127.0.0.1:{port}/{n:05}.bin"} for n in range(count)])
            counts.append(scene.count(scene.pull(manifest)))
        return (counts[1] - counts[0]) // 200
    finally:
        server.terminate()
        server.wait()


def main():
    failed = 0
    with tempfile.TemporaryDirectory(prefix="clearml-sync-") as folder:
        scene = Scene(pathlib.Path(folder))
        for (name, budget), check in zip(
                BUDGETS.items(), (version, planning, nothing_to_do, nothing_more_to_do, small_object)):
            scene.forget()
            count = check(scene)
            within = count <= budget
            failed += not within
            print(f"{'ok  ' if within else 'FAIL'} {name}: {count:,} instructions, budget {budget:,}", flush=True)
    print(f"{len(BUDGETS) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
