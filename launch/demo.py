"""A small web image made from this machine's own static busybox, without a network."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

from launch.errors import SetupError, say
from launch.identities import Account

IMAGE = "localhost/berth-demo:latest"
PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>It works</title>
<style>body{font:1.2rem/1.6 system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>
<h1>It works.</h1>
<p>This page comes from a rootless container that you launched with Berth.</p>
</html>
"""
APPLETS = [
    "sh",
    "ls",
    "cat",
    "ps",
    "sleep",
    "httpd",
    "env",
    "id",
    "vi",
    "top",
    "wget",
    "date",
    "echo",
    "yes",
    "seq",
    "kill",
    "mkdir",
    "rm",
    "touch",
    "stty",
    "hostname",
    "ip",
]


def make_image(account: Account) -> str:
    """Import the image into the account's storage if it is missing. Return its name."""
    if _podman(account, "image", "exists", IMAGE).returncode == 0:
        return IMAGE
    say(f"making the image {IMAGE} for {account.name}")
    done = _podman(
        *(account, "import", "--change", 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'),
        *("--change", "EXPOSE 8080", "--change", "STOPSIGNAL SIGKILL", "-", IMAGE),
        given=archive(),
    )
    if done.returncode:
        output = done.stderr.decode(errors="replace").strip().splitlines()
        raise SetupError(f"podman import failed: {output[-1] if output else done.returncode}", "")
    return IMAGE


def archive() -> bytes:
    """Return the root file system of the image, as a tar."""
    busybox = Path("/bin/busybox").read_bytes()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:

        def add(name: str, data: bytes, mode: int) -> None:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            tar.addfile(entry, io.BytesIO(data))

        for folder in ("bin", "etc", "www", "tmp", "root"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        add("bin/busybox", busybox, 0o755)
        for applet in APPLETS:
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
        add(
            "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n", 0o644
        )
        add("etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0o644)
        add("www/index.html", PAGE, 0o644)
    return made.getvalue()


def _podman(
    account: Account, *words: str, given: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    root = os.geteuid() == 0
    return subprocess.run(  # noqa: S603 - no shell
        ["/usr/bin/podman", *words],
        input=given,
        capture_output=True,
        cwd=account.home,
        env={
            "HOME": str(account.home),
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "XDG_RUNTIME_DIR": str(account.runtime),
        },
        user=account.uid if root else None,
        group=account.gid if root else None,
        extra_groups=[] if root else None,
    )
