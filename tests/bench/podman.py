"""Plain Podman as the same Linux account, as a user in a shell would run it."""

import os
import pwd
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Podman:
    """The account's own Podman, with its engine's environment and OCI runtime."""

    account: pwd.struct_passwd
    environment: dict[str, str]
    runtime: str

    def __call__(self, *arguments: str, given: bytes | None = None) -> str:
        """Return its output. Raises CalledProcessError."""
        return subprocess.run(
            self.argv(*arguments), input=given, check=True, capture_output=True, **self._identity()
        ).stdout.decode()

    def argv(self, *arguments: str) -> list[str]:
        """Return the whole command line."""
        return ["podman", "--runtime", self.runtime, *arguments]

    def timed(self, *arguments: str) -> float:
        """Return the milliseconds from the start of the command to its end."""
        argv, identity = self.argv(*arguments), self._identity()
        began = time.perf_counter()
        subprocess.run(
            argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **identity
        )
        return (time.perf_counter() - began) * 1000

    def follow(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a continuing command. Its output is a pipe."""
        return subprocess.Popen(
            self.argv(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **self._identity(),
        )

    def _identity(self) -> dict[str, object]:
        # A session of its own, like a shell and the engine: the kernel shares processors by session
        # (autogroup), and the two sides must have equal shares.
        identity: dict[str, object] = {
            "env": self.environment,
            "cwd": self.account.pw_dir,
            "start_new_session": True,
        }
        if os.geteuid() == 0 and self.account.pw_uid != 0:
            identity |= {
                "user": self.account.pw_uid,
                "group": self.account.pw_gid,
                "extra_groups": [],
            }
        return identity


def engine_of(uid: int) -> int:
    """Return the process id of the account's engine. Raises LookupError if none runs."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if process.stat().st_uid == uid and b"engine" in words and b"-m" in words:
                return int(process.name)
        except OSError:  # it has just ended
            continue
    raise LookupError(f"no engine runs as uid {uid}")


def podman_of(account: str, runtime: str) -> Podman:
    """Return plain Podman as `account`, in its engine's current environment."""
    user = pwd.getpwnam(account)
    raw = Path(f"/proc/{engine_of(user.pw_uid)}/environ").read_bytes().decode()
    whole = dict(pair.split("=", 1) for pair in raw.split("\0") if "=" in pair)
    names = ("HOME", "USER", "LOGNAME", "PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    return Podman(user, {name: whole[name] for name in names if name in whole}, runtime)
