"""Which version of the engine's code there is on the disk: a console and its engines compare it."""

import hashlib
from functools import cache
from pathlib import Path

RELEASE = "0.1.0"
# Not resolved: an upgrade may change where a link leads.
CODE = Path(__file__).parent.parent


@cache
def version() -> str:
    """The version that this process was started with: the release, and a digest of the code."""
    return on_disk()


def on_disk(code: Path = CODE) -> str:
    """The version that a process started now would have. Raises OSError."""
    digest = hashlib.sha256()
    for file in sorted(code.rglob("*.py")):
        digest.update(f"{file.relative_to(code)}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"{RELEASE}+{digest.hexdigest()[:8]}"


def signature(code: Path = CODE) -> frozenset[tuple[str, int, int]]:
    """What changes whenever a file does, and is quick to find out. Raises OSError."""
    found = ((str(file), file.stat()) for file in code.rglob("*.py"))
    return frozenset((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)
