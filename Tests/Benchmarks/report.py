"""docs/performance.md: the table, the floors, the machine, the versions, the exact commands.

A quick run's figures are of smaller data: they go to .build/performance-quick.md instead.
"""

import datetime
import os
import platform
import shlex
import statistics
import subprocess

import floors
from measure import PAIRS, QUICK, TOOLS, TOP

VERSIONS = [["curl", "--version"], [f"{TOOLS}/rclone", "version"], [f"{TOOLS}/s5cmd", "version"], ["aria2c", "--version"],
            ["pigz", "--version"], ["bsdtar", "--version"], ["unzip", "-v"], ["/usr/sbin/nginx", "-v"],
            ["igzip", "--version"], [f"{TOOLS}/juicefs", "--version"],
            [f"{TOOLS}/python", "-c", "import clearml; print('clearml', clearml.__version__)"]]


#: The most bytes that a cold pull may take beyond what reading its manifest took.
MEMORY = 64e6


def write(bench):
    lines = [
        "# Performance", "",
        f"Written by `make bench{' QUICK=1' if QUICK else ''}` on {datetime.date.today()}: {machine()}; data, caches and",
        f"workspaces on tmpfs, servers on loopback. Medians of up to {PAIRS} runs in turn (ours, theirs, ours, …), with their range.",
        "What both sides wrote was compared byte for byte. A peer verifies nothing unless its flags say so, and keeps no cache.", "",
        "A floor is what a row's parts alone take, without any program around them ([below](#floors)): their processor seconds",
        f"divided by the {os.cpu_count()} cores, or the longest part that only one core can do, whichever is more; the fastest run",
        "of each counts. Parts of many small steps are loops of Python, whose own time is in them: a row can come out below its",
        "floor. A cold pull may take 64 MB beyond what a run takes that only reads the same manifest.", "",
        *(["The data are smaller than the targets are meant for.", ""] if QUICK else []),
        "| task | clearml-sync | peer | ratio | target | floor | peak memory | beyond the manifest |",
        "|---|---|---|---|---|---|---|---|"]
    for row in bench.rows:
        lines += row_lines(bench, row)
    lines += ["", "## Floors", "",
              "The parts, measured in the same run. Processor time includes the server's: nginx's, also in the rows of S3.", "",
              "| part | what | time | processor |", "|---|---|---|---|"]
    lines += [f"| {name} | {part.what} | {span(part.times)} | {duration(statistics.median(part.processor))} |"
              for name, part in bench.parts.items()]
    lines += ["", "## Versions", ""] + [f"- {version(command)}" for command in VERSIONS]
    lines += ["", "## Commands", "", "`$ROOT` is the folder on tmpfs that everything lies in.", "", "```sh"]
    lines += commands(bench) + ["```"]
    notes = TOP / "docs/performance-notes.md"
    if notes.exists() and not QUICK:
        lines += ["", notes.read_text().rstrip()]
    path = TOP / (".build/performance-quick.md" if QUICK else "docs/performance.md")
    path.write_text("\n".join(lines) + "\n")
    print(f"written: {path.relative_to(TOP)}")


def row_lines(bench, row):
    ours, memory, floor = span(row.ours), memory_cells(row), floors.of(bench, row)
    floor = f"{duration(floor[0])}: {floor[1]}" if floor else "–"
    if row.limit is not None or not row.peers:
        target = f"≤ {duration(row.limit)}{'' if row.seconds <= row.limit else ' **missed**'}" if row.limit else "–"
        yield f"| {row.task} | {ours} | – | – | {target} | {floor} | {memory} |"
    for peer, seconds in row.peers:
        name = peer.name.replace("|", "\\|")
        ratio = row.ratio(seconds)
        target = f"≤ {peer.target:.2g}{'' if ratio <= peer.target else ' **missed**'}"
        yield f"| {row.task} | {ours} | `{name}` {span(seconds)} | {ratio:.2f} | {target} | {floor} | {memory} |"


def memory_cells(row):
    peak = f"{row.memory / 1024:.0f} MiB"
    if row.manifest is None:
        return f"{peak} | –"
    beyond = (row.memory - row.manifest) * 1024
    missed = "" if beyond <= MEMORY else " **missed**"
    reading = f"{row.manifest / 1024:.0f} MiB of it reading the manifest"
    return f"{peak} ({reading}) | {beyond / 1e6:.0f} MB (≤ {MEMORY / 1e6:.0f} MB){missed}"


def span(times):
    return f"{duration(statistics.median(times))} ({duration(min(times))}–{duration(max(times))})"


def duration(seconds):
    if seconds >= 0.1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.2g} ms"


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
