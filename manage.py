#!/usr/bin/env python3
"""Django's command line, run with the environment and as the user that `bin/serve` made."""

import os
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parent
PLACES = [Path("/opt/berth/venv"), TREE / ".venv"] if os.geteuid() == 0 else [TREE / ".venv"]


def use_installed_environment() -> None:
    """Go on in the virtual environment that set-up made, unless Django is at hand already."""
    try:
        import django  # noqa: F401
    except ImportError:
        for place in PLACES:
            if (place / "bin/python").exists():
                python = str(place / "bin/python")
                os.execv(python, [python, *sys.argv])  # noqa: S606 - on purpose
        sys.exit("manage.py: Django is not installed. Run bin/serve once: it sets everything up.")


def leave_root() -> None:
    """As root: become the owner of the data, so that no file in there comes to belong to root."""
    if os.geteuid() != 0 or os.environ.get("BERTH_TESTING") == "1":
        return
    data = Path(os.environ.setdefault("BERTH_DATA", "/var/lib/berth"))
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        os.setgroups([])
        os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
        os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
        os.umask(0o077)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consoleapp.settings")
    use_installed_environment()
    from django.core.management import execute_from_command_line

    leave_root()
    execute_from_command_line(sys.argv)
