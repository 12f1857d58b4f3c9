"""Times `clearml-sync` against peers doing the same work, in turn (A B A B …), on tmpfs, and writes the report."""

import sys

import floors
import report
import rows_archives
import rows_http
import rows_local
import rows_sdk
import rows_stores
from measure import Bench

GROUPS = {
    "http": rows_http.measure,
    "archives": rows_archives.measure,
    "local": rows_local.measure,
    "sdk": rows_sdk.measure,
    # Last: it leaves a clearml.conf that is ours alone.
    "stores": rows_stores.measure,
}


def main():
    chosen = sys.argv[1:] or list(GROUPS)
    unknown = [name for name in chosen if name not in GROUPS]
    if unknown:
        raise SystemExit(f"no such group: {', '.join(unknown)} (there are {', '.join(GROUPS)})")
    with Bench() as bench:
        for name in chosen:
            GROUPS[name](bench)
        if not sys.argv[1:]:
            floors.measure(bench)
            report.write(bench)


main()
