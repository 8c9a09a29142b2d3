"""The tests' own PostgreSQL: a cluster in a temporary folder, run by an unprivileged user."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

OWNER = "postgres"
"""The distribution's package creates this user."""


@contextmanager
def cluster(**more: str) -> Iterator[str]:
    """Yield the URL of a new cluster, reached only by a socket in its folder. `more`: settings."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    place = Path(tempfile.mkdtemp(prefix="berth-postgresql-", dir="/var/tmp"))
    shutil.chown(place, OWNER)

    def run(program: str, *words: str) -> None:
        line = ["runuser", "-u", OWNER, "--", str(programs / program), "-D", str(place / "data")]
        subprocess.run([*line, *words], cwd="/", check=True, stdout=subprocess.DEVNULL)

    settings = {"listen_addresses": "", "unix_socket_directories": str(place), "fsync": "off"}
    options = " ".join(f"-c {name}='{value}'" for name, value in (settings | more).items())
    try:
        run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        run("pg_ctl", "start", "-w", "-l", str(place / "log"), "-o", options)
        try:
            yield f"postgresql://{OWNER}@/postgres?host={quote(str(place), safe='')}"
        finally:  # even if its user failed
            run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(place, ignore_errors=True)
