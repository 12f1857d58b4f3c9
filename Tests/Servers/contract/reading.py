"""What a store must give: objects, ranges, versions, checksums, and a clear no."""

import hashlib
import json
import os
import threading

from . import names
from .runner import Cases
from .scene import INTEGRITY, NOT_FOUND, PERMISSION, error_block
from .store_s3 import hocon

cases = Cases()
case = cases.case
MEBIBYTE = 1 << 20


@case()
def one_object_is_pulled_with_one_request(store):
    content = os.urandom(300_001)
    store.put("get/one.bin", content)
    with store.scene() as scene, store.relay.faults():
        scene.pull([{"name": "a", "url": store.url("get/one.bin")}])
        assert scene.files() == {"artifacts/a/one.bin": content}
        asked = [r for r in store.relay.requests if store.request_key(r) == "get/one.bin"]
        assert len(asked) == 1, asked
        lock = [json.loads(line) for line in (scene.root / "m.lock").read_text().splitlines()]
        assert hashlib.sha256(content).hexdigest() in json.dumps(lock), lock


@case()
def what_is_locked_and_cached_asks_the_store_nothing(store):
    store.put("get/again.bin", b"again" * 1000)
    with store.scene() as scene:
        scene.pull([{"name": "a", "url": store.url("get/again.bin")}])
        with store.relay.faults():
            scene.sync("pull", "m.json")
            scene.sync("pull", "m.json", "--workspace", "another")
            assert store.relay.requests == [], store.relay.requests
        assert scene.files("another") == scene.files()


@case()
def an_empty_object_is_an_empty_file(store):
    store.put("get/empty", b"")
    with store.scene() as scene:
        scene.pull([{"name": "a", "url": store.url("get/empty")}])
        assert scene.files() == {"artifacts/a/empty": b""}


@case()
def a_large_object_is_right_to_the_byte(store):
    content = os.urandom(56 * MEBIBYTE + 12_345)
    store.put_in_parts("large/parts.bin", content)
    with store.scene() as scene, store.relay.faults():
        scene.pull([{"name": "a", "url": store.url("large/parts.bin")}])
        assert scene.files() == {"artifacts/a/parts.bin": content}


@case(needs=["ranges"])
def a_large_object_comes_as_several_ranges(store):
    content = os.urandom(64 * MEBIBYTE + 1)
    store.put_in_parts("large/ranges.bin", content)
    with store.scene() as scene, store.relay.faults():
        scene.pull([{"name": "a", "url": store.url("large/ranges.bin")}])
        assert scene.files() == {"artifacts/a/ranges.bin": content}
        reads = store.reads("large/ranges.bin")
        ranges = [r.headers.get("range") or r.headers.get("x-ms-range") for r in reads]
        assert len(set(ranges)) >= 2 and len(ranges) == len(set(ranges)), ranges
        guards = ("if-match", "x-ms-if-match")
        later = [r for r in reads[1:] if not any(r.headers.get(g) for g in guards) and "generation=" not in r.target]
        assert not later, f"ranges that nothing holds to one version: {later}"


@case(needs=["ranges"])
def an_object_that_changes_between_two_ranges_is_never_mixed(store):
    old, new = bytes(64 * MEBIBYTE), b"\xff" * (64 * MEBIBYTE)
    store.put_in_parts("large/changing.bin", old)
    changed = threading.Event()

    def change(request):
        if request.method == "GET" and store.request_key(request) == "large/changing.bin" and len(
                store.reads("large/changing.bin")) >= 1 and not changed.is_set():
            changed.set()
            store.put_in_parts("large/changing.bin", new)

    with store.scene() as scene, store.relay.faults(answer=change):
        done = scene.pull([{"name": "a", "url": store.url("large/changing.bin")}], expecting=None)
        assert changed.is_set(), "the object never changed"
        if done.returncode == 0:
            assert scene.files()["artifacts/a/changing.bin"] in (old, new), "two versions are mixed"
        else:
            assert done.returncode in (NOT_FOUND, INTEGRITY), done.stderr
            assert scene.files() == {}


@case()
def a_missing_object_is_not_found(store):
    with store.scene() as scene:
        done = scene.pull([{"name": "gone", "url": store.url("missing/none.bin")}], expecting=NOT_FOUND)
        block = error_block(done)
        assert "gone" in block and "missing/none.bin" in block, block
        assert not scene.files()


@case()
def a_missing_bucket_is_not_found(store):
    with store.scene() as scene:
        done = scene.pull([{"name": "gone", "url": store.url("x.bin", store.missing_bucket)}], expecting=NOT_FOUND)
        assert store.missing_bucket in error_block(done), done.stderr
        done = scene.sync("ls", store.raw_url("", store.missing_bucket), expecting=NOT_FOUND)
        assert store.missing_bucket in error_block(done), done.stderr


@case()
def a_prefix_with_nothing_below_is_not_found(store):
    with store.scene() as scene:
        done = scene.pull([{"name": "gone", "url": store.raw_url("nothing/here/")}], expecting=NOT_FOUND)
        assert "nothing/here/" in error_block(done), done.stderr


@case()
def wrong_credentials_name_their_entry(store):
    store.put("secret/x.bin", b"x")
    for url in (store.url("secret/x.bin"), store.raw_url("secret/")):
        with store.scene(store.configuration(secret=store.wrong_secret)) as scene:
            done = scene.pull([{"name": "a", "url": url}], expecting=PERMISSION, seconds=60)
            assert store.entry in error_block(done), done.stderr
            assert not scene.files()


@case()
def wrong_credentials_are_asked_once_not_again_and_again(store):
    store.put("secret/y.bin", b"y")
    with store.scene(store.configuration(secret=store.wrong_secret)) as scene, store.relay.faults():
        scene.pull([{"name": "a", "url": store.url("secret/y.bin")}], expecting=PERMISSION, seconds=60)
        assert len(store.relay.requests) <= 2, store.relay.requests


@case()
def no_credentials_are_said_to_be_missing(store):
    store.put("secret/z.bin", b"z")
    with store.scene(store.bare_configuration()) as scene:
        done = scene.pull([{"name": "a", "url": store.url("secret/z.bin")}], expecting=PERMISSION, seconds=60)
        block = error_block(done)
        assert store.section in block, f"where to configure it is not said ({store.section}): {block}"


@case(needs=["denial"])
def credentials_that_may_not_are_told_from_wrong_ones(store):
    store.put("secret/w.bin", b"w")
    bucket = store.denied_bucket
    with store.scene(store.denied_configuration()) as scene:
        for url in (store.url("secret/w.bin", bucket), store.raw_url("secret/", bucket)):
            done = scene.pull([{"name": "a", "url": url}], expecting=PERMISSION, seconds=60)
            assert store.entry.split("[")[0] in error_block(done), done.stderr


@case(needs=["versions"])
def the_version_that_a_manifest_names_is_fetched(store):
    old, new = os.urandom(5000), os.urandom(6000)
    first, second = store.put_versions("versions/x.bin", [old, new])
    with store.scene() as scene:
        scene.pull([
            {"name": "old", "url": store.url("versions/x.bin"), "version": first},
            {"name": "new", "url": store.url("versions/x.bin"), "version": second},
            {"name": "now", "url": store.url("versions/x.bin")},
        ])
        assert scene.files() == {
            "artifacts/old/x.bin": old, "artifacts/new/x.bin": new, "artifacts/now/x.bin": new}


@case(needs=["versions"])
def a_locked_version_is_fetched_when_a_newer_one_is_there(store):
    key = "versions/locked.bin"
    old, new = b"old" * 1000, b"newer" * 1000
    store.put_versions(key, [old])
    with store.scene() as scene:
        scene.pull([{"name": "a", "url": store.url(key)}])
        store.put_versions(key, [new])
        scene.environment["CLEARML_CACHE_DIR"] = str(scene.root / "cache2")
        scene.sync("pull", "m.json", "--workspace", "second")
        assert scene.files("second") == {"artifacts/a/locked.bin": old}


@case(needs=["versions"])
def a_version_that_never_was_is_not_found(store):
    store.put_versions("versions/y.bin", [b"y"])
    with store.scene() as scene:
        done = scene.pull(
            [{"name": "a", "url": store.url("versions/y.bin"), "version": store.unknown_version}],
            expecting=NOT_FOUND)
        assert store.unknown_version in error_block(done), done.stderr


@case()
def a_wrong_checksum_links_nothing(store):
    content = b"not what was promised"
    store.put("checksum/x.bin", content)
    with store.scene() as scene:
        for algorithm, length in (("sha256", 64), ("md5", 32)):
            done = scene.pull(
                [{"name": "a", "url": store.url("checksum/x.bin"), "checksum": f"{algorithm}:{'0' * length}"}],
                expecting=INTEGRITY)
            assert "error: artifacts/a" in error_block(done), done.stderr
            assert not scene.files()
        right = hashlib.md5(content).hexdigest()
        scene.pull([{"name": "a", "url": store.url("checksum/x.bin"), "checksum": f"md5:{right}"}])
        assert scene.files() == {"artifacts/a/x.bin": content}


@case()
def bytes_that_changed_on_the_way_are_not_believed(store):
    content = os.urandom(100_000)
    store.put("checksum/flipped.bin", content)

    def flip(request, status, headers, body):
        return bytes([body[0] ^ 1]) + body[1:] if body else body

    with store.scene() as scene:
        scene.pull([{"name": "a", "url": store.url("checksum/flipped.bin")}])
        scene.environment["CLEARML_CACHE_DIR"] = str(scene.root / "cache2")
        is_read = lambda request: store.request_key(request) == "checksum/flipped.bin"
        with store.relay.faults(alter=flip, alters=is_read):
            scene.sync("pull", "m.json", "--workspace", "second", expecting=INTEGRITY)
            assert not scene.files("second")


@case()
def a_store_that_is_busy_is_asked_again(store):
    store.put("busy/x.bin", b"busy" * 100)
    refusals = []

    def refuse(request):
        if store.request_key(request) == "busy/x.bin" and len(refusals) < 2:
            refusals.append(request)
            return store.busy()

    with store.scene() as scene, store.relay.faults(answer=refuse):
        scene.pull([{"name": "a", "url": store.url("busy/x.bin")}])
        assert scene.files() == {"artifacts/a/x.bin": b"busy" * 100}
        assert len(refusals) == 2


@case()
def awkward_names_are_asked_for_as_they_are(store):
    keys = [key for key in names.PATHS + names.STRANGE if store.takes("alone/" + key if key in names.PATHS else key)]
    assert len(keys) >= 40, f"the store itself takes only {len(keys)} names"
    full = {key: "alone/" + key if key in names.PATHS else key for key in keys}
    with store.scene() as scene:
        scene.pull([
            {"name": f"n{number}", "url": store.url(full[key]), "path": f"k/{number}"}
            for number, key in enumerate(keys)])
        found = scene.files()
        wrong = [key for number, key in enumerate(keys)
                 if found.get(f"k/{number}") != hashlib.sha256(full[key].encode()).digest()]
        assert not wrong, f"{len(wrong)} of {len(keys)} names: {wrong}"
