"""The host's policy, in a file that only root can write.

A file that exists but cannot be trusted or parsed allows nothing. There is no policy only if the
file does not exist.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from engine.policy.rules import HostPolicy, Policy, Unreadable, read_host
from engine.schema.messages import msg

PLACE = Path("/etc/berth/policy.toml")
LARGEST = 256 * 1024
_Stamp = tuple[int, int, int, int, int]


class Unusable(Exception):
    """Raised if the file exists but must not or cannot be used. The message says what to fix."""


@dataclass
class PolicyFile:
    """The file, reread whenever it changed."""

    place: Path = PLACE
    _seen: _Stamp | None = field(default=None, init=False)
    _read: HostPolicy | None = field(default=None, init=False)

    def policies(self, account: str) -> list[Policy]:
        """Return the policies for an account; none if there is no file. Raises Unusable."""
        try:
            opened = os.open(self.place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            self._check_folder()
            return []
        except OSError as error:
            raise self._unusable(
                msg("cannot be read (%(lower)s)", lower=(error.strerror or "").lower())
            ) from error
        with os.fdopen(opened, "rb") as reader:
            facts = os.fstat(reader.fileno())
            self._check_folder()
            if not stat.S_ISREG(facts.st_mode):
                raise self._unusable(msg("is not a plain file"))
            self._check_owner(facts, "")
            stamp = (
                facts.st_dev,
                facts.st_ino,
                facts.st_size,
                facts.st_mtime_ns,
                facts.st_ctime_ns,
            )
            if stamp != self._seen or self._read is None:
                self._read = self._parse(reader.read(LARGEST + 1))
                self._seen = stamp
        found = self._read
        own = found.accounts.get(account)
        return [found, own] if own else [found]

    def _parse(self, raw: bytes) -> HostPolicy:
        self._seen = None
        if len(raw) > LARGEST:
            raise self._unusable(msg("is too large"))
        try:
            return read_host(raw.decode())
        except (Unreadable, UnicodeDecodeError) as error:
            raise self._unusable(msg("cannot be understood: %(error)s", error=error)) from error

    def _check_folder(self) -> None:
        """Check its folder: whoever can write there can replace or remove the file."""
        try:
            facts = os.stat(self.place.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unusable(
                msg("cannot be looked for (%(strerror)s)", strerror=error.strerror)
            ) from error
        self._check_owner(facts, " folder")

    def _check_owner(self, facts: os.stat_result, what: str) -> None:
        if facts.st_uid != 0:
            raise self._unusable(msg("is not trusted: it does not belong to root"), what)
        if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise self._unusable(msg("is not trusted: others than root may write it"), what)

    def _unusable(self, why: str, what: str = "") -> Unusable:
        place = self.place.parent if what else self.place
        return Unusable(
            msg("The host's policy%(what)s %(place)s %(why)s.", what=what, place=place, why=why)
        )
