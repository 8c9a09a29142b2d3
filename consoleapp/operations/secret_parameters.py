"""Parameters with secrets, encrypted in the row until the operation ends."""

import hashlib
import hmac
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from consoleapp.core.encryption import decrypt, derived_key, encrypt
from engine.schema.kinds import parse
from engine.schema.messages import changed
from engine.schema.parameters import REDACTED, Parameters

if TYPE_CHECKING:
    from consoleapp.operations.models import Operation


def encrypt_parameters(parameters: Parameters) -> str:
    """Encrypt the clear parameters; "" if they contain no secrets."""
    wire = parameters.wire()
    if wire == parameters.public():
        return ""
    return encrypt(json.dumps(wire))


def decrypt_parameters(encrypted: str) -> dict[str, Any]:
    """Decrypt them. Raises Unreadable."""
    opened: dict[str, Any] = json.loads(decrypt(encrypted))
    return opened


def parameters_of(operation: "Operation") -> Parameters:
    """Return the requested parameters, including secrets while they are stored.

    Raises Unreadable, UnknownKind, pydantic.ValidationError.
    """
    text = decrypt_parameters(operation.encrypted) if operation.encrypted else operation.parameters
    return parse(operation.kind, text)


def fingerprint(account_key: str, parameters: Parameters) -> str:
    """Return a digest that identifies equal requests, including secrets, without revealing any."""
    text = json.dumps([account_key, parameters.kind, parameters.wire()], sort_keys=True)
    return hmac.new(derived_key("fingerprint"), text.encode(), hashlib.sha256).hexdigest()


def secrets_in(parameters: Parameters) -> frozenset[str]:
    """Return the secret texts in `parameters`, to keep them out of an engine's messages."""
    return frozenset(_hidden(parameters.wire(), parameters.public()))


def redact(document: Any, secrets: frozenset[str]) -> Any:
    """Return `said` (JSON, messages) with each of `secrets` replaced, wherever it occurs."""
    if isinstance(document, str):
        return changed(document, partial(_redacted, longest_first=sorted(secrets, key=len)[::-1]))
    if isinstance(document, list):
        return [redact(item, secrets) for item in document]
    if isinstance(document, dict):
        return {redact(key, secrets): redact(value, secrets) for key, value in document.items()}
    return document


def _redacted(text: str, longest_first: list[str]) -> str:
    for secret in longest_first:
        text = text.replace(secret, REDACTED)
    return text


def _hidden(wire: Any, public: Any) -> list[str]:
    if isinstance(wire, str) and public == REDACTED != wire:
        # Programs quote lines of it. Shorter ones would mask half of any text.
        pieces = {wire, *(line.strip() for line in wire.splitlines())}
        return [piece for piece in pieces if len(piece) >= 4]
    if isinstance(wire, dict) and isinstance(public, dict):
        return [text for key in wire for text in _hidden(wire[key], public.get(key))]
    if isinstance(wire, list) and isinstance(public, list):
        return [text for a, b in zip(wire, public, strict=False) for text in _hidden(a, b)]
    return []
