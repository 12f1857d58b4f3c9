"""Containers, blobs, versions and blocks, in memory."""

import base64
import binascii
import dataclasses
import hashlib
import itertools
import threading
import time

from azure_emulator_wire import StorageError, timestamp

PROPERTIES = {
    "x-ms-blob-content-type": "Content-Type",
    "x-ms-blob-content-encoding": "Content-Encoding",
    "x-ms-blob-content-language": "Content-Language",
    "x-ms-blob-content-disposition": "Content-Disposition",
    "x-ms-blob-cache-control": "Cache-Control",
}


@dataclasses.dataclass
class Version:
    """One state of a blob; never changed, apart from its metadata's own operation, which makes another."""

    data: bytes
    properties: dict
    metadata: dict
    content_md5: str
    etag: str
    modified: float
    created: float
    version_id: str
    blocks: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Entry:
    current: Version = None
    """Oldest first; `current` is not among them."""
    previous: list = dataclasses.field(default_factory=list)
    """Bytes by block id, not yet in a block list."""
    uncommitted: dict = dataclasses.field(default_factory=dict)

    def find(self, version_id):
        return next((v for v in [*self.previous, self.current] if v and v.version_id == version_id), None)


@dataclasses.dataclass
class Container:
    name: str
    metadata: dict
    public_access: str
    etag: str
    modified: float
    entries: dict = dataclasses.field(default_factory=dict)


class Store:
    """Every method holds the lock; bytes are moved outside of it."""

    def __init__(self, versioning):
        self.versioning = versioning
        self.lock = threading.RLock()
        self.containers = {}
        self.ticks = itertools.count()

    def stamp(self):
        """A time and an ETag that nothing else has; two changes in one tick of the clock differ all the same."""
        now = time.time() + next(self.ticks) / 10_000_000
        return now, f'"0x{int(now * 10_000_000):X}"'

    def container(self, name):
        with self.lock:
            if name not in self.containers:
                raise StorageError("ContainerNotFound")
            return self.containers[name]

    def public_access(self, name):
        with self.lock:
            return self.containers[name].public_access if name in self.containers else ""

    def create_container(self, name, metadata, public_access):
        with self.lock:
            if name in self.containers:
                raise StorageError("ContainerAlreadyExists")
            now, etag = self.stamp()
            self.containers[name] = Container(name, metadata, public_access, etag, now)
            return self.containers[name]

    def delete_container(self, name):
        with self.lock:
            self.container(name)
            del self.containers[name]

    def version(self, container, blob, version_id=None):
        with self.lock:
            entry = self.container(container).entries.get(blob)
            found = entry and (entry.find(version_id) if version_id else entry.current)
            if not found:
                raise StorageError("BlobNotFound")
            return found

    def put(self, container, blob, data, properties, metadata, content_md5, check, blocks=()):
        """`check` looks at the current version, or None, and raises when a condition does not hold."""
        with self.lock:
            entry = self.container(container).entries.setdefault(blob, Entry())
            try:
                check(entry.current)
            except StorageError:
                self.drop_if_empty(container, blob)
                raise
            now, etag = self.stamp()
            created = entry.current.created if entry.current else now
            version = Version(
                data, properties, metadata, content_md5, etag, now, created, timestamp(now), list(blocks))
            if entry.current and self.versioning:
                entry.previous.append(entry.current)
            entry.current = version
            entry.uncommitted = {}
            return version

    def delete(self, container, blob, version_id, check):
        with self.lock:
            version = self.version(container, blob, version_id)
            check(version)
            entry = self.container(container).entries[blob]
            if version_id:
                # The current version cannot be named by its id while it is current.
                if version is entry.current:
                    raise StorageError("InvalidQueryParameterValue")
                entry.previous.remove(version)
            else:
                if self.versioning:
                    entry.previous.append(version)
                entry.current = None
            self.drop_if_empty(container, blob)

    def drop_if_empty(self, container, blob):
        entries = self.containers[container].entries
        entry = entries.get(blob)
        if entry and not entry.current and not entry.previous and not entry.uncommitted:
            del entries[blob]

    def put_block(self, container, blob, block_id, data):
        try:
            length = len(base64.b64decode(block_id, validate=True))
        except binascii.Error:
            raise StorageError("InvalidQueryParameterValue") from None
        if not 0 < length <= 64:
            raise StorageError("InvalidQueryParameterValue")
        with self.lock:
            entry = self.container(container).entries.setdefault(blob, Entry())
            # All ids of a blob's blocks have one length.
            if any(len(known) != len(block_id) for known in entry.uncommitted):
                raise StorageError("InvalidBlobOrBlock")
            entry.uncommitted[block_id] = data

    def blocks_of(self, container, blob, wanted):
        """The blocks that a list names as (id, bytes): each is Latest, Uncommitted or Committed."""
        with self.lock:
            entry = self.container(container).entries.get(blob) or Entry()
            committed = {}
            if entry.current:
                offset = 0
                for block_id, size in entry.current.blocks:
                    committed[block_id] = entry.current.data[offset : offset + size]
                    offset += size
            places = {
                "Latest": (entry.uncommitted, committed),
                "Uncommitted": (entry.uncommitted,),
                "Committed": (committed,),
            }
            found = []
            for kind, block_id in wanted:
                place = next((place for place in places[kind] if block_id in place), None)
                if place is None:
                    raise StorageError("InvalidBlockList")
                found.append((block_id, place[block_id]))
            return found


def md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()
