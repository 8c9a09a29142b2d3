"""A complete Debian host in namespaces: its own systemd, logind, users; the machine's network."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.machine import open_folder
from tests.waiting import until

CACHE = Path("/var/cache/berth-lab")
BOOT = Path(__file__).with_name("boot.sh")
TREE = Path(__file__).resolve().parents[2]
UIDS = {"trixie": 50_000, "bookworm": 55_000}
"""Debian's code names, and the first uid of each one's accounts: this machine uses others."""
SET_UP = ("bin/lib/*", "requirements.txt", "requirements-[np]*.txt", "package*.json")
"""The files that determine which packages set-up installs."""
A_DAY = 86_400
# Part of every Debian with systemd. bin/install brings the rest.
PACKAGES = "systemd systemd-sysv dbus libpam-systemd python3 ca-certificates procps iproute2"
_SOURCE = r"^(?:URIs: |deb (?:\[.*\] )?)(https?://\S+/debian)/?(?:\s|$)"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def prepared(release: str) -> Path:
    """Return an archive of a `release` with set-up's packages, created once and kept.

    Berth's code is not in it: `bin/install` adds it, and finds the rest in place.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    fresh = CACHE / f"{release}-{_digest(PACKAGES.encode())}.tar"
    files = sorted(file for each in SET_UP for file in TREE.glob(each))
    archive = CACHE / f"{release}-{_digest(PACKAGES.encode(), *map(Path.read_bytes, files))}.tar"
    with (CACHE / f"{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be creating it
        if not fresh.exists():
            _make(release, fresh)
        if not archive.exists():
            _set_up(release, fresh, archive)
        os.utime(archive)
        for other in CACHE.glob(f"{release}-*.tar"):
            if other != fresh and other.stat().st_mtime < time.time() - A_DAY:
                other.unlink()
    return archive


def _digest(*contents: bytes) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:12]


def _set_up(release: str, fresh: Path, archive: Path) -> None:
    """Run set-up like bin/install, on a host of its own."""
    with open_folder(f"lab-{release}-prepared") as place:
        host = Host(release, place, fresh)
        (host.root / "etc/dpkg/dpkg.cfg.d/lab").write_text("force-unsafe-io\n")
        host.boot()
        try:
            host.put_tree()
            tree = "/root/berth"
            script = f"set -euo pipefail; . {tree}/bin/lib/set_up.sh; set_up {tree} /opt/berth run"
            host.run("bash", "-c", script)
            host.run("apt-get", "clean")
            host.run("rm", "-rf", tree, "/opt/berth/code")
            host.run("sync")
        finally:
            host.off()
        _check(["tar", "-C", str(host.root), "-cf", f"{archive}.new", "."])
    Path(f"{archive}.new").rename(archive)


def _make(release: str, archive: Path) -> None:
    tree = CACHE / f"{release}.making"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir()
    _check(["debootstrap", "--variant=minbase", release, str(tree), _mirror()])
    install = f"apt-get install -yq --no-install-recommends {PACKAGES}"
    command = ["chroot", str(tree), "env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", install]
    _check(command)
    _check(["tar", "-C", str(tree), "-cf", f"{archive}.new", "."])
    Path(f"{archive}.new").rename(archive)
    shutil.rmtree(tree)


def _mirror() -> str:
    """Return where this machine gets its own packages."""
    for file in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        text = file.read_text() if file.is_file() else ""
        found = re.search(_SOURCE, text, re.M)
        if found:
            return found[1]
    raise RuntimeError("this machine's sources of packages name no mirror")


def _check(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} failed: {(done.stderr or done.stdout)[-2000:]}")


class Host:
    """One host: created from an archive, booted, switched off, booted again."""

    def __init__(self, release: str, place: Path, archive: Path) -> None:
        self.release = release
        self.root = place / "root"
        self.root.mkdir(parents=True)
        _check(["tar", "-C", str(self.root), "-xf", str(archive)])
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self._number_accounts()
        # The machine may need its own certificate to reach package registries.
        self._environment = {}
        if "SSL_CERT_FILE" in os.environ:
            inside = "/usr/local/share/berth-lab-ca.crt"
            shutil.copy(CERTIFICATES, self.root / inside.lstrip("/"))
            names = ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "npm_config_cafile")
            self._environment = dict.fromkeys(names, inside)
        self._boot: subprocess.Popen[bytes] | None = None

    def _number_accounts(self) -> None:
        """Use uids of no account on this machine, so that ending theirs spares the host's."""
        file = self.root / "etc/login.defs"
        first = UIDS[self.release]
        numbers = (
            f"UID_MIN {first}\nUID_MAX {first + 999}\nGID_MIN {first}\nGID_MAX {first + 999}\n"
        )
        others = re.sub(r"(?m)^\s*[UG]ID_(MIN|MAX)\s.*\n", "", file.read_text())
        file.write_text(others + numbers)

    def put_tree(self) -> None:
        """Copy this checkout to the home of the host's root."""
        inside = self.root / "root/berth"
        inside.mkdir()
        with tempfile.TemporaryFile() as file:
            tar = ["tar", "-C", str(TREE), "--exclude=__pycache__", "-cf", "-", "."]
            subprocess.run(tar, check=True, stdout=file)
            file.seek(0)
            subprocess.run(["tar", "-C", str(inside), "-xf", "-"], check=True, stdin=file)

    def boot(self) -> None:
        """Start it and wait until systemd has booted."""
        self._boot = subprocess.Popen(
            [str(BOOT), str(self.root)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(self._is_up, "the host is up")

    def _is_up(self) -> bool:
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")  # a lab has no console to log in at

    def run(self, *argv: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command in it as root."""
        pid = self._init()
        if pid is None:
            return subprocess.CompletedProcess(argv, 255, "", "it is off")
        environment = {
            "HOME": "/root",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            **self._environment,
        }
        # Into files: processes that remain (Podman's pause process) would hold a pipe open forever.
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            ended = subprocess.run(
                [
                    "nsenter",
                    "-t",
                    str(pid),
                    "--pid",
                    "--mount",
                    "--uts",
                    "--ipc",
                    "--cgroup",
                    *argv,
                ],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )
            output.seek(0)
            errors.seek(0)
            message = (output.read(), errors.read())
            done = subprocess.CompletedProcess(argv, ended.returncode, *message)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(argv)}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done

    def off(self) -> None:
        """Cut the power."""
        if (pid := self._init()) is not None:
            os.kill(pid, 9)
        if self._boot is not None:
            self._boot.wait()
            self._boot = None

    def _init(self) -> int | None:
        """Return systemd's pid as this machine sees it: the child of unshare."""
        if self._boot is None:
            return None
        children = Path(f"/proc/{self._boot.pid}/task/{self._boot.pid}/children")
        found = children.read_text().split() if children.exists() else []
        pid = int(found[0]) if found else None
        if pid is None or Path(f"/proc/{pid}/comm").read_text().strip() != "systemd":
            return None
        return pid
