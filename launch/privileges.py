"""The few steps of a start that need root: as root, through sudo, or as an instruction."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from launch.errors import SetupError, say

DEVICES = (Path("/dev/fuse"), Path("/dev/net/tun"))


def as_root(*argv: str) -> None:
    """Run a command as root.

    Raises SetupError with the command to paste if this is not root and sudo is missing or refuses.
    """
    words = shlex.join(argv)
    sudo: list[str] = []
    if os.geteuid() != 0:
        if shutil.which("sudo") is None:
            raise SetupError("sudo is not installed, and root is needed once.", f"As root: {words}")
        sudo = ["sudo"]
        if subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode:  # noqa: S607
            say(f"sudo may ask for your password: {words}")
    done = subprocess.run([*sudo, *argv], stderr=subprocess.PIPE, text=True)  # noqa: S603 - no shell
    if done.returncode:
        output = done.stderr.strip().splitlines()
        why = output[-1] if output else f"status {done.returncode}"
        raise SetupError(f"`{words}` failed: {why}.", f"As root: {words}" if sudo else "")


def open_devices() -> None:
    """Do what udev otherwise does. Rootless Podman needs both devices, tun for any network."""
    closed = [each for each in DEVICES if each.exists() and each.stat().st_mode & 0o006 != 0o006]
    if not closed:
        return
    names = [str(each) for each in closed]
    say(f"opening {' and '.join(names)} to all accounts, as udev does: rootless Podman uses them")
    try:
        as_root("chmod", "0666", *names)
    except SetupError as refusal:
        say(f"{' and '.join(names)} stay closed, and containers may fail: {refusal}")
