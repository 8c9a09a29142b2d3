"""The version of the engine's code on disk. The console compares it with its engines' versions."""

import hashlib
from functools import cache
from pathlib import Path

RELEASE = "0.1.0"
# Not resolved: an upgrade may change the target of a link.
CODE = Path(__file__).parent.parent


@cache
def version() -> str:
    """Return the version that this process started with: the release and a digest of the code."""
    return on_disk()


def on_disk(code: Path = CODE) -> str:
    """Return the version that a process started now would have. Raises OSError."""
    digest = hashlib.sha256()
    for file in sorted(code.rglob("*.py")):
        digest.update(f"{file.relative_to(code)}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"{RELEASE}+{digest.hexdigest()[:8]}"


def signature(code: Path = CODE) -> frozenset[tuple[str, int, int]]:
    """Return a fingerprint that changes whenever a file does and is cheap to compute.

    Raises OSError.
    """
    found = ((str(file), file.stat()) for file in code.rglob("*.py"))
    return frozenset((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)
