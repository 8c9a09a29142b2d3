#!/usr/bin/env python3
"""Run Django's command line in the place, the environment, and as the user of `bin/serve`."""

import os
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parent
# Root's Berth runs from a copy that its own users can read; see bin/lib/place.sh.
INSTALLED = Path("/opt/berth/code")
DATA = "/var/lib/berth"
# The settings of bin/install's services. The later one takes precedence.
SETTINGS = (Path("/etc/berth/defaults.env"), Path("/etc/berth/berth.env"))


def go_where_it_runs() -> None:
    """Continue with the code and the virtual environment of set-up, unless they are here."""
    testing = os.environ.get("BERTH_TESTING") == "1"
    place = INSTALLED if os.geteuid() == 0 and (INSTALLED / "manage.py").exists() else TREE
    python = place.parent / "venv/bin/python" if place == INSTALLED else place / ".venv/bin/python"
    here = place == TREE and Path(sys.prefix) == python.parent.parent
    if testing or here or not python.exists():
        return
    os.execv(python, [str(python), str(place / "manage.py"), *sys.argv[1:]])  # noqa: S606


def take_settings() -> None:
    """As root, for the data of the services, use their settings unless this shell has others."""
    if os.geteuid() != 0 or os.environ.get("BERTH_TESTING") == "1":
        return
    if os.environ.get("BERTH_DATA", DATA) != DATA:
        return
    found: dict[str, str] = {}
    for file in SETTINGS:
        for line in file.read_text().splitlines() if file.exists() else []:
            name, equals, value = line.strip().partition("=")
            if equals and name[:1] not in "#;":
                quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
                found[name.strip()] = value[1:-1] if quoted else value
    for name, value in found.items():
        os.environ.setdefault(name, value)


def leave_root() -> None:
    """As root, become the owner of the data, so that no file in there belongs to root."""
    if os.geteuid() != 0 or os.environ.get("BERTH_TESTING") == "1":
        return
    data = Path(os.environ.setdefault("BERTH_DATA", DATA))
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        os.setgroups([])
        os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
        os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
        os.umask(0o077)


if __name__ == "__main__":
    go_where_it_runs()
    take_settings()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consoleapp.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("manage.py: Django is not installed. Run bin/serve once: it sets everything up.")
    leave_root()
    execute_from_command_line(sys.argv)
