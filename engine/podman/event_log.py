"""Podman's event log, read as it grows.

With its `file` backend Podman's own stream of events looks at that file four times a second, which
alone makes an event a quarter of a second late. The kernel says at once when it was written to.
"""

import asyncio
import ctypes
import os
from collections.abc import AsyncGenerator
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_IN_MODIFY, _IN_MOVED_TO, _IN_CREATE = 0x2, 0x80, 0x100
_LOOK_ANYWAY = 5.0
"""Seconds after which the file is looked at without a word from the kernel."""


def event_log(environment: "os._Environ[str] | dict[str, str]") -> Path | None:
    """Where rootless Podman writes its events, if it does so at the usual place."""
    base = environment.get("XDG_RUNTIME_DIR")
    path = Path(base or "/nowhere") / "libpod/tmp/events/events.log"
    return path if path.is_file() else None


async def appended(path: Path) -> AsyncGenerator[bytes | None, None]:
    """Whole lines written from now on. None: it is being read, or was begun anew (at rotation).

    Raises OSError when the kernel cannot watch it, or when it is gone.
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
    """A descriptor that can be read when something in `directory` changed."""
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
