"""What the account trusts: certs.d (containers-certs.d(5)) and policy.json."""

import json
import os
import ssl
from pathlib import Path
from typing import Any, Literal

from cryptography import x509

from engine.files import regular_files
from engine.schema.messages import msg
from engine.schema.registry_facts import Certificate, Policy, PolicyRule

_LARGEST = 1024 * 1024


def own_certificates() -> Path:
    """Return the account's own certs.d."""
    return Path(os.environ["HOME"]) / ".config/containers/certs.d"


def _places() -> list[Path]:
    return [own_certificates(), Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d")]


def context(registry: str, *, verify: bool) -> ssl.SSLContext:
    """Return the TLS requirements for a registry. The first folder that exists applies."""
    made = ssl.create_default_context()
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    folder = next((each / registry for each in _places() if (each / registry).is_dir()), None)
    for path in sorted(folder.iterdir()) if folder else []:
        if path.suffix == ".crt":
            made.load_verify_locations(path)
        elif path.suffix == ".cert" and path.with_suffix(".key").exists():
            made.load_cert_chain(path, path.with_suffix(".key"))
    return made


def certificates() -> list[Certificate]:
    """Return the certificate authorities in all folders."""
    found = []
    for place in _places():
        try:
            folders = sorted(each for each in place.iterdir() if each.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            found.append(_unreadable("", place, error))
            continue
        for folder in folders:
            try:
                paths = sorted(each for each in folder.iterdir() if each.suffix == ".crt")
            except OSError as error:
                found.append(_unreadable(folder.name, folder, error))
                continue
            own = place == own_certificates()
            found += [_certificate(path, own and path.name == "ca.crt") for path in paths]
    return found


def _unreadable(registry: str, place: Path, error: OSError) -> Certificate:
    return Certificate(
        registry=regular_files.printable(registry), subject="", expires=None,
        origin=regular_files.printable(place), own=False,
        error=msg("This folder cannot be read: %(strerror)s.", strerror=error.strerror),
    )  # fmt: skip


def _certificate(path: Path, own: bool) -> Certificate:
    row = Certificate(
        registry=regular_files.printable(path.parent.name),
        subject="",
        expires=None,
        origin=regular_files.printable(path),
        own=own,
    )
    try:
        first = x509.load_pem_x509_certificates(regular_files.read(path, _LARGEST))[0]
    except (OSError, ValueError, IndexError):
        return row.model_copy(update={"error": msg("This is no certificate that can be read.")})
    subject = first.subject.rfc4514_string()
    return row.model_copy(update={"subject": subject, "expires": first.not_valid_after_utc})


def policy() -> Policy:
    """Return the signature policy that Podman and Skopeo use."""
    own = Path(os.environ["HOME"]) / ".config/containers/policy.json"
    path = own if regular_files.exists(own) else Path("/etc/containers/policy.json")
    text = ""
    try:
        text = regular_files.read(path, _LARGEST).decode(errors="replace")
        rules = _rules(json.loads(text))
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        why = f"{type(error).__name__}: {error}"
        return Policy(origin=str(path), text=text, accepts_anything=False, error=why)
    anything = rules[0].requirement == "accept"
    return Policy(origin=str(path), text=text, accepts_anything=anything, rules=rules)


def _rules(data: dict[str, Any]) -> list[PolicyRule]:
    rules = [PolicyRule(transport="", scope="", requirement=_requirement(data["default"]))]
    for transport, scopes in (data.get("transports") or {}).items():
        rules += [
            PolicyRule(transport=transport, scope=scope, requirement=_requirement(required))
            for scope, required in scopes.items()
        ]
    return rules


def _requirement(
    requirements: list[dict[str, Any]],
) -> Literal["accept", "reject", "signed", "unknown"]:
    """Return the strictest of all requirements."""
    kinds = {each["type"] for each in requirements}
    if "reject" in kinds:
        return "reject"
    if kinds & {"signedBy", "sigstoreSigned", "signedBaseLayer"}:
        return "signed"
    return "accept" if kinds == {"insecureAcceptAnything"} else "unknown"
