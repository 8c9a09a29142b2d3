"""Encrypt texts with the secret key, so that the database does not contain them in the clear."""

import base64
import functools

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from engine.schema.messages import msg


class Unreadable(Exception):
    """Raised if a text was encrypted with another secret key, or tampered with."""


def encrypt(text: str) -> str:
    """Encrypt `text`."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """Decrypt a text. Raises Unreadable."""
    try:
        return _fernet().decrypt(encrypted.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(msg("what was sealed cannot be opened with this secret key")) from error


@functools.cache
def derived_key(purpose: str) -> bytes:
    """Return a key for one purpose, derived from the secret key."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"berth {purpose}".encode())
    return derived.derive(settings.SECRET_KEY.encode())


@functools.cache
def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived_key("seal")))
