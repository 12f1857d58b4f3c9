"""Rows of archives: fetched, hashed, unpacked, each file hashed, linked."""

import subprocess

import data
import sites
import work
from measure import Peer, same_files


def measure(bench):
    with sites.nginx(bench) as (site, _):
        www = bench.root / "www"
        tree = bench.root / "tree"
        data.tree(tree)
        data.tar(tree, www / "tree.tar")
        for command in (["pigz", "-k", "-6"], ["zstd", "-q", "-3", "-T0"]):
            subprocess.run([*command, str(www / "tree.tar")], check=True)
        subprocess.run(["zip", "-q", "-r", "-6", str(www / "tree.zip"), "."], cwd=tree, check=True)
        (www / "tree.tar").unlink()
        theirs = bench.root / "theirs"

        def needs(kind, unpacking):
            return work.archive((www / f"tree.{kind}").stat().st_size, unpacking)

        pipe = f"curl -sf {site}/tree"
        one(bench, site, "tar.gz", Peer(
            "curl | pigz -d | tar -x", ["sh", "-c", f"{pipe}.tar.gz | pigz -d | tar -x -C {theirs}"], 0.8),
            needs("tar.gz", work.Need("inflate", serial=True)))
        one(bench, site, "tar.zst", Peer(
            "curl | bsdtar -x", ["sh", "-c", f"{pipe}.tar.zst | bsdtar -x -C {theirs}"], 1.1),
            needs("tar.zst", work.Need("zstd", serial=True)))
        one(bench, site, "zip", Peer(
            "curl -o, unzip", ["sh", "-c", f"{pipe}.zip -o {theirs}.zip && unzip -q {theirs}.zip -d {theirs}"], 0.5),
            # Its members can be inflated by several cores.
            needs("zip", work.Need("inflate")))
        link(bench, site)
    bench.forget("www", "nginx", "tree")


def one(bench, site, kind, peer, needs):
    manifest = bench.write_manifest(
        "tree.yaml", f"version: 1\ndatasets:\n  - {{name: tree, url: '{site}/tree.{kind}'}}\n")
    theirs = bench.root / "theirs"

    def clean_peer():
        bench.forget("theirs", "theirs.zip")
        theirs.mkdir()

    size = data.MEMBERS * data.MEMBER // 10**6
    bench.compare(
        f"{kind}, {data.MEMBERS:,} files, {size} MB unpacked: archive and each file hashed, linked", bench.pull(manifest),
        [peer], clean=lambda: bench.forget_run(manifest), clean_peer=clean_peer,
        check=lambda: same_files(bench.root / "ours/datasets/tree", theirs), needs=needs, cold=manifest)
    bench.forget_run(manifest)
    bench.forget("theirs", "theirs.zip")


def link(bench, site):
    manifest = bench.write_manifest(
        "tree.yaml", f"version: 1\ndatasets:\n  - {{name: tree, url: '{site}/tree.tar.gz'}}\n")
    bench.run(bench.pull(manifest))
    bench.compare(
        f"{data.MEMBERS:,} files from a warm cache into an empty workspace", bench.pull(manifest),
        [Peer("cp -al", ["cp", "-al", bench.root / "tree", bench.root / "theirs"], 2)],
        clean=lambda: bench.forget("ours"), clean_peer=lambda: bench.forget("theirs"), needs=[work.Need("links")])
    bench.forget_run(manifest)
    bench.forget("theirs")
