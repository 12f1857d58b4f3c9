"""ClearML's file server with its login, a web server that takes PUT, and plain folders."""

import base64
import os

from partners.fileserver import ACCESS_KEY, SECRET_KEY, FileServer
from partners.nginx import Nginx

from . import names
from .runner import Cases
from .scene import CHANGES, NOT_FOUND, PERMISSION, Scene, error_block

cases = Cases()
case = cases.case


def clearml(server, secret=SECRET_KEY, api=None):
    return Scene(
        f'api {{ api_server: "{(api or server).url}", files_server: "{server.url}", web_server: ""\n'
        f'credentials {{ access_key: "{ACCESS_KEY}", secret_key: "{secret}" }} }}\n', secrets=[secret, SECRET_KEY])


@case()
def the_file_server_is_read_with_a_token_of_the_login():
    with FileServer(login=True) as server, clearml(server) as scene:
        server.files["project/a b.bin"] = b"from the file server"
        scene.pull([{"name": "a", "url": f"{server.url}/project/a%20b.bin"}])
        assert scene.files() == {"artifacts/a/a b.bin": b"from the file server"}
        assert len(server.logins()) == 1
        scene.secrets += server.tokens
        scene.check_files()


@case()
def one_login_serves_a_whole_run():
    with FileServer(login=True) as server, clearml(server) as scene:
        for number in range(20):
            server.files[f"many/{number}"] = b"x"
        scene.pull([{"name": f"n{n}", "url": f"{server.url}/many/{n}"} for n in range(20)])
        assert len(server.logins()) == 1, len(server.logins())
        assert len(scene.files()) == 20


@case()
def a_token_that_ends_in_the_middle_of_a_run_is_renewed():
    with FileServer(login=True) as server, clearml(server) as scene:
        for number in range(24):
            server.files[f"many/{number}"] = b"%d" % number
        served = []

        def end(request):
            if request.path.startswith("/many/"):
                served.append(request)
                if len(served) == 6:
                    server.expire_tokens()

        with server.relay.faults(answer=end):
            scene.pull([{"name": f"n{n}", "url": f"{server.url}/many/{n}"} for n in range(24)])
            assert any(r.status == 401 for r in server.relay.requests), "no token ended"
        assert len(scene.files()) == 24


@case()
def wrong_keys_for_the_file_server_name_their_setting():
    with FileServer(login=True) as server, clearml(server, secret="a wrong clearml secret") as scene:
        server.files["x.bin"] = b"x"
        done = scene.pull([{"name": "a", "url": f"{server.url}/x.bin"}], expecting=PERMISSION)
        assert "api.credentials" in error_block(done), done.stderr


@case()
def the_token_is_for_that_server_alone():
    """Compared by whole host and port: what only begins alike gets nothing."""
    with FileServer(login=True) as server, FileServer() as other, clearml(server) as scene:
        server.files["x.bin"], other.files["x.bin"] = b"x", b"other"
        scene.pull([
            {"name": "a", "url": f"{server.url}/x.bin"}, {"name": "b", "url": f"{other.url}/x.bin"},
            {"name": "c", "url": f"http://localhost:{other.port}/x.bin"}])
        told = [r for r in other.relay.requests if "authorization" in r.headers or "cookie" in r.headers]
        assert not told, told


@case()
def files_are_pushed_to_the_file_server_as_the_sdk_does_it():
    with FileServer(login=True) as server, clearml(server) as scene:
        for name, size in (("empty", 0), ("small.bin", 5000), ("large.bin", 20 << 20), ("a b+ü%.bin", 10)):
            content = os.urandom(size)
            url = f"{server.url}/project/{name.replace('%', '%25').replace(' ', '%20')}"
            scene.sync("push", scene.write(name, content), url)
            assert server.files.get(f"project/{name}") == content, (name, sorted(server.files))
        posts = server.relay.matching("POST")
        assert all(r.path == "/" for r in posts if "login" not in r.path), posts
    with FileServer(login=True) as server, clearml(server) as scene:
        for name in ("a.txt", "deep/b.txt"):
            scene.write("folder/" + name, name.encode())
        scene.sync("push", scene.root / "folder", f"{server.url}/set/")
        assert server.files == {"set/a.txt": b"a.txt", "set/deep/b.txt": b"deep/b.txt"}, server.files


@case()
def files_are_put_to_a_web_server():
    with Nginx() as nginx, Scene() as scene:
        for name, size in (("empty", 0), ("small.bin", 5000), ("large.bin", 20 << 20)):
            content = os.urandom(size)
            done = scene.sync("push", scene.write(name, content), f"{nginx.url}/open/deep/{name}")
            assert done.stdout.strip().endswith(f"{nginx.url}/open/deep/{name}"), done.stdout
            assert (nginx.files / "open/deep" / name).read_bytes() == content
        scene.write("folder/a b/c+d", b"x")
        scene.sync("push", scene.root / "folder", f"{nginx.url}/open/set/")
        assert (nginx.files / "open/set/a b/c+d").read_bytes() == b"x"


@case()
def a_put_that_the_web_server_refuses_is_a_refusal():
    with Nginx() as nginx:
        word = base64.b64encode(b"alice:wonder land").decode()
        with Scene() as scene:
            scene.sync("push", scene.write("x", b"x"), f"{nginx.url}/private/x", expecting=PERMISSION)
            assert not (nginx.files / "private/x").exists()
        text = f'sdk.storage.sync.headers: [{{host: "127.0.0.1:{nginx.port}", header: "Authorization: Basic {word}"}}]\n'
        with Scene(text, secrets=[word]) as scene:
            scene.sync("push", scene.write("x", b"x"), f"{nginx.url}/private/x")
            assert (nginx.files / "private/x").read_bytes() == b"x"


@case()
def a_web_server_is_mirrored_into_a_folder():
    with Nginx() as nginx, Scene() as scene:
        (nginx.files / "open/a.bin").write_bytes(b"a" * 1000)
        scene.pull([{"name": "a", "url": f"{nginx.url}/open/a.bin"}])
        folder = scene.root / "mirror"
        scene.sync("mirror", "m.json", f"file://{folder}/", "-o", "mirrored.json")
        assert [p.read_bytes() for p in folder.rglob("a.bin")] == [b"a" * 1000]
        (nginx.files / "open/a.bin").unlink()
        scene.environment["CLEARML_CACHE_DIR"] = str(scene.root / "cache2")
        scene.sync("pull", "mirrored.json", "--workspace", "second")
        assert scene.files("second") == {"artifacts/a/a.bin": b"a" * 1000}


@case()
def what_left_the_manifest_leaves_the_mirror_only_when_asked():
    with Nginx() as nginx, Scene() as scene:
        for name in ("a", "b"):
            (nginx.files / "open" / name).write_bytes(name.encode())
        both = [{"name": name, "url": f"{nginx.url}/open/{name}"} for name in ("a", "b")]
        scene.pull(both)
        folder = scene.root / "mirror"
        count = lambda: len([p for p in folder.rglob("*") if p.is_file() and p.name in ("a", "b")])
        scene.sync("mirror", "m.json", f"file://{folder}/", "-o", "mirrored.json")
        assert count() == 2
        scene.pull(both[:1])
        scene.sync("mirror", "m.json", f"file://{folder}/", "-o", "mirrored.json")
        assert count() == 2, "removed without being asked"
        scene.sync("mirror", "m.json", f"file://{folder}/", "-o", "mirrored.json", "--prune")
        assert count() == 1


@case()
def a_folder_is_listed_and_pushed_to():
    with Scene() as scene:
        for name in names.PATHS:
            scene.write("folder/" + name, name.encode())
        scene.sync("push", scene.root / "folder", f"file://{scene.root}/copy/")
        assert scene.files("copy") == scene.files("folder")
        listed = scene.list(f"file://{scene.root}/copy/")
        assert len(listed) == len(names.PATHS), len(listed)


@case()
def a_changed_file_of_a_web_server_is_outdated():
    with Nginx() as nginx, Scene() as scene:
        path = nginx.files / "open/a.bin"
        path.write_bytes(b"first")
        scene.pull([{"name": "a", "url": f"{nginx.url}/open/a.bin"}])
        scene.sync("outdated", "m.json")
        path.write_bytes(b"second")
        scene.sync("outdated", "m.json", expecting=CHANGES)
        path.unlink()
        done = scene.sync("outdated", "m.json", expecting=(CHANGES, NOT_FOUND))
        assert "artifacts/a" in done.stdout + done.stderr
