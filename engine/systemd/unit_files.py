"""Read and write files of the account's units, and keep their earlier versions.

Every folder of the path is opened from the one above and never through a symbolic link, so no name
and no link, whoever created it, leads outside of ~/.config and the engine's state directory.
"""

import hashlib
import os
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.files.regular_files import printable
from engine.process.environment import state_directory
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.unit_names import QUADLET_FOLDER, QUADLET_KINDS, UNIT_FOLDER
from engine.schema.unit_queries import Version

LARGEST = 256 * 1024
VERSIONS_KEPT = 50
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Found:
    """A file on disk."""

    text: str
    digest: str
    modified: datetime
    mode: int


def configuration() -> Path:
    """Return ~/.config. File names are relative to it."""
    return Path(os.environ["HOME"]) / ".config"


def digest_of(text: str) -> str:
    """Return the SHA-256 of the text."""
    return hashlib.sha256(text.encode()).hexdigest()


def find(file: str) -> Found | None:
    """Return the file, or None if there is none. Raises EngineError for a link or a device."""
    try:
        with _folder(configuration(), file) as (folder, name):
            return _read(folder, name, file)
    except FileNotFoundError:
        return None


def write(file: str, text: str, digest: str) -> str:
    """Write `text` atomically. Return the id of the version that it replaced, or "".

    Raises EngineError (conflict) if the current content is not the one that `digest` names.
    """
    with _folder(configuration(), file, create=True) as (folder, name):
        before = _checked(folder, name, file, digest)
        version = _keep(file, before) if before and before.text != text else ""
        _put(folder, name, text, before.mode if before else 0o600)
    return version


def delete(file: str, digest: str | None) -> str:
    """Delete the file. Return the id of the version that was kept. Raises EngineError."""
    try:
        with _folder(configuration(), file) as (folder, name):
            found = _read(folder, name, file)
            if found is None:
                raise _missing(file)
            if digest is not None and found.digest != digest:
                raise _changed(file)
            version = _keep(file, found)
            os.unlink(name, dir_fd=folder)
            os.fsync(folder)
            return version
    except FileNotFoundError:
        raise _missing(file) from None


def versions(file: str) -> list[Version]:
    """Return the kept versions, newest first."""
    found = []
    try:
        with _folder(state_directory(), f"units/{file}/-") as (folder, _):
            for name in sorted(os.listdir(folder), reverse=True):
                kept = _read(folder, name, name)
                stamp = name.partition("-")[0]
                if kept:
                    found.append(
                        Version(
                            id=name,
                            at=datetime.strptime(stamp, "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC),
                            digest=kept.digest,
                            size=len(kept.text.encode()),
                        )
                    )
    except FileNotFoundError:
        return []
    return found


def version(file: str, identity: str) -> Found:
    """Return one kept version. Raises EngineError if it does not exist."""
    try:
        with _folder(state_directory(), f"units/{file}/{identity}") as (folder, name):
            found = _read(folder, name, identity)
    except FileNotFoundError:
        found = None
    if found is None:
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg("No such version of %(file)s is kept: %(identity)s.", file=file, identity=identity),
        )
    return found


def kept(file: str, digest: str) -> Found:
    """Return the newest kept version with this digest. Raises EngineError if there is none."""
    for each in versions(file):
        if each.digest == digest:
            return version(file, each.id)
    raise EngineError(
        ErrorCode.NOT_FOUND,
        msg("No version %(digest)s of %(file)s is kept.", digest=digest[:12], file=file),
    )


@dataclass(frozen=True)
class Entry:
    """Anything with a unit file's name. `path` is below ~/.config, in the kernel's spelling."""

    path: str
    link: str | None = None
    """The target of a symbolic link."""
    problem: str = ""
    """Why it cannot be a unit file."""
    is_folder_of_units: bool = False
    """It is one of the folders themselves, and cannot be listed."""

    @property
    def name(self) -> str:
        """Return the last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def shown(self) -> str:
        """Return the path in printable characters."""
        return printable(self.path)

    @property
    def shown_link(self) -> str:
        """Return the link's target in printable characters."""
        return printable(self.link or "")


def entries() -> list[Entry]:
    """Return everything named like a Quadlet or a service, whatever its type."""
    return [*_walk(QUADLET_FOLDER, QUADLET_KINDS, 4), *_walk(UNIT_FOLDER, ("service",), 0)]


def all_files() -> list[str]:
    """Return every Quadlet file and service of the account, without links."""
    return [each.path for each in entries() if each.link is None and not each.problem]


def wants() -> dict[str, list[str]]:
    """Return the links in folders such as `default.target.wants` of the account's unit folder."""
    root = configuration() / UNIT_FOLDER
    found: dict[str, list[str]] = {}
    for folder in _listed(root):
        if folder.name.endswith((".wants", ".requires", ".upholds")) and folder.is_dir():
            found[printable(folder.name)] = [
                printable(each.name) for each in _listed(root / folder.name) if each.is_symlink()
            ]
    return found


def folders() -> list[str]:
    """Return the folders in which Podman looks for Quadlets and their drop-ins."""
    return list(_folders(QUADLET_FOLDER, 5))


def names(place: str) -> list[str]:
    """Return the names in a folder below ~/.config."""
    return [each.name for each in _listed(configuration() / place)]


def _folders(place: str, depth: int) -> Iterator[str]:
    if depth and (configuration() / place).is_dir():
        yield place
        for entry in _listed(configuration() / place):
            if entry.is_dir(follow_symlinks=False) and not entry.name.endswith(".d"):
                yield from _folders(f"{place}/{entry.name}", depth - 1)


def _listed(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []  # a missing folder contains nothing


def _walk(place: str, kinds: Collection[str], depth: int) -> Iterator[Entry]:
    try:
        with _folder(configuration(), f"{place}/-") as (folder, _):
            with os.scandir(folder) as listed:
                found = sorted(listed, key=lambda entry: entry.name)
            made = [(entry, _entry(folder, place, entry, kinds)) for entry in found]
    except FileNotFoundError:
        return
    except EngineError as error:
        yield Entry(place, problem=error.report.message, is_folder_of_units=True)
        return
    except OSError as error:
        problem = msg(
            "The folder %(place)s cannot be read: %(strerror)s.",
            place=printable(place),
            strerror=error.strerror,
        )
        yield Entry(place, problem=problem, is_folder_of_units=True)
        return
    yield from (each for _, each in made if each)
    if depth:
        for entry, _ in made:
            if entry.is_dir(follow_symlinks=False) and not entry.name.endswith(".d"):
                yield from _walk(f"{place}/{entry.name}", kinds, depth - 1)


def _entry(
    folder: int, place: str, entry: "os.DirEntry[str]", kinds: Collection[str]
) -> Entry | None:
    stem, dot, kind = entry.name.rpartition(".")
    if not dot or not stem or kind not in kinds:
        return None
    if kind == "service" and stem.startswith("."):  # systemd ignores these
        return None
    path = f"{place}/{entry.name}"
    if entry.is_symlink():
        try:
            return Entry(path, link=os.readlink(entry.name, dir_fd=folder))
        except OSError as error:
            return Entry(
                path, problem=msg("The link cannot be read: %(strerror)s.", strerror=error.strerror)
            )
    if entry.is_file(follow_symlinks=False):
        return Entry(path)
    if entry.is_dir(follow_symlinks=False):
        return Entry(path, problem=msg("It is a folder, and no file that could hold a unit."))
    problem = msg("It is a pipe, a socket or a device, and no file that could hold a unit.")
    return Entry(path, problem=problem)


@contextmanager
def _folder(root: Path, file: str, *, create: bool = False) -> Iterator[tuple[int, str]]:
    """Yield an open folder and the file's name in it. Raises FileNotFoundError, EngineError."""
    *parts, name = file.split("/")
    if any(part in ("", ".", "..") for part in (*parts, name)):
        raise EngineError(
            ErrorCode.INVALID, msg("%(file)s is not the name of a file of units.", file=file)
        )
    if create:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = _open_directory(str(root), None, str(root))
    try:
        for part in parts:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=folder)
            deeper = _open_directory(part, folder, file)
            os.close(folder)
            folder = deeper
        yield folder, name
    finally:
        os.close(folder)


def _open_directory(name: str, above: int | None, file: str) -> int:
    try:
        opened = os.open(name, _DIRECTORY, dir_fd=above)
    except NotADirectoryError:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg(
                "A folder on the way to %(file)s is a link or a file (%(name)s); Berth does not "
                "follow it.",
                file=file,
                name=f"{name!r}",
            ),
            msg("Replace it by a folder of the account's own."),
        ) from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg(
                "The folder %(name)s cannot be opened: %(strerror)s.",
                name=f"{name!r}",
                strerror=error.strerror,
            ),
        ) from error
    if os.fstat(opened).st_uid != os.getuid():
        os.close(opened)
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("The folder %(name)s does not belong to the account.", name=f"{name!r}"),
        )
    return opened


def _read(folder: int, name: str, file: str) -> Found | None:
    try:
        opened = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("%(file)s cannot be read: %(strerror)s.", file=file, strerror=error.strerror),
            msg("If it is a symbolic link, replace it by a file: Berth does not follow links."),
        ) from error
    with os.fdopen(opened, "rb") as reader:
        facts = os.fstat(reader.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
            raise EngineError(
                ErrorCode.CONFLICT,
                msg("%(file)s is not a file that could hold a unit, or too large.", file=file),
            )
        raw = reader.read(LARGEST)
    return Found(
        text=raw.decode(errors="replace"),
        digest=hashlib.sha256(raw).hexdigest(),
        modified=datetime.fromtimestamp(facts.st_mtime, UTC),
        mode=stat.S_IMODE(facts.st_mode),
    )


def _checked(folder: int, name: str, file: str, digest: str) -> Found | None:
    found = _read(folder, name, file)
    if found is None and digest:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("%(file)s was deleted meanwhile.", file=file),
            msg("Save it as a new file, or leave it deleted."),
        )
    if found and not digest:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("%(file)s exists already.", file=file),
            msg("Choose another name, or edit the file that is there."),
        )
    if found and found.digest != digest:
        raise _changed(file)
    return found


def _changed(file: str) -> EngineError:
    return EngineError(
        ErrorCode.CONFLICT,
        msg("%(file)s changed meanwhile: it is not the version that was opened.", file=file),
        msg("Look at the difference, then save again on top of the new version."),
    )


def _missing(file: str) -> EngineError:
    return EngineError(ErrorCode.NOT_FOUND, msg("There is no file %(file)s.", file=file))


def _put(folder: int, name: str, text: str, mode: int) -> None:
    making = f".berth-{secrets.token_hex(8)}"
    opened = os.open(
        making, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode,
        dir_fd=folder,
    )  # fmt: skip
    try:
        with os.fdopen(opened, "wb") as writer:
            os.fchmod(writer.fileno(), mode)
            writer.write(text.encode())
            writer.flush()
            os.fsync(writer.fileno())
        os.rename(making, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(making, dir_fd=folder)
        raise
    os.fsync(folder)


def _keep(file: str, found: Found) -> str:
    now = datetime.now(UTC)
    identity = f"{now:%Y%m%dT%H%M%S%f}Z-{found.digest[:12]}"
    with _folder(state_directory(), f"units/{file}/{identity}", create=True) as (folder, name):
        _put(folder, name, found.text, 0o600)
        kept = sorted(each for each in os.listdir(folder) if not each.startswith("."))
        for old in kept[:-VERSIONS_KEPT]:
            os.unlink(old, dir_fd=folder)
    return identity
