"""What `push` and `mirror` leave in a store, read by the official client."""

import hashlib
import json
import os

from . import names
from .runner import Cases
from .scene import NOT_FOUND, PERMISSION, error_block

cases = Cases()
case = cases.case
MEBIBYTE = 1 << 20


@case()
def a_small_an_empty_and_a_large_file_are_pushed(store):
    with store.scene() as scene:
        for name, size in (("empty", 0), ("one", 1), ("small.bin", 70_000), ("large.bin", 40 * MEBIBYTE + 17)):
            content = os.urandom(size)
            path = scene.write(name, content)
            url = store.url(f"push/{name}")
            done = scene.sync("push", path, url)
            assert done.stdout.strip().splitlines()[-1] == url, done.stdout
            assert store.get(f"push/{name}") == content, name
        assert not store.unfinished_uploads(), store.unfinished_uploads()


@case()
def what_was_pushed_is_pulled_again(store):
    content = os.urandom(9 * MEBIBYTE)
    with store.scene() as scene:
        url = scene.sync("push", scene.write("again.bin", content), store.url("push/again.bin")).stdout.split()[-1]
        scene.pull([{"name": "a", "url": url}])
        assert scene.files() == {"artifacts/a/again.bin": content}


@case()
def awkward_names_are_pushed_as_they_are(store):
    keys = [key for key in names.PATHS if store.takes("trial/" + key)]
    assert len(keys) >= 40, f"the store itself takes only {len(keys)} names"
    with store.scene() as scene:
        for key in keys:
            scene.write("folder/" + key, key.encode())
        scene.sync("push", scene.root / "folder", store.raw_url("pushed/"))
        found = store.sizes("pushed/")
        assert set(found) == {"pushed/" + key for key in keys}, set(found) ^ {"pushed/" + key for key in keys}
        wrong = [key for key in keys if store.get("pushed/" + key) != key.encode()]
        assert not wrong, wrong


@case()
def a_pushed_folder_can_be_chosen_from(store):
    with store.scene() as scene:
        for name in ("a.txt", "b.bin", "deep/c.txt", "deep/d.bin"):
            scene.write("folder/" + name, name.encode())
        scene.sync("push", scene.root / "folder", store.raw_url("chosen/"), "--match", "**/*.txt")
        assert set(store.sizes("chosen/")) == {"chosen/a.txt", "chosen/deep/c.txt"}, store.sizes("chosen/")


@case()
def what_is_the_same_is_not_pushed_again(store):
    with store.scene() as scene:
        scene.write("folder/same.txt", b"same")
        scene.write("folder/other.txt", b"other")
        scene.sync("push", scene.root / "folder", store.raw_url("skips/"))
        scene.write("folder/other.txt", b"OTHER")
        with store.relay.faults():
            scene.sync("push", scene.root / "folder", store.raw_url("skips/"), "--skip-unchanged")
            written = {store.request_key(r) for r in store.relay.requests if r.method == "PUT"}
            written |= {r.query.get("name") for r in store.relay.requests if r.method == "POST"}
            assert "skips/same.txt" not in written, written
        assert store.get("skips/other.txt") == b"OTHER" and store.get("skips/same.txt") == b"same"


@case()
def a_push_with_wrong_credentials_leaves_nothing(store):
    with store.scene(store.configuration(secret=store.wrong_secret)) as scene:
        path = scene.write("x.bin", os.urandom(100_000))
        done = scene.sync("push", path, store.url("refused/x.bin"), expecting=PERMISSION, seconds=60)
        assert store.entry in error_block(done), done.stderr
        assert not store.sizes("refused/")


@case()
def a_push_into_a_missing_bucket_is_not_found(store):
    with store.scene() as scene:
        path = scene.write("x.bin", b"x")
        done = scene.sync("push", path, store.url("x.bin", store.missing_bucket), expecting=NOT_FOUND, seconds=60)
        assert store.missing_bucket in error_block(done), done.stderr


@case()
def a_busy_store_gets_its_upload_all_the_same(store):
    content = os.urandom(20 * MEBIBYTE)
    refused = []

    def refuse(request):
        if request.method == "PUT" and len(refused) < 2:
            refused.append(request)
            return store.busy()

    with store.scene() as scene, store.relay.faults(answer=refuse):
        scene.sync("push", scene.write("busy.bin", content), store.url("push/busy.bin"))
        assert store.get("push/busy.bin") == content
        assert not store.unfinished_uploads()


@case()
def a_failed_upload_in_parts_is_given_up_and_costs_nothing(store):
    parts = []

    def refuse(request):
        # The first two parts arrive; no other does.
        marks = ("partNumber=", "comp=block&", "upload_id=")
        if request.method == "PUT" and any(mark in request.target + "&" for mark in marks):
            parts.append(request)
            return store.forbidden() if len(parts) > 2 else None

    with store.scene() as scene, store.relay.faults(answer=refuse):
        path = scene.write("lost.bin", os.urandom(40 * MEBIBYTE))
        scene.sync("push", path, store.url("lost/lost.bin"), expecting=PERMISSION, seconds=60)
    assert len(parts) > 2, "it was not uploaded in parts"
    assert not store.sizes("lost/"), store.sizes("lost/")
    assert not [u for u in store.unfinished_uploads() if "lost" in str(u)], store.unfinished_uploads()


@case()
def a_manifest_is_mirrored_into_the_store_and_pulled_from_there(store):
    contents = {"a.bin": os.urandom(5000), "set/b.txt": b"b", "set/c d.txt": b"c d"}
    for name, content in contents.items():
        store.put("origin/" + name, content)
    with store.scene() as scene:
        scene.pull([
            {"name": "one", "url": store.url("origin/a.bin")}, {"name": "all", "url": store.raw_url("origin/set/")}])
        before = scene.files()
        scene.sync("mirror", "m.json", store.raw_url("mirrored/"), "-o", "mirrored.json")
        digests = {hashlib.sha256(store.get(key)).digest() for key in store.sizes("mirrored/")}
        assert digests >= {hashlib.sha256(content).digest() for content in contents.values()}
        for name in contents:
            store.delete("origin/" + name)
        scene.environment["CLEARML_CACHE_DIR"] = str(scene.root / "cache2")
        scene.sync("pull", "mirrored.json", "--workspace", "second")
        assert scene.files("second") == before, sorted(scene.files("second"))
        with store.relay.faults():
            scene.sync("mirror", "mirrored.json", store.raw_url("mirrored/"))
            writes = [r for r in store.relay.requests if r.method in ("PUT", "POST") and "token" not in r.path]
            assert not writes, f"a second run copies: {writes}"
