"""What the kernel and one core alone need, measured in the same run; and the floor of each row, computed from that."""

import dataclasses
import hashlib
import os
import pathlib
import socket
import subprocess
import time

import data
import sites
from measure import PAIRS


@dataclasses.dataclass
class Part:
    """A piece of work that nobody is spared."""
    what: str
    times: list
    #: Processor seconds of everybody who takes part, a server included.
    processor: list


def of(bench, row):
    """The floor's seconds and its words; `None` for a row without one.

    Several cores share the work, so it takes its processor seconds divided by them, and no less than its longest part that only
    one core can do. The fastest run of each part counts.
    """
    if not row.needs:
        return None
    cores = os.cpu_count()
    busy = {need.part: min(bench.parts[need.part].processor) * need.share for need in row.needs}
    shared = sum(busy.values()) / cores
    alone = [(min(bench.parts[need.part].times) * need.share, need.part) for need in row.needs if need.serial]
    seconds, part = max(alone, default=(0, ""))
    if seconds >= shared:
        return seconds, f"{part}, one core" if busy[part] else part
    return shared, f"{' + '.join(part for part in busy if busy[part])}, {cores} cores"


def measure(bench):
    with sites.nginx(bench) as (site, _):
        data.large(bench.root / "www/large.bin")
        served(bench, "loopback", f"{mebibytes()} from nginx to nowhere", lambda: fetch(site, ["/large.bin"], data.LARGE))
        (bench.root / "www/large.bin").unlink()
        data.small(bench.root / "www/small")
        paths = [f"/small/{number:05}.bin" for number in range(data.SMALL)]
        served(bench, "requests", f"{data.SMALL:,} × 16 KiB from nginx to nowhere, 16 kept connections",
               lambda: fetch(site, paths, data.SMALL_SIZE))
    part(bench, "write", f"{mebibytes()} into one file on tmpfs", lambda: write(bench.root / "out"))
    part(bench, "SHA-256", f"{mebibytes()}, one core", lambda: digest("sha256"))
    part(bench, "MD5", f"{mebibytes()}, one core", lambda: digest("md5"))
    part(bench, "files", f"{data.SMALL:,} × 16 KiB into files of their own", lambda: files(bench.root / "out"))
    folder = os.open(bench.root / "www/small", os.O_RDONLY)
    part(bench, "names", f"{data.SMALL:,} files are there", lambda: names(folder))
    os.close(folder)
    data.tree(bench.root / "tree")
    part(bench, "links", f"{data.MEMBERS:,} hard links, 100 in a folder", lambda: links(bench.root / "tree", bench.root / "out"))
    data.tar(bench.root / "tree", bench.root / "tree.tar")
    for packer in (["pigz", "-k", "-6"], ["zstd", "-q", "-3", "-T0"]):
        subprocess.run([*packer, str(bench.root / "tree.tar")], check=True)
    command(bench, "inflate", "the tar.gz, one thread of ISA-L", ["igzip", "-dc", bench.root / "tree.tar.gz"])
    command(bench, "zstd", "the tar.zst, one thread", ["zstd", "-dcq", "-T1", bench.root / "tree.tar.zst"])
    command(bench, "start", "an empty program, one of 200 that a shell starts", ["/bin/true"], repeat=200)
    bench.forget("www", "nginx", "tree", "tree.tar", "tree.tar.gz", "tree.tar.zst", "out")


def mebibytes():
    return f"{data.LARGE >> 20} MiB"


def part(bench, name, what, work, others=lambda: 0):
    """Done by this process itself; `others` tells the processor seconds of whoever helps."""
    times, processor = [], []
    for _ in range(PAIRS):
        bench.forget("out")
        before = time.perf_counter(), time.process_time() + others()
        work()
        times.append(time.perf_counter() - before[0])
        processor.append(time.process_time() + others() - before[1])
    bench.parts[name] = Part(what, times, processor)


def served(bench, name, what, work):
    def of_nginx():
        master = (bench.root / "nginx/pid").read_text().strip()
        children = pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()
        # Nanoseconds on a processor (Documentation/scheduler/sched-stats.rst).
        return sum(int(pathlib.Path(f"/proc/{child}/schedstat").read_text().split()[0]) for child in children) / 1e9
    part(bench, name, what, work, of_nginx)


def command(bench, name, what, words, repeat=1):
    """One thread that does nothing but this."""
    times = [bench.run(words, repeat=repeat)[0] for _ in range(PAIRS)]
    bench.parts[name] = Part(what, times, times)


def given(bench, name, what, seconds):
    """Time that passes for a server's own reasons."""
    bench.parts[name] = Part(what, [seconds], [0])


def fetch(site, paths, size):
    """Every body, 16 requests under way at a time, into a buffer that is forgotten."""
    host, port = site.removeprefix("http://").split(":")
    connections = [socket.create_connection((host, int(port))) for _ in paths[:16]]
    buffer = bytearray(256 << 10)
    for start in range(0, len(paths), 16):
        pairs = list(zip(connections, paths[start:start + 16]))
        for connection, path in pairs:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        for connection, path in pairs:
            count = connection.recv_into(buffer)
            head = buffer.index(b"\r\n\r\n", 0, count) + 4
            while count < head + size:
                more = connection.recv_into(buffer)
                if not more:
                    raise SystemExit(f"nginx closed the connection within {path}")
                count += more
    for connection in connections:
        connection.close()


BLOCK = bytes(256 << 10)


def write(path):
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    for _ in range(data.LARGE // len(BLOCK)):
        os.write(file, BLOCK)
    os.close(file)


def digest(name):
    hasher = hashlib.new(name)
    for _ in range(data.LARGE // len(BLOCK)):
        hasher.update(BLOCK)
    hasher.digest()


def files(folder):
    folder.mkdir()
    block = bytes(data.SMALL_SIZE)
    directory = os.open(folder, os.O_RDONLY)
    for number in range(data.SMALL):
        file = os.open(f"{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, dir_fd=directory)
        os.write(file, block)
        os.close(file)
    os.close(directory)


def names(folder):
    # As stat(2), without the object that os.stat makes.
    for number in range(data.SMALL):
        os.access(f"{number:05}.bin", os.F_OK, dir_fd=folder, follow_symlinks=False)


def links(source, target):
    target.mkdir()
    for folder in os.listdir(source):
        os.mkdir(target / folder)
        there, here = os.open(source / folder, os.O_RDONLY), os.open(target / folder, os.O_RDONLY)
        for name in os.listdir(there):
            os.link(name, name, src_dir_fd=there, dst_dir_fd=here)
        os.close(there)
        os.close(here)
