"""Bring the database and the static files up to date, in one Django process."""

import argparse
import fcntl
import io
import os
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from launch import fingerprint
from launch.errors import say


def main() -> int:
    """Return exit status 0, or print a traceback with the database's error."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--account", nargs=3, action="append", default=[])
    parser.add_argument("--demo", default="")
    parser.add_argument("--stamp", default="", help="stored in the database at the end")
    given = parser.parse_args()
    django.setup()
    _take_turn()
    call_command("migrate", interactive=False, verbosity=0)
    if not fingerprint.has_static_files(settings.BERTH_DATA):
        _collect()
    password = io.StringIO()
    call_command("first_admin", stdout=password)
    if password.getvalue():
        print(f"berth: sign in as admin with the one-time password {password.getvalue().strip()}")
    for name, uid, socket in given.account:
        call_command("link_account", name, uid=int(uid), socket=socket, stdout=io.StringIO())
    if given.demo:
        call_command("demo_template", given.demo, stdout=io.StringIO())
    if given.stamp and connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA user_version = {fingerprint.number(given.stamp)}")
    return 0


def _take_turn() -> None:
    """Keep all others from this data until this process ends.

    A start that was killed may have left its preparation running: to systemd, it is a service.
    """
    path = settings.BERTH_DATA / "prepare.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another preparation of the same data")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _collect() -> None:
    stamp = fingerprint.static_stamp(settings.BERTH_DATA)
    stamp.unlink(missing_ok=True)
    unused = settings.BERTH_UNUSED_ASSETS
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=unused)
    stamp.write_text(fingerprint.fingerprint())


if __name__ == "__main__":
    sys.exit(main())
