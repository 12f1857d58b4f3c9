"""ClearML's own SDK reads what `push` wrote, and writes what `pull` reads."""

import os
import pathlib
import subprocess
import sys

from partners.fileserver import FileServer

from .runner import Cases
from .scene import Scene
from .store_gcs import GCSStore
from .store_s3 import MinIOStore

cases = Cases()
case = cases.case

READ = "from clearml import StorageManager; print('>' + str(StorageManager.get_local_copy(sys.argv[1])))"
READ_FOLDER = (
    "from clearml import StorageManager; print('>' + str(StorageManager.download_folder(sys.argv[1], sys.argv[2])))")
WRITE = "from clearml import StorageManager; print('>' + str(StorageManager.upload_file(sys.argv[1], sys.argv[2])))"
WRITE_FOLDER = (
    "from clearml import StorageManager; print('>' + str(StorageManager.upload_folder(sys.argv[1], sys.argv[2])))")
#: No ClearML server is there; nothing may ask for one. Its file server is none of those that the cases use.
OFFLINE = 'api { web_server: "", api_server: "http://127.0.0.1:9", files_server: "http://127.0.0.1:9" }\n'


def sdk(scene, code, *arguments):
    """The last line that the SDK prints with our mark, in a process of its own, with the scene's clearml.conf."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys; " + code, *map(str, arguments)],
        env={**scene.environment, "CLEARML_OFFLINE_MODE": "1", "CLEARML_CACHE_DIR": str(scene.root / "their-cache")},
        cwd=scene.root, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180)
    lines = [line[1:] for line in done.stdout.splitlines() if line.startswith(">")]
    assert lines and lines[-1] not in ("None", "False"), f"the SDK: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return lines[-1]


def both_ways(scene, base):
    """One file and one folder in each direction; `base` is a URL without a slash at its end."""
    for name, size in (("model.bin", 300_000), ("large.bin", 30 << 20), ("a b+c.bin", 1000)):
        content = os.urandom(size)
        scene.sync("push", scene.write("ours/" + name, content), f"{base}/ours/{name}")
        theirs = pathlib.Path(sdk(scene, READ, f"{base}/ours/{name}"))
        assert theirs.read_bytes() == content, f"the SDK read {name} otherwise"
        content = os.urandom(size)
        sdk(scene, WRITE, scene.write("theirs/" + name, content), f"{base}/theirs/{name}")
        scene.pull([{"name": "a", "url": f"{base}/theirs/{name}", "path": name}])
        assert scene.files()[name] == content, f"the SDK wrote {name} otherwise"


def folders_both_ways(scene, base):
    contents = {"a.txt": b"a", "deep/b c.txt": b"b", "deep/er/ü.bin": os.urandom(5000)}
    for name, content in contents.items():
        scene.write("folder/" + name, content)
    scene.sync("push", scene.root / "folder", f"{base}/our-folder/")
    root = pathlib.Path(sdk(scene, READ_FOLDER, f"{base}/our-folder/", scene.root / "read"))
    found = {name: [p.read_bytes() for p in root.rglob(pathlib.Path(name).name)] for name in contents}
    assert found == {name: [content] for name, content in contents.items()}, "the SDK read the folder otherwise"
    sdk(scene, WRITE_FOLDER, scene.root / "folder", f"{base}/their-folder")
    scene.pull([{"name": "d", "url": f"{base}/their-folder/", "path": "d"}], kind="datasets", name="folder.json")
    read = {name.removeprefix("d/"): content for name, content in scene.files().items() if name.startswith("d/")}
    assert read == contents, sorted(read)


@case()
def files_go_both_ways_through_s3():
    with MinIOStore() as store, store.scene(OFFLINE + store.configuration()) as scene:
        both_ways(scene, f"s3://{store.host}/{store.bucket}/sdk")


@case()
def folders_go_both_ways_through_s3():
    with MinIOStore() as store, store.scene(OFFLINE + store.configuration()) as scene:
        folders_both_ways(scene, f"s3://{store.host}/{store.bucket}/sdk")


@case()
def files_go_both_ways_through_google():
    with GCSStore() as store, store.scene(OFFLINE + store.configuration()) as scene:
        both_ways(scene, f"gs://{store.bucket}/sdk")


@case()
def folders_go_both_ways_through_google():
    with GCSStore() as store, store.scene(OFFLINE + store.configuration()) as scene:
        folders_both_ways(scene, f"gs://{store.bucket}/sdk")


@case()
def files_go_both_ways_through_http():
    with FileServer() as server:
        # For our side it is ClearML's file server, so that it is pushed to as such; for the SDK a plain one, since offline
        # it cannot log in.
        with Scene(OFFLINE) as theirs, Scene(OFFLINE.replace("http://127.0.0.1:9\" }", server.url + '" }')) as ours:
            for name, size in (("model.bin", 300_000), ("a b.bin", 1000)):
                content = os.urandom(size)
                quoted = name.replace(" ", "%20")
                ours.sync("push", ours.write(name, content), f"{server.url}/project/{quoted}")
                assert pathlib.Path(sdk(theirs, READ, f"{server.url}/project/{quoted}")).read_bytes() == content
                content = os.urandom(size)
                sdk(theirs, WRITE, theirs.write(name, content), f"{server.url}/{name}")
                ours.pull([{"name": "a", "url": f"{server.url}/{quoted}", "path": name}])
                assert ours.files()[name] == content
