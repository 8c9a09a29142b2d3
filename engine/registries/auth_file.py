"""The account's own logins, as Podman stores them (containers-auth.json(5))."""

import base64
import binascii
import json
import os
import re
from pathlib import Path
from typing import Any

from engine.files import regular_files
from engine.process import programs
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.registry_facts import SignIn

_LARGEST = 1024 * 1024
_HELPER_SECONDS = 4.0
_HELPER = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


def files() -> list[Path]:
    """Return the files that Podman reads, in order. It writes to the first."""
    home = Path(os.environ["HOME"])
    named = os.environ.get("REGISTRY_AUTH_FILE")
    if named:
        return [Path(named)]
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    first = Path(runtime) / "containers" if runtime else home / ".config" / "containers"
    places = [first / "auth.json", home / ".config/containers/auth.json"]
    return list(dict.fromkeys([*places, home / ".docker/config.json"]))


def sign_ins() -> list[SignIn]:
    """Return the account's user name at each registry."""
    found: dict[str, SignIn] = {}
    for path in files():
        data, error = _parsed(path)
        if error:
            row = SignIn(registry="", username="", origin=str(path), error=error)
            found[f"\0{path}"] = row
        for registry, entry in data.get("auths", {}).items():
            pair = _pair(entry)
            name = pair[0] if pair else ""
            found.setdefault(registry, SignIn(registry=registry, username=name, origin=str(path)))
        for registry, helper in data.get("credHelpers", {}).items():
            row = SignIn(registry=registry, username=f"({helper})", origin=str(path))
            found.setdefault(registry, row)
    return sorted(found.values(), key=lambda each: each.registry)


def credentials(registry: str, repository: str = "") -> tuple[str, str] | None:
    """Return user name and password for a repository. The longest matching key wins."""
    key = f"{registry}/{repository}".rstrip("/")
    while key:
        for path in files():
            pair = _pair(_read(path).get("auths", {}).get(key))
            if pair:
                return pair
        key = key.rpartition("/")[0]
    return None


async def sign_in_for(registry: str, repository: str = "") -> tuple[str, str] | None:
    """Return user name and password. As with Podman, the credential helper comes first.

    Raises EngineError if the helper fails.
    """
    return await _helped(registry) or credentials(registry, repository)


async def _helped(registry: str) -> tuple[str, str] | None:
    """Ask the helper. The protocol is Docker's: `docker-credential-NAME get`, registry as input."""
    name = next(
        (
            str(found)
            for path in files()
            if (found := _read(path).get("credHelpers", {}).get(registry))
        ),
        "",
    )
    if not _HELPER.match(name):
        return None
    program = f"docker-credential-{name}"
    ended = await programs.run(
        *(program, "get"),
        given=registry.encode(),
        seconds=_HELPER_SECONDS,
        late=msg("It may wait for a password: try it in a shell of the account."),
    )
    if "credentials not found" in ended.output:
        return None
    pair = _credentials(ended.output)
    if ended.status or pair is None:
        raise EngineError(
            ErrorCode.UNAUTHORIZED,
            msg(
                "The credential helper %(program)s gave no sign-in for %(registry)s.",
                program=program,
                registry=registry,
            ),
            msg("Try it in a shell of the account; it may have to be unlocked there."),
        )
    return pair


def _credentials(output: str) -> tuple[str, str] | None:
    try:
        data = json.loads(output)
        return str(data["Username"]), str(data["Secret"])
    except (ValueError, KeyError, TypeError):
        return None


def _read(path: Path) -> dict[str, Any]:
    return _parsed(path)[0]  # Podman itself reports a broken one where it matters


def _parsed(path: Path) -> tuple[dict[str, Any], str]:
    """Return the file's tables and its error; both empty if there is no file."""
    try:
        text = regular_files.read(path, _LARGEST + 1)
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, msg("This file cannot be read: %(strerror)s.", strerror=error.strerror)
    if len(text) > _LARGEST:
        return {}, msg("This file is too large.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}, msg("This file is no JSON: Podman refuses to use it.")
    if not isinstance(data, dict):
        return {}, msg("This file holds no sign-ins: Podman refuses to use it.")
    tables = {name: value for name, value in data.items() if isinstance(value, dict)}
    odd = [name for name in ("auths", "credHelpers") if data.get(name) and name not in tables]
    why = (
        msg("%(odd)s is no table in this file: Podman refuses to use it.", odd=odd[0])
        if odd
        else ""
    )
    return tables, why


def _pair(entry: Any) -> tuple[str, str] | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("auth"), str):
        return None
    try:
        name, colon, password = base64.b64decode(entry["auth"]).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password.rstrip("\0")) if colon else None
