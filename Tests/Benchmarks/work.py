"""What a row's bytes and names need at least, in parts that floors.py measures."""

import dataclasses

import data


@dataclasses.dataclass(frozen=True)
class Need:
    #: The name of a part in floors.py.
    part: str
    #: How much of it.
    share: float = 1
    #: Only one core can do it: there is one object, and each byte needs what came before it.
    serial: bool = False


def bytes_of(part, count, serial=False):
    """A part that floors.py measures for `data.LARGE` bytes."""
    return Need(part, count / data.LARGE, serial)


def large(size=data.LARGE):
    """One object: over loopback, into a file, hashed."""
    return [bytes_of("loopback", size), bytes_of("write", size), bytes_of("SHA-256", size, serial=True)]


def small(count):
    """Many objects of 16 KiB: over kept connections, each into a file of its own, hashed, linked."""
    return [Need("requests", count / data.SMALL), Need("files", count / data.SMALL),
            bytes_of("SHA-256", count * data.SMALL_SIZE), Need("links", count / data.MEMBERS)]


def archive(size, unpacking):
    """One archive: over loopback, hashed, unpacked; each file written, hashed, linked."""
    return [bytes_of("loopback", size), bytes_of("SHA-256", size + data.MEMBERS * data.MEMBER), unpacking,
            Need("files", data.MEMBERS / data.SMALL), Need("links")]


def names(count):
    """A run that looks at each of them once."""
    return [Need("start", serial=True), Need("names", count / data.SMALL)]
