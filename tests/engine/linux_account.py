"""Real Linux accounts for tests, and engines that run as them."""

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.podman.runtime import Choice
from tests.machine import SYSTEMD, add_user, make_runtime, open_devices
from tests.waiting import until

TREE = Path(__file__).resolve().parents[2]
SUBIDS = 65536


@dataclass(frozen=True)
class LinuxAccount:
    """An account with subuid ranges and, with systemd, a lingering session."""

    name: str
    uid: int
    gid: int
    home: Path
    runtime: Path

    def environment(self) -> dict[str, str]:
        """Return the environment of a login."""
        bus = self.runtime / "bus"
        return {
            "HOME": str(self.home),
            "USER": self.name,
            "LOGNAME": self.name,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.runtime),
            **({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}"} if bus.is_socket() else {}),
        }

    def run(self, *argv: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run a program as the account, in its own shell."""
        if SYSTEMD and {"exec", "healthcheck"} & set(argv):
            # A process that joins a container's cgroup must come from the account's own part of the
            # tree.
            argv = ("systemd-run", "--user", "--quiet", "--pipe", "--wait", "--collect", *argv)
        return subprocess.run(
            argv,
            input=given,
            capture_output=True,
            cwd=self.home,
            env=self.environment(),
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            umask=0o022,
        )

    def podman(self, *words: str, given: bytes = b"") -> str:
        """Return the output of Podman with the OCI runtime that the engine chose."""
        done = self.run("podman", *self.podman_options(), *words, given=given)
        assert done.returncode == 0, f"podman {' '.join(words)}: {done.stderr.decode()}"
        return done.stdout.decode(errors="replace").strip()

    def podman_options(self) -> list[str]:
        """Return Podman's global options from the engine's own test."""
        remembered = json.loads((self.home / ".local/state/berth/runtime.json").read_text())
        return Choice(**remembered["choice"]).options()


def make_account(name: str) -> LinuxAccount:
    """Create an account, as root. Removes one of that name from an earlier run."""
    open_devices()
    found = add_user(name, "--shell", "/bin/bash")
    if SYSTEMD:
        subprocess.run(["loginctl", "enable-linger", name], check=True)
        subprocess.run(["systemctl", "start", f"user@{found.pw_uid}.service"], check=True)
        runtime = Path(f"/run/user/{found.pw_uid}")
    else:
        runtime = make_runtime(found)
    return LinuxAccount(name, found.pw_uid, found.pw_gid, Path(found.pw_dir), runtime)


class EngineProcess:
    """`python -m engine` as the account, on a socket that root may open."""

    def __init__(self, account: LinuxAccount, name: str, *, peer: int = 0, idle: int = 0) -> None:
        self.account = account
        self.socket = account.runtime / f"{name}.sock"
        self._argv = [sys.executable, "-m", "engine", "--socket", str(self.socket)]
        self._argv += ["--peer-uid", str(peer), "--idle-seconds", str(idle)]
        self._unit = f"berth-test-{name}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        environment = self.account.environment()
        environment |= {"PYTHONPATH": str(TREE), "PYTHONDONTWRITEBYTECODE": "1"}
        argv = self._argv
        if SYSTEMD:
            # In the account's own manager, like deploy/user/berth-engine.service.
            argv = ["systemd-run", "--user", "--quiet", "--wait", "--collect", "--unit", self._unit]
            argv += ["--property=KillMode=process", "--property=Delegate=yes"]
            argv += [f"--setenv=PYTHONPATH={TREE}", "--setenv=PYTHONDONTWRITEBYTECODE=1"]
            argv += self._argv
        self._process = subprocess.Popen(
            argv,
            cwd="/",
            env=environment,
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(self._listens, "the engine listens")

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "the engine ended"
        with socket.socket(socket.AF_UNIX) as knock:
            return knock.connect_ex(str(self.socket)) == 0

    @property
    def pid(self) -> int:
        """Return the pid of the engine itself."""
        assert self._process is not None
        if not SYSTEMD:
            return self._process.pid
        message = self.account.run(
            "systemctl", "--user", "show", "--property=MainPID", "--value", self._unit
        )
        return int(message.stdout)

    def service_pid(self) -> int:
        """Return the pid of its `podman system service`."""
        children = Path(f"/proc/{self.pid}/task").glob("*/children")
        return int(" ".join(each.read_text() for each in children).split()[0])

    def end(self, how: int = signal.SIGTERM) -> int:
        """Send it a signal. Return the exit status (on a systemd host, systemd-run's)."""
        assert self._process is not None
        os.kill(self.pid, how)
        return self._process.wait()
