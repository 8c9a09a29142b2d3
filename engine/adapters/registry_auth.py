"""The account's own sign-ins, as Podman keeps them (containers-auth.json(5))."""

import base64
import binascii
import json
import os
from pathlib import Path
from typing import Any

from engine.schema.registry_facts import SignIn

_LARGEST = 1024 * 1024


def files() -> list[Path]:
    """Where Podman looks, in order; the first is where it writes."""
    home = Path(os.environ["HOME"])
    named = os.environ.get("REGISTRY_AUTH_FILE")
    if named:
        return [Path(named)]
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    first = Path(runtime) / "containers" if runtime else home / ".config" / "containers"
    places = [first / "auth.json", home / ".config/containers/auth.json"]
    return list(dict.fromkeys([*places, home / ".docker/config.json"]))


def sign_ins() -> list[SignIn]:
    """Who the account is, at which registry."""
    found: dict[str, SignIn] = {}
    for path in files():
        data = _read(path)
        for registry, entry in data.get("auths", {}).items():
            pair = _pair(entry)
            name = pair[0] if pair else ""
            found.setdefault(registry, SignIn(registry=registry, username=name, origin=str(path)))
        for registry, helper in data.get("credHelpers", {}).items():
            told = SignIn(registry=registry, username=f"({helper})", origin=str(path))
            found.setdefault(registry, told)
    return sorted(found.values(), key=lambda each: each.registry)


def credentials(registry: str, repository: str = "") -> tuple[str, str] | None:
    """User name and password for a repository: the longest key that fits wins."""
    key = f"{registry}/{repository}".rstrip("/")
    while key:
        for path in files():
            pair = _pair(_read(path).get("auths", {}).get(key))
            if pair:
                return pair
        key = key.rpartition("/")[0]
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as opened:
            data = json.loads(opened.read(_LARGEST))
    except (OSError, ValueError):
        return {}  # Podman says so itself where it matters
    if not isinstance(data, dict):
        return {}
    return {name: value for name, value in data.items() if isinstance(value, dict)}


def _pair(entry: Any) -> tuple[str, str] | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("auth"), str):
        return None
    try:
        name, colon, password = base64.b64decode(entry["auth"]).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password.rstrip("\0")) if colon else None
