"""ClearML's own SDK beside clearml-sync: one clearml.conf, one cache folder, one loopback server that counts.

The SDK is the real one (PyPI `clearml`), offline mode, no ClearML server. Closes with `N passed, N failed`.
"""

import functools
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import traceback

BINARY = str(pathlib.Path(__file__).resolve().parents[2] / ".build" / "debug" / "clearml-sync")


class CountingHandler(http.server.SimpleHTTPRequestHandler):
    requests = []

    def do_GET(self):
        CountingHandler.requests.append(self.path)
        super().do_GET()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that has seen enough of a body hangs up: the SDK does when it asks for a size."""


class Scene:
    """A folder, a server over a part of it, a clearml.conf, and both tools pointed there."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="clearml-sync-"))
        (self.root / "www").mkdir()
        handler = functools.partial(CountingHandler, directory=str(self.root / "www"))
        self.server = Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        (self.root / "clearml.conf").write_text(
            # Not our server: the SDK would want a token for what lies below its own file server.
            'api { web_server: "", api_server: "http://127.0.0.1:9", files_server: "http://127.0.0.1:9" }\n'
            f'sdk.storage.cache.default_base_dir: "{self.root}/cache"\n'
        )
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "CLEARML_CONFIG_FILE": str(self.root / "clearml.conf"),
            "CLEARML_OFFLINE_MODE": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def publish(self, name, content):
        path = self.root / "www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return f"{self.url}/{name}"

    def sdk_copy(self, url):
        code = "import sys; from clearml import StorageManager; print('>' + StorageManager.get_local_copy(sys.argv[1]))"
        done = subprocess.run(
            [sys.executable, "-c", code, url], env=self.environment, capture_output=True, text=True, timeout=120
        )
        lines = [line[1:] for line in done.stdout.splitlines() if line.startswith(">")]
        assert lines, f"the SDK gave no path: {done.stdout}{done.stderr}"
        return pathlib.Path(lines[-1])

    def sync(self, *arguments, expecting=0):
        done = subprocess.run(
            [BINARY, *arguments], env=self.environment, cwd=self.root, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == expecting, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.root, ignore_errors=True)


def what_the_sdk_fetched_is_adopted(scene):
    content = os.urandom(300_000)
    url = scene.publish("models/a b.bin", content).replace(" ", "%20")
    assert scene.sdk_copy(url).read_bytes() == content
    CountingHandler.requests.clear()
    manifest = {
        "version": 1,
        "models": [{"name": "m", "url": url, "checksum": "sha256:" + hashlib.sha256(content).hexdigest()}],
    }
    (scene.root / "m.json").write_text(json.dumps(manifest))
    scene.sync("pull", "m.json")
    assert (scene.root / "workspace/models/m/a b.bin").read_bytes() == content
    assert CountingHandler.requests == [], f"it was downloaded again: {CountingHandler.requests}"


def a_stale_copy_of_the_sdk_is_not_believed(scene):
    url = scene.publish("stale.bin", b"old version")
    scene.sdk_copy(url)
    scene.publish("stale.bin", b"new version")
    digest = hashlib.sha256(b"new version").hexdigest()
    CountingHandler.requests.clear()
    (scene.root / "s.json").write_text(
        json.dumps({"version": 1, "artifacts": [{"name": "s", "url": url, "checksum": "sha256:" + digest}]})
    )
    scene.sync("pull", "s.json", "--workspace", "ws")
    assert (scene.root / "ws/artifacts/s/stale.bin").read_bytes() == b"new version"
    assert CountingHandler.requests == ["/stale.bin"], CountingHandler.requests


def get_gives_what_the_sdk_gives_for_an_archive(scene):
    folder = scene.root / "pack"
    (folder / "data").mkdir(parents=True)
    (folder / "data/x.txt").write_text("x")
    (folder / "top.txt").write_text("top")
    archive = shutil.make_archive(str(scene.root / "pack"), "zip", folder)
    url = scene.publish("pack.zip", pathlib.Path(archive).read_bytes())
    theirs = scene.sdk_copy(url)
    ours = pathlib.Path(scene.sync("get", url).stdout.strip())
    listing = lambda root: {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    assert listing(ours) == listing(theirs), (listing(ours), listing(theirs))


def both_read_the_same_cache_folder(scene):
    code = (
        "from clearml.storage.cache import CacheManager; "
        "print('>' + str(CacheManager.get_cache_manager().get_cache_folder()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=scene.environment, capture_output=True, text=True, timeout=120
    )
    theirs = [line[1:] for line in done.stdout.splitlines() if line.startswith(">")][-1]
    ours = scene.sync("cache", "dir").stdout.strip()
    assert pathlib.Path(theirs).parents[1] == pathlib.Path(ours).parent, (theirs, ours)


def main():
    tests = [
        what_the_sdk_fetched_is_adopted,
        a_stale_copy_of_the_sdk_is_not_believed,
        get_gives_what_the_sdk_gives_for_an_archive,
        both_read_the_same_cache_folder,
    ]
    passed = failed = 0
    for test in tests:
        scene = Scene()
        try:
            test(scene)
            passed += 1
            print(f"ok      {test.__name__}")
        except Exception:
            failed += 1
            print(f"FAILED  {test.__name__}")
            traceback.print_exc()
        finally:
            scene.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
