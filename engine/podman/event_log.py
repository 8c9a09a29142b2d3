"""Read Podman's event log as it grows.

With the `file` backend, Podman's own event stream polls that file four times a second, which alone
delays an event by a quarter of a second. The kernel reports a write immediately.
"""

import asyncio
import ctypes
import os
from collections.abc import AsyncGenerator
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_IN_MODIFY, _IN_MOVED_TO, _IN_CREATE = 0x2, 0x80, 0x100
_LOOK_ANYWAY = 5.0
"""Seconds after which the file is checked even if the kernel reports nothing."""


def event_log(environment: "os._Environ[str] | dict[str, str]") -> Path | None:
    """Return the file to which rootless Podman writes its events, if it is in the usual place."""
    base = environment.get("XDG_RUNTIME_DIR")
    path = Path(base or "/nowhere") / "libpod/tmp/events/events.log"
    return path if path.is_file() else None


async def appended(path: Path) -> AsyncGenerator[bytes | None, None]:
    """Yield complete lines from now on. None: reading has begun, or restarted after rotation.

    Raises OSError if the kernel cannot watch the file, or if it is gone.
    """
    changed = asyncio.Event()
    watch = _watch(path.parent)
    loop = asyncio.get_running_loop()
    loop.add_reader(watch, _drain, watch, changed)
    file = path.open("rb")
    try:
        file.seek(0, os.SEEK_END)
        yield None
        rest = b""
        while True:
            changed.clear()
            *lines, rest = (rest + file.read()).split(b"\n")
            for line in lines:
                yield line
            here = os.stat(path)
            if here.st_ino != os.fstat(file.fileno()).st_ino or here.st_size < file.tell():
                file.close()
                file, rest = path.open("rb"), b""
                file.seek(0, os.SEEK_END)
                yield None
                continue
            try:
                async with asyncio.timeout(_LOOK_ANYWAY):
                    await changed.wait()
            except TimeoutError:
                continue
    finally:
        file.close()
        loop.remove_reader(watch)
        os.close(watch)


def _watch(directory: Path) -> int:
    """Return a descriptor that becomes readable when something in `directory` changes."""
    watch = int(_LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    if watch < 0:
        raise OSError(ctypes.get_errno(), "the kernel watches no more files")
    wanted = _IN_MODIFY | _IN_MOVED_TO | _IN_CREATE
    if _LIBC.inotify_add_watch(watch, os.fsencode(directory), wanted) < 0:
        number = ctypes.get_errno()
        os.close(watch)
        raise OSError(number, f"the kernel cannot watch {directory}")
    return watch


def _drain(watch: int, changed: asyncio.Event) -> None:
    try:
        os.read(watch, 65536)
    except BlockingIOError:
        return
    changed.set()
