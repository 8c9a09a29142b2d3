"""SELinux labels of written files: restored where it is on, and told apart."""

import os
from pathlib import Path
from typing import Literal

from engine.process import programs
from engine.schema.errors import EngineError


def is_on() -> bool:
    """Whether the kernel enforces (or permits and reports by) a policy."""
    return Path("/sys/fs/selinux/enforce").exists()


def label(path: Path) -> str:
    """The file's label, "" where it has none."""
    try:
        return os.getxattr(path, "security.selinux", follow_symlinks=False).decode().rstrip("\0")
    except OSError:
        return ""


async def restore(path: Path) -> str:
    """Give the file the label that the policy wants; the label, "" where SELinux is off."""
    if not is_on():
        return ""
    try:
        await programs.run("restorecon", "--", str(path))
    except EngineError:
        return label(path)  # the label of its folder, which is what the kernel gave it
    return label(path)


async def expected(path: Path) -> str:
    """The label that the policy wants; "" where SELinux is off or cannot be asked."""
    if not is_on():
        return ""
    try:
        done = await programs.run("matchpathcon", "-n", "--", str(path))
    except EngineError:
        return ""
    return done.output.strip() if not done.status else ""


async def state(path: Path) -> Literal["", "ok", "wrong"]:
    """Whether the label is right; compared by type, as restorecon does."""
    wanted = await expected(path)
    if not wanted:
        return ""
    return "ok" if label(path).split(":")[2:3] == wanted.split(":")[2:3] else "wrong"
