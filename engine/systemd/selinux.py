"""Read, restore, and compare the SELinux labels of written files."""

import os
from pathlib import Path
from typing import Literal

from engine.process import programs
from engine.schema.errors import EngineError


def is_on() -> bool:
    """Return whether the kernel enforces a policy (or reports violations)."""
    return Path("/sys/fs/selinux/enforce").exists()


def label(path: Path) -> str:
    """Return the file's label; "" if it has none."""
    try:
        return os.getxattr(path, "security.selinux", follow_symlinks=False).decode().rstrip("\0")
    except OSError:
        return ""


async def restore(path: Path) -> str:
    """Restore the label that the policy requires. Return it, or "" if SELinux is off."""
    if not is_on():
        return ""
    try:
        await programs.run("restorecon", "--", str(path))
    except EngineError:
        return label(path)  # the kernel's choice: the label of its folder
    return label(path)


async def expected(path: Path) -> str:
    """Return the label that the policy requires; "" if SELinux is off or gives no answer."""
    if not is_on():
        return ""
    try:
        done = await programs.run("matchpathcon", "-n", "--", str(path))
    except EngineError:
        return ""
    return done.output.strip() if not done.status else ""


async def state(path: Path) -> Literal["", "ok", "wrong"]:
    """Return whether the label is right, comparing types as restorecon does."""
    wanted = await expected(path)
    if not wanted:
        return ""
    return "ok" if label(path).split(":")[2:3] == wanted.split(":")[2:3] else "wrong"
