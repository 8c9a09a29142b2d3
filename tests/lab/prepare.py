"""Create the archives of lab hosts beside other tests. `tests.workers` starts this; hosts wait."""

import signal
import sys

from tests.lab.host import UIDS, prepared

if __name__ == "__main__":
    # When the tests have ended, remove what is incomplete.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for release in UIDS:
        prepared(release)
