"""Brings the database and the static files up to date: one Django process for all of it."""

import argparse
import io
import sys

import django
from django.core.management import call_command


def main() -> int:
    """Exit status 0, or a traceback that says what the database refused."""
    parser = argparse.ArgumentParser()
    parser.add_argument("steps", nargs="*")
    parser.add_argument("--account", nargs=3, action="append", default=[])
    parser.add_argument("--demo", default="")
    given = parser.parse_args()
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    password = io.StringIO()
    call_command("first_admin", stdout=password)
    if password.getvalue():
        print(f"berth: sign in as admin with the one-time password {password.getvalue().strip()}")
    for name, uid, socket in given.account:
        call_command("link_account", name, uid=int(uid), socket=socket, stdout=io.StringIO())
    if given.demo:
        call_command("demo_template", given.demo, stdout=io.StringIO())
    return 0


if __name__ == "__main__":
    sys.exit(main())
