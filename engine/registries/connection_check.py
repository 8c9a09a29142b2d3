"""Test a registry step by step: address, TLS, API, login."""

import asyncio
import socket
import ssl
import time
from datetime import UTC, datetime

from cryptography import x509

from engine.registries import auth_file, registries_conf, trust
from engine.registries.config_files import REMEDY
from engine.registries.registry_api import open_registry
from engine.registries.resolution import find_registry
from engine.schema.errors import EngineError
from engine.schema.messages import joined, msg
from engine.schema.registry_facts import Check, CheckStep

_SECONDS = 3.0
_SOON_DAYS = 21


async def check(registry: str, problem: str) -> Check:
    """Try each step in turn. Stop when the next one would make no sense.

    `problem` is why Podman refuses the registry's configuration, or "" if it accepts it.
    """
    if problem:
        step = CheckStep(
            name="configuration",
            state="bad",
            detail=msg("Podman refuses its configuration: %(problem)s", problem=problem),
            remedy=REMEDY,
        )
        return Check(registry=registry, insecure=False, steps=[step])
    entry = find_registry(registry, registries_conf.load())
    insecure = bool(entry and entry.insecure)
    steps = [await _address(registry)]
    if steps[0].state == "good":
        steps.append(await _tls(registry, insecure))
        steps += await _api(registry)
    return Check(registry=registry, insecure=insecure, steps=steps)


def _place(registry: str) -> tuple[str, int]:
    name = "registry-1.docker.io" if registry == "docker.io" else registry
    host, colon, port = name.rpartition(":")
    if colon and port.isdigit():
        return host.strip("[]"), int(port)
    return name.strip("[]"), 443


async def _address(registry: str) -> CheckStep:
    host, port = _place(registry)
    began = time.monotonic()
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        if isinstance(error, socket.gaierror):
            detail, remedy = (
                msg("No host is called %(host)s.", host=host),
                msg("Check the spelling, and the host's DNS."),
            )
        elif isinstance(error, TimeoutError):
            detail, remedy = (
                msg("%(host)s:%(port)s does not answer.", host=host, port=port),
                msg("A firewall may swallow it."),
            )
        else:
            detail, remedy = (
                msg("%(place)s: %(why)s.", place=f"{host}:{port}", why=error.strerror or error),
                msg("Does the registry run, and on this port?"),
            )
        return CheckStep(name="address", state="bad", detail=detail, remedy=remedy)
    writer.close()
    return CheckStep(
        name="address",
        state="good",
        detail=msg("%(host)s:%(port)s accepts connections.", host=host, port=port),
        milliseconds=_since(began),
    )


async def _tls(registry: str, insecure: bool) -> CheckStep:
    began = time.monotonic()
    try:
        certificate = await _handshake(registry, verify=True)
    except ssl.SSLCertVerificationError as error:
        shown = await _unverified(registry)
        return CheckStep(
            name="tls",
            state="warning" if insecure else "bad",
            detail=joined(
                [
                    msg(
                        "The certificate is not trusted: %(verify_message)s.",
                        verify_message=error.verify_message,
                    ),
                    shown,
                ]
            ),
            remedy=msg(
                "Podman uses it all the same, as registries.conf says insecure: anybody between "
                "may read passwords and change images."
            )
            if insecure
            else msg("Trust its authority below, or have the certificate renewed."),
        )
    except (OSError, TimeoutError):
        return CheckStep(
            name="tls",
            state="warning" if insecure else "bad",
            detail=msg("It does not speak TLS."),
            remedy=msg(
                "Podman speaks plain HTTP to it, as registries.conf says insecure: anybody "
                "between may read passwords and change images."
            )
            if insecure
            else msg("Podman will refuse it, unless its entry says insecure."),
        )
    left = (certificate.not_valid_after_utc - datetime.now(UTC)).days
    return CheckStep(
        name="tls",
        state="warning" if left < _SOON_DAYS else "good",
        detail=_described(certificate),
        remedy=msg("It expires in %(left)s days: have it renewed.", left=left)
        if left < _SOON_DAYS
        else "",
        milliseconds=_since(began),
    )


async def _unverified(registry: str) -> str:
    try:
        return _described(await _handshake(registry, verify=False))
    except (OSError, TimeoutError, ValueError):
        return ""


async def _handshake(registry: str, *, verify: bool) -> x509.Certificate:
    host, port = _place(registry)
    context = trust.context(registry, verify=verify)
    async with asyncio.timeout(_SECONDS):
        _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    try:
        peer: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return x509.load_der_x509_certificate(peer.getpeercert(binary_form=True) or b"")
    finally:
        writer.close()


def _described(certificate: x509.Certificate) -> str:
    until = certificate.not_valid_after_utc.date().isoformat()
    return msg(
        "For %(rfc4514_string)s, issued by %(rfc4514_string2)s, valid until %(until)s.",
        rfc4514_string=certificate.subject.rfc4514_string() or "no name",
        rfc4514_string2=certificate.issuer.rfc4514_string() or "no name",
        until=until,
    )


async def _api(registry: str) -> list[CheckStep]:
    began = time.monotonic()
    try:
        async with open_registry(registry, seconds=4) as api:
            reply = await api.ask("/v2/")
        spent = _since(began)
        signed_in = await auth_file.sign_in_for(registry)
    except EngineError as error:
        report = error.report
        return [CheckStep(name="api", state="bad", detail=report.message, remedy=report.remedy)]
    who = f" as {signed_in[0]}" if signed_in else ""
    if reply.status == 200:
        speaks = CheckStep(
            name="api",
            state="good",
            detail=msg("It speaks the registry API v2."),
            milliseconds=spent,
        )
        how = (
            msg("It lets the account in%(who)s.", who=who)
            if who
            else msg("It asks for no sign-in.")
        )
        return [speaks, CheckStep(name="sign-in", state="good", detail=how)]
    if reply.status in (401, 403):
        return [
            CheckStep(
                name="api",
                state="good",
                detail=msg("It speaks the registry API v2."),
                milliseconds=spent,
            ),
            CheckStep(
                name="sign-in",
                state="bad" if who else "warning",
                detail=msg("It refuses the sign-in%(who)s.", who=who)
                if who
                else msg("It wants a sign-in."),
                remedy=msg("Sign in anew: the password may have changed.")
                if who
                else msg("Sign in below."),
            ),
        ]
    return [
        CheckStep(
            name="api",
            state="bad",
            detail=msg("It answers with status %(status)s to /v2/.", status=reply.status),
            remedy=msg("This may be no registry, or one in trouble.")
            if reply.status < 500 and reply.status != 429
            else msg("It has a fault of its own or wants fewer requests: try again later."),
            milliseconds=spent,
        )
    ]


def _since(began: float) -> float:
    return round(1000 * (time.monotonic() - began), 1)
