"""What lies below a URL: pages, prefixes, globs, awkward names."""

import hashlib

from . import names, seed
from .runner import Cases
from .scene import PERMISSION, error_block

cases = Cases()
case = cases.case
COUNT = 3_105


@case()
def a_listing_of_more_than_three_pages_is_whole(store):
    contents = seed.many(store, "pages/", COUNT)
    with store.scene() as scene, store.relay.faults():
        listed = scene.list(store.raw_url("pages/"))
        keys = [each["key"] for each in listed]
        assert len(keys) == len(set(keys)) == COUNT, (len(keys), len(set(keys)))
        assert set(keys) == {"pages/" + name for name in contents}
        assert {each["key"]: each["size"] for each in listed} == {
            "pages/" + name: len(each) for name, each in contents.items()}
        pages = len(store.listings())
        assert pages >= 4 or "pages" in store.lacks, f"{pages} pages"
        assert pages == len({r.target for r in store.listings()}), "a page was asked for twice"


@case()
def a_prefix_is_pulled_whole(store):
    contents = seed.many(store, "pages/", COUNT) if not store.sizes("pages/") else {
        f"{n // 1000:02}/{n:05}.txt": seed.content(n) for n in range(COUNT)}
    with store.scene() as scene, store.relay.faults():
        scene.pull([{"name": "all", "url": store.raw_url("pages/")}], kind="datasets", seconds=400)
        found = scene.files()
        assert len(found) == COUNT, len(found)
        wrong = [name for name, each in contents.items() if found.get("datasets/all/" + name) != each]
        assert not wrong, wrong[:5]
        objects = [store.request_key(r) for r in store.relay.matching("GET") if r.status in (200, 206)]
        objects = [key for key in objects if key and key.startswith("pages/")]
        assert len(objects) == len(set(objects)) == COUNT, "an object was fetched twice, or not at all"


@case()
def awkward_names_are_listed_as_they_are(store):
    keys = store.taken("listed/" + key for key in names.PATHS)
    assert len(keys) >= 40, f"the store itself takes only {len(keys)} names"
    with store.scene() as scene:
        listed = scene.list(store.raw_url("listed/"))
        assert sorted(each["key"] for each in listed) == sorted(keys), difference(keys, [e["key"] for e in listed])
        # What is printed as a URL can be pulled.
        scene.pull([
            {"name": f"n{number}", "url": each["url"], "path": f"k/{number}"} for number, each in enumerate(listed)])
        found = scene.files()
        wrong = [each["key"] for number, each in enumerate(listed)
                 if found.get(f"k/{number}") != hashlib.sha256(each["key"].encode()).digest()]
        assert not wrong, f"{len(wrong)} of {len(listed)} URLs: {wrong}"


@case()
def awkward_names_below_a_prefix_are_pulled_under_their_names(store):
    keys = [key.removeprefix("below/") for key in store.taken("below/" + key for key in names.PATHS)]
    assert len(keys) >= 40, f"the store itself takes only {len(keys)} names"
    with store.scene() as scene:
        scene.pull([{"name": "d", "url": store.raw_url("below/")}], kind="datasets")
        found = scene.files()
        expected = {f"datasets/d/{key}": hashlib.sha256(f"below/{key}".encode()).digest() for key in keys}
        assert found == expected, difference(expected, found)


@case(needs=["strange"])
def names_that_no_folder_can_hold_are_refused_not_misplaced(store):
    keys = store.taken("strange/" + key for key in names.STRANGE)
    assert keys, "the store takes none of them"
    with store.scene() as scene:
        done = scene.pull([{"name": "d", "url": store.raw_url("strange/")}], kind="datasets", expecting=None)
        assert done.returncode != 0, f"the prefix has {keys}, pulled as {sorted(scene.files())}"
        assert not [p for p in scene.root.rglob("up") if p.is_file() and "cache" not in p.parts]
        assert not scene.files()


@case(needs=["markers"])
def a_folder_marker_is_no_file(store):
    for key, content in (("marked/", b""), ("marked/sub/", b""), ("marked/x.txt", b"x")):
        store.put(key, content)
    with store.scene() as scene:
        scene.pull([{"name": "d", "url": store.raw_url("marked/")}], kind="datasets")
        assert scene.files() == {"datasets/d/x.txt": b"x"}


@case()
def include_exclude_and_globs_select(store):
    every = ["a.jpg", "b.JPG", "train/c.jpg", "train/d.txt", "train/deep/e.jpg", "val/f.jpg", "val/g.tmp"]
    for name in every:
        store.put("globs/" + name, name.encode())
    select = {
        "**/*.jpg": ["a.jpg", "train/c.jpg", "train/deep/e.jpg", "val/f.jpg"],
        "*.jpg": ["a.jpg"],
        "train/*": ["train/c.jpg", "train/d.txt"],
        "*/f.jpg": ["val/f.jpg"],
    }
    with store.scene() as scene:
        for number, (glob, expected) in enumerate(select.items()):
            scene.pull(
                [{"name": "d", "url": store.raw_url("globs/" + glob), "path": "d"}], "--workspace", f"w{number}",
                kind="datasets", name=f"g{number}.json")
            found = scene.files(f"w{number}")
            # Members keep their paths below the folder in front of the first wildcard.
            root = "train/" if glob == "train/*" else ""
            assert found == {f"d/{n.removeprefix(root)}": n.encode() for n in expected}, (glob, sorted(found))
        scene.pull([{
            "name": "d", "url": store.raw_url("globs/"), "path": "d", "include": ["train/**", "val/**"],
            "exclude": ["**/*.tmp", "train/deep/**"]}], "--workspace", "sel", kind="datasets", name="sel.json")
        assert sorted(scene.files("sel")) == ["d/train/c.jpg", "d/train/d.txt", "d/val/f.jpg"], scene.files("sel")


@case()
def a_prefix_is_a_folder_and_not_a_beginning_of_names(store):
    for name in ("near/x", "nearby/y"):
        store.put(name, name.encode())
    with store.scene() as scene:
        assert [each["key"] for each in scene.list(store.raw_url("near/"))] == ["near/x"]


@case()
def a_removed_object_leaves_the_workspace_after_an_upgrade(store):
    for name in ("a", "b"):
        store.put("shrinks/" + name, name.encode())
    with store.scene() as scene:
        entry = [{"name": "d", "url": store.raw_url("shrinks/")}]
        scene.pull(entry, kind="datasets")
        assert sorted(scene.files()) == ["datasets/d/a", "datasets/d/b"]
        store.delete("shrinks/b")
        store.put("shrinks/c", b"c")
        scene.sync("outdated", "m.json", expecting=2)
        scene.sync("lock", "m.json", "--upgrade")
        scene.sync("pull", "m.json")
        assert sorted(scene.files()) == ["datasets/d/a", "datasets/d/c"]
        scene.sync("outdated", "m.json", expecting=0)


@case()
def a_changed_object_is_outdated(store):
    store.put("changes/x.bin", b"first")
    with store.scene() as scene:
        scene.pull([{"name": "a", "url": store.url("changes/x.bin")}])
        scene.sync("outdated", "m.json", expecting=0)
        store.put("changes/x.bin", b"second")
        with store.relay.faults():
            done = scene.sync("outdated", "m.json", expecting=2)
            assert "artifacts/a" in done.stdout, done.stdout
            assert not store.reads("changes/x.bin"), "it was downloaded to be compared"


def difference(expected, found):
    expected, found = set(expected), set(found)
    return f"missing {sorted(expected - found)}, too many {sorted(found - expected)}"
