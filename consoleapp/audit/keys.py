"""The Ed25519 key that signs checkpoints: in its own file, never in the database."""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.conf import settings


class BadKey(Exception):
    """Raised if a key file is unreadable or invalid. The message names the file."""


def signing_key() -> Ed25519PrivateKey:
    """Return this installation's key; create it (0600) if there is none. Raises BadKey.

    Its public half is beside it as `….pub`, for verification elsewhere.
    """
    file = Path(settings.BERTH_AUDIT_KEY)
    if not file.exists():
        _make(file)
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise BadKey(f"cannot read the signing key of the audit log in {file}: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{file} holds a key, but none of Ed25519")
    return key


def public_key(file: Path) -> Ed25519PublicKey:
    """Return the public key in a PEM file. Raises BadKey."""
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError) as error:
        raise BadKey(f"cannot read a public key from {file}: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey(f"{file} holds a public key, but none of Ed25519")
    return key


def own_public_key() -> Ed25519PublicKey | None:
    """Return the public half of this installation's key; None before the first signature."""
    private = Path(settings.BERTH_AUDIT_KEY)
    if private.with_name(f"{private.name}.pub").exists():
        return public_key(private.with_name(f"{private.name}.pub"))
    return signing_key().public_key() if private.exists() else None


def name_of(key: Ed25519PublicKey) -> str:
    """Return sixteen digits that identify the key."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def sign(key: Ed25519PrivateKey, data: bytes) -> str:
    """Return the signature in base64."""
    return base64.b64encode(key.sign(data)).decode()


def is_signed(keys: dict[str, Ed25519PublicKey], key: str, signature: str, data: bytes) -> bool:
    """Return whether the one of `keys` with that name signed it."""
    if key not in keys:
        return False
    try:
        keys[key].verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(pem)
        os.link(part, file)  # atomically, and never over another's
        file.with_name(f"{file.name}.pub").write_bytes(public)
    except FileExistsError:
        return  # somebody else was faster, and their key counts
    except OSError as error:
        raise BadKey(f"cannot make the audit log's signing key {file}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
