"""Runs cases and counts them. A case is a function; its name is the behaviour."""

import sys
import threading
import time
import traceback

_printing = threading.Lock()


class Tally:
    def __init__(self, pattern=""):
        self.passed = self.failed = 0
        self.pattern = pattern
        self._lock = threading.Lock()

    def run(self, suite, name, function, *arguments):
        if self.pattern and self.pattern not in f"{suite}: {name}":
            return
        start = time.monotonic()
        try:
            function(*arguments)
        except Exception:
            self.count(suite, name, False, time.monotonic() - start, traceback.format_exc(chain=False))
        else:
            self.count(suite, name, True, time.monotonic() - start)

    def count(self, suite, name, is_passed, seconds, details=""):
        with self._lock:
            if is_passed:
                self.passed += 1
            else:
                self.failed += 1
        word = "ok      " if is_passed else "FAILED  "
        say(f"{word}{suite}: {name} ({seconds:.1f} s)" + (f"\n{details}" if details else ""))

    def add(self, passed, failed):
        """What a suite in a process of its own has counted."""
        with self._lock:
            self.passed += passed
            self.failed += failed

    def finish(self):
        say(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def say(text):
    with _printing:
        print(text, flush=True)
        sys.stdout.flush()


class Cases:
    """The cases of one suite, in the order in which they stand in their file."""

    def __init__(self):
        self.all = []

    def case(self, needs=()):
        """`needs` names what not every store has; a store without says why (`lacks`)."""
        def register(function):
            self.all.append((function.__name__.replace("_", " "), tuple(needs), function))
            return function
        return register
