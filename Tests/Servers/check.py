"""Every suite against real servers: `check.py [SUITE…] [-k TEXT]`. Closes with one line, `N passed, N failed`."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from contract import clearml_sdk, credentials, faults, files, listing, reading, writing  # noqa: E402
from contract.runner import Tally, say  # noqa: E402
from contract.scene import BINARY  # noqa: E402
from contract.store_azure import AzureStore  # noqa: E402
from contract.store_gcs import GCSStore  # noqa: E402
from contract.store_s3 import MinIOStore, MotoStore, RadosgwStore, RcloneStore  # noqa: E402
from partners.process import end_all  # noqa: E402
from partners.sealed import seal  # noqa: E402


def contract(store_type, *more):
    """The suite of a store: what all must do, and what it alone can be asked."""
    def suite(tally):
        with store_type() as store:
            for cases in (reading.cases, listing.cases, writing.cases, *more):
                for name, needs, function in cases.all:
                    lacking = [need for need in needs if need in store.lacks]
                    if lacking:
                        say(f"n/a     {store.name}: {name} ({store.lacks[lacking[0]]})")
                        continue
                    tally.run(store.name, name, function, store)
    return suite


def alone(cases, name):
    """A suite whose cases start for themselves what they need."""
    def suite(tally):
        for title, _, function in cases.all:
            tally.run(name, title, function)
    return suite


def program(name):
    """A suite with a process and a closing line of its own."""
    def suite(tally):
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, HERE / name], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=420)
        lines = re.findall(r"^(?:\w+: )?(\d+) passed, (\d+) failed", done.stdout, re.MULTILINE)
        counted = re.search(r"^Ran (\d+) tests?", done.stderr, re.MULTILINE)
        if lines:
            passed, failed = map(int, lines[-1])
        elif counted:
            passed, failed = int(counted[1]) if done.returncode == 0 else 0, 0
        else:
            passed, failed = 0, 1
        if done.returncode and not failed:
            failed = 1
        tally.add(passed, failed)
        word = "FAILED  " if failed or not passed else "ok      "
        details = f"\n{done.stdout[-6000:]}{done.stderr[-6000:]}" if failed or not passed else ""
        say(f"{word}{name}: {passed} passed, {failed} failed here ({time.monotonic() - start:.1f} s){details}")
    return suite


#: The longest first: they run two at a time.
SUITES = {
    "radosgw": contract(RadosgwStore),
    "moto": contract(MotoStore, credentials.sessions),
    "minio": contract(MinIOStore, faults.s3),
    "gcs": contract(GCSStore, credentials.google),
    "azure": contract(AzureStore, credentials.azure),
    "rclone": contract(RcloneStore),
    "clearml-sdk": alone(clearml_sdk.cases, "clearml-sdk"),
    "files": alone(files.cases, "files"),
    "faults": alone(faults.cases, "faults"),
    "azure-emulator": program("azure_emulator_test.py"),
    "sdk-cache": program("sdk_cache.py"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; default: all")
    parser.add_argument("-k", default="", metavar="TEXT", help="only cases whose `suite: name` holds this")
    parser.add_argument("-j", type=int, default=2, metavar="N", help="suites at a time")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.suites if name not in SUITES]
    if unknown:
        parser.error(f"no suite {unknown[0]!r}")
    if not os.access(BINARY, os.X_OK):
        sys.exit(f"error: {BINARY} is not there; build it with 'swift build --product clearml-sync'")
    if not seal():
        say("note: not root, so the suites share the machine's network; they talk to loopback alone")
    tally = Tally(arguments.k)

    def run(name):
        start = time.monotonic()
        try:
            SUITES[name](tally)
        except Exception:
            tally.count(name, "the suite runs", False, time.monotonic() - start, traceback.format_exc(chain=False))
        say(f"--      {name}: {time.monotonic() - start:.0f} s")

    with concurrent.futures.ThreadPoolExecutor(arguments.j) as pool:
        list(pool.map(run, arguments.suites or SUITES))
    return tally.finish()


def interrupted(number, _):
    end_all()
    os._exit(128 + number)


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, interrupted)
    # A server that hangs in its end must not hold up the answer.
    code = main()
    sys.stdout.flush()
    os._exit(code)
