"""docs/performance.md: the table, the floors, the machine, the versions, the exact commands.

A quick run's figures are of smaller data: they go to .build/performance-quick.md instead.
"""

import datetime
import os
import platform
import shlex
import statistics
import subprocess

from measure import PAIRS, QUICK, TOOLS, TOP

VERSIONS = [["curl", "--version"], [f"{TOOLS}/rclone", "version"], [f"{TOOLS}/s5cmd", "version"], ["aria2c", "--version"],
            ["pigz", "--version"], ["bsdtar", "--version"], ["unzip", "-v"], ["/usr/sbin/nginx", "-v"],
            [f"{TOOLS}/juicefs", "--version"], [f"{TOOLS}/python", "-c", "import clearml; print('clearml', clearml.__version__)"]]


def write(bench):
    lines = [
        "# Performance", "",
        f"Written by `make bench{' QUICK=1' if QUICK else ''}` on {datetime.date.today()}: {machine()}; data, caches and",
        f"workspaces on tmpfs, servers on loopback. Medians of up to {PAIRS} runs in turn (ours, theirs, ours, …), with their range.",
        "What both sides wrote was compared byte for byte. A peer verifies nothing unless its flags say so, and keeps no cache.", "",
        *(["The data are smaller than the targets are meant for.", ""] if QUICK else []),
        "| task | clearml-sync | peer | ratio | target | peak memory |", "|---|---|---|---|---|---|"]
    for row in bench.rows:
        lines += row_lines(row)
    lines += ["", "## Floors", "", "What the kernel or one core alone needs, measured in the same run.", "",
              "| what | time |", "|---|---|"]
    lines += [f"| {what} | {span(times)} |" for what, times in bench.floors]
    lines += ["", "## Versions", ""] + [f"- {version(command)}" for command in VERSIONS]
    lines += ["", "## Commands", "", "`$ROOT` is the folder on tmpfs that everything lies in.", "", "```sh"]
    lines += commands(bench) + ["```"]
    notes = TOP / "docs/performance-notes.md"
    if notes.exists() and not QUICK:
        lines += ["", notes.read_text().rstrip()]
    path = TOP / (".build/performance-quick.md" if QUICK else "docs/performance.md")
    path.write_text("\n".join(lines) + "\n")
    print(f"written: {path.relative_to(TOP)}")


def row_lines(row):
    ours, memory = span(row.ours), f"{row.memory / 1024:.0f} MiB"
    if row.limit is not None or not row.peers:
        target = f"≤ {duration(row.limit)}{'' if row.seconds <= row.limit else ' **missed**'}" if row.limit else "–"
        yield f"| {row.task} | {ours} | – | – | {target} | {memory} |"
    for peer, seconds in row.peers:
        ratio = row.ratio(seconds)
        target = f"≤ {peer.target:.2g}{'' if ratio <= peer.target else ' **missed**'}"
        yield f"| {row.task} | {ours} | `{peer.name}` {span(seconds)} | {ratio:.2f} | {target} | {memory} |"


def span(times):
    return f"{duration(statistics.median(times))} ({duration(min(times))}–{duration(max(times))})"


def duration(seconds):
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{seconds * 1000:.0f} ms"


def commands(bench):
    found = {}
    for row in bench.rows:
        for peer, _ in row.peers:
            text = peer.command[2] if peer.command[0] == "sh" else shlex.join(map(str, peer.command))
            found[text.replace(str(bench.root), "$ROOT").replace(f"{TOOLS}/", "")] = None
    return list(found)


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    return f"{os.cpu_count()} cores ({model}), Linux {platform.release()}"


def version(command):
    done = subprocess.run(command, capture_output=True, text=True)
    text = (done.stdout or done.stderr).strip()
    return text.splitlines()[0].split(" (")[0] if text else f"{command[0]}: unknown"
