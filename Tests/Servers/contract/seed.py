"""Many small objects, put in the quickest way at hand: by rclone where it knows the store."""

import pathlib
import subprocess
import tempfile

from partners.process import clean_environment, program


def content(number):
    return b"object %d\n" % number


def many(store, prefix, count):
    """Puts `count` objects below `prefix`, `00000.txt` and on; returns their contents by name."""
    contents = {f"{number // 1000:02}/{number:05}.txt": content(number) for number in range(count)}
    remote = store.rclone_remote()
    if remote is None:
        store.put_many({prefix + name: each for name, each in contents.items()})
        return contents
    with tempfile.TemporaryDirectory(prefix="clearml-sync-") as folder:
        write(pathlib.Path(folder), contents)
        subprocess.run(
            [program("rclone"), "--config", "/dev/null", "copy", folder, f"{remote}:{store.bucket}/{prefix.rstrip('/')}",
             "--transfers", "8", "--no-check-dest", "--s3-no-head", "--retries", "1"],
            env=clean_environment(HOME=folder, **store.rclone_environment()), check=True, capture_output=True,
            timeout=240)
    return contents


def write(folder, contents):
    for name, each in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each)
