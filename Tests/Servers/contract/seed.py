"""Many small objects, put by rclone: it is the quickest client at hand."""

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
        for name, each in contents.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(each)
        subprocess.run(
            [program("rclone"), "--config", "/dev/null", "copy", folder, f"{remote}:{store.bucket}/{prefix.rstrip('/')}",
             "--transfers", "8", "--no-check-dest", "--s3-no-head", "--retries", "1"],
            env=clean_environment(HOME=folder, **store.rclone_environment()), check=True, capture_output=True,
            timeout=240)
    return contents
