"""What a case needs to know of a store; the official client behind it is the oracle."""

import concurrent.futures
import contextlib
import hashlib

from partners.relay import Answer

from .names import url_text
from .scene import Scene


class Store:
    """A running store with an empty bucket, and a relay in front that writes every request down.

    `lacks` says, by the need of a case, why this store cannot have it; such a case is reported with that reason.
    """

    name = ""
    scheme = ""
    #: The configuration entry that a message about credentials has to name.
    entry = ""
    #: The part of clearml.conf that is for this kind of store.
    section = ""
    bucket = "tests"
    missing_bucket = "no-such-bucket"
    #: A version that is written as the store writes them, of no object.
    unknown_version = ""
    lacks = {}

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        try:
            self.start(self._stack)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_):
        self._stack.close()

    def start(self, stack):
        raise NotImplementedError

    # What a manifest and clearml.conf say.
    def url(self, key, bucket=None):
        return self.raw_url(url_text(key), bucket)

    def raw_url(self, text, bucket=None):
        """`text` is put into the URL as it is: a glob, a prefix."""
        raise NotImplementedError

    def configuration(self, secret=None):
        raise NotImplementedError

    def environment(self):
        return {}

    def bare_configuration(self):
        """How to reach the server, and no credentials for it."""
        return "sdk {}\n"

    @property
    def denied_bucket(self):
        """What `denied_configuration()` may not read, with credentials that are right."""
        return self.bucket

    def denied_configuration(self):
        raise NotImplementedError

    @property
    def secrets(self):
        return []

    @property
    def wrong_secret(self):
        return "wrong+secret/of-the-tests-0123456789"

    def scene(self, configuration=None, environment=None):
        return Scene(
            self.configuration() if configuration is None else configuration,
            environment={**self.environment(), **(environment or {})}, secrets=[*self.secrets, self.wrong_secret])

    # The official client.
    def put(self, key, content):
        raise NotImplementedError

    def put_in_parts(self, key, content):
        """As the client uploads what is large."""
        self.put(key, content)

    def get(self, key):
        raise NotImplementedError

    def delete(self, key):
        raise NotImplementedError

    def sizes(self, prefix=""):
        """Every key below, with its size."""
        raise NotImplementedError

    def put_versions(self, key, contents):
        """Puts each in turn; returns the version of each."""
        raise NotImplementedError

    def put_many(self, contents):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda item: self.put(*item), contents.items()))

    def rclone_remote(self):
        """The name of the store for rclone, whose settings are in `rclone_environment()`; `None` for the official client."""
        return None

    def rclone_environment(self):
        return {}

    def taken(self, keys):
        """Puts each key with its own SHA-256 as content; those that the official client then finds under just this name.

        Some stores refuse names, and some take two for one: what they do so is removed again.
        """
        keys = list(keys)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda key: attempt(self.put, key, own_content(key)), keys))
            good = self._as_put(keys, pool)
            list(pool.map(lambda key: attempt(self.delete, key), set(keys) - set(good)))
            # Where two names are one, its removal took the good one, too.
            return self._as_put(good, pool)

    def _as_put(self, keys, pool):
        listed = self.sizes()
        found = pool.map(lambda key: key in listed and attempt(self.get, key) == own_content(key), keys)
        return [key for key, is_right in zip(keys, found) if is_right]

    # What the relay may answer in the store's place.
    def busy(self):
        return Answer(503, "")

    def forbidden(self):
        return Answer(403, "")

    # What the relay saw.
    def reads(self, key):
        """The requests for the object's bytes that were answered with some."""
        return [r for r in list(self.relay.requests)
                if r.method == "GET" and r.status in (200, 206) and self.request_key(r) == key]

    def request_key(self, request):
        raise NotImplementedError

    def listings(self):
        raise NotImplementedError


def own_content(key):
    return hashlib.sha256(key.encode()).digest()


def attempt(function, *arguments):
    """`None` where the store says no, in whichever of its clients' many ways."""
    try:
        return function(*arguments)
    except Exception:
        return None
