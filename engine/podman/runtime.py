"""Find an OCI runtime and a cgroup manager that work for this account, and remember them.

crun refuses machines with a hybrid cgroup layout, runc lacks features that newer Podman requires,
and the systemd cgroup manager needs a session. Only a real container can tell. The test needs no
image: an empty root with the host's /usr in it, read-only, running `true`.
"""

import asyncio
import json
import os
import platform
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import joined, msg

_LINKS = ("bin", "sbin", "lib", "lib32", "lib64")
_JOURNAL_SOCKET = Path("/run/systemd/journal/socket")


@dataclass(frozen=True)
class Choice:
    """Global options for each Podman that the engine starts."""

    runtime: str
    cgroup_manager: str = ""
    """"" for Podman's default."""
    events: str = ""
    """"" for Podman's default."""

    def options(self) -> list[str]:
        """Return the arguments for `podman`."""
        return [
            "--runtime",
            self.runtime,
            *(["--cgroup-manager", self.cgroup_manager] if self.cgroup_manager else []),
            *(["--events-backend", self.events] if self.events else []),
        ]


async def choose(memory: Path) -> Choice:
    """Return the choice that works. `memory` is the file that stores it.

    Raises EngineError with each candidate's error if none works.
    """
    if not shutil.which("podman"):
        raise EngineError(
            ErrorCode.UNAVAILABLE,
            msg("Podman is not installed."),
            msg("Install the package `podman`."),
        )
    key = _circumstances()
    if memory.exists():
        try:
            known = json.loads(memory.read_text())
            if known.get("circumstances") == key:
                return Choice(**known["choice"])
        except (ValueError, TypeError, KeyError):
            memory.unlink()  # incompletely written; determine it again
    info = await _info()
    events = _events(str(info["host"].get("eventLogger", "")))
    preferred = str(info["host"]["ociRuntime"]["name"])
    found = [name for name in dict.fromkeys([preferred, "crun", "runc"]) if _installed(name)]
    refusals = []
    for runtime in found:
        for manager in dict.fromkeys(["", "cgroupfs"]):
            choice = Choice(runtime, manager, events)
            refusal = await _try(choice)
            if refusal is None:
                memory.write_text(json.dumps({"circumstances": key, "choice": asdict(choice)}))
                return choice
            refusals.append(
                msg("%(runtime)s: %(why)s", runtime=f"{runtime} {manager}".strip(), why=refusal)
            )
    raise EngineError(
        ErrorCode.UNAVAILABLE,
        msg(
            "No OCI runtime can start a container for this account. %(refusals)s",
            refusals=joined(refusals, " · "),
        ),
        msg("Install `runc` or `crun`, and see that the account has subuid and subgid ranges."),
    )


def _installed(runtime: str) -> bool:
    return shutil.which(runtime, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _events(backend: str) -> str:
    """Return an event backend that can be followed, if Podman's own choice cannot."""
    unusable = backend == "none" or (backend == "journald" and not _JOURNAL_SOCKET.exists())
    return "file" if unusable else ""


def _circumstances() -> dict[str, str]:
    """Return everything that the choice depends on. Programs are identified by size and time."""
    facts = {
        "kernel": platform.release(),
        "boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "session": os.environ.get("DBUS_SESSION_BUS_ADDRESS", ""),
    }
    for program in ("podman", "crun", "runc"):
        path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if path:
            found = Path(path).stat()
            facts[program] = f"{path} {found.st_size} {found.st_mtime_ns}"
    return facts


async def _info() -> dict[str, Any]:
    code, output, errors = await _run(["podman", "info", "--format", "json"])
    if code:
        raise EngineError(
            ErrorCode.UNAVAILABLE,
            msg("Podman does not work for this account: %(errors)s", errors=errors),
            msg(
                "Run `podman info` as the account. Usual causes: no subuid and subgid ranges "
                "(usermod --add-subuids), or no XDG_RUNTIME_DIR."
            ),
        )
    answer: dict[str, Any] = json.loads(output)
    return answer


async def _try(choice: Choice) -> str | None:
    """Return None if it works, otherwise the error."""
    with tempfile.TemporaryDirectory(prefix="berth-probe-") as place:
        root = Path(place)
        for name in ("usr", "proc", "sys", "dev", "etc", "run", "tmp"):
            (root / name).mkdir()
        for name in _LINKS:
            host = Path("/") / name
            if host.is_symlink():
                (root / name).symlink_to(f"usr/{name}")
        code, _, errors = await _run(
            ["podman", *choice.options(), "run", "--rm", "--network=none", "--read-only"]
            + ["--volume=/usr:/usr:ro", "--rootfs", str(root), "/usr/bin/true"]
        )
    return errors or f"exit status {code}" if code else None


async def _run(argv: list[str]) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    lines = errors.decode(errors="replace").strip().splitlines()
    return process.returncode or 0, output.decode(errors="replace"), lines[-1] if lines else ""
