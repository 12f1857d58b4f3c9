"""What is moved: made anew for each run, the same for both sides."""

import os
import random
import tarfile

from measure import QUICK

LARGE = (256 if QUICK else 1024) << 20
SMALL = 1_000 if QUICK else 10_000
SMALL_SIZE = 16 << 10
MEMBERS = 2_000 if QUICK else 20_000
MEMBER = 21_000


def large(path, size=LARGE):
    block = os.urandom(16 << 20)
    with open(path, "wb") as file:
        for number in range(size // len(block)):
            file.write(number.to_bytes(8, "big") + block[8:])


def small(folder, count=SMALL, size=SMALL_SIZE):
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:05}.bin").write_bytes(os.urandom(size))


def tree(folder, count=MEMBERS):
    """Files of text that deflate makes about three times smaller, 100 in a folder."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(5_000)]
    text = " ".join(chance.choices(words, k=600_000)).encode()
    for number in range(count):
        place = folder / f"{number // 100:03}"
        if number % 100 == 0:
            place.mkdir(parents=True)
        start = chance.randrange(len(text) - MEMBER)
        (place / f"{number:05}.txt").write_bytes(b"%d\n" % number + text[start:start + MEMBER])


def tar(folder, path):
    with tarfile.open(path, "w") as archive:
        archive.add(folder, arcname=".")
