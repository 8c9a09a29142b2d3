"""Operations on the account's registries: its registries.conf, logins, and certificates."""

import asyncio
import os
import secrets
from contextlib import suppress

from cryptography import x509

from engine.files import safe_files
from engine.operations.context import OperationContext, Unsettled
from engine.podman import skopeo
from engine.podman.errors import understand
from engine.process import programs
from engine.registries import config_edit
from engine.schema import registries as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.parameters import Result

_FOLDER = (".config", "containers")
_NAME = "registries.conf"
_SIGN_IN_SECONDS = 60.0
_EDITING = asyncio.Lock()


async def edit(
    context: OperationContext, parameters: schema.RegistriesEdit
) -> schema.RegistriesEdited:
    """Edit the file if it has not changed since it was shown, and if Podman accepts the result."""
    async with _EDITING:
        with safe_files.folder(*_FOLDER, make=True) as folder:
            before = safe_files.read(folder, _NAME, schema.LARGEST_FILE)
            _need(before, parameters.seen)
            try:
                text = (before or b"").decode()
            except UnicodeDecodeError as error:
                raise EngineError(
                    ErrorCode.CONFLICT,
                    msg("registries.conf is no UTF-8 text."),
                    msg("Replace it whole."),
                ) from error
            after = config_edit.edited(text, parameters.edit).encode()
            await _accepted(folder, after)
            # Podman took a moment: do not overwrite what somebody wrote in the meantime.
            _need(safe_files.read(folder, _NAME, schema.LARGEST_FILE), parameters.seen)
            context.note(config_edit.digest_of(after))
            safe_files.replace(folder, _NAME, after)
    return await _edited(context, config_edit.digest_of(after))


async def resume_edit(
    context: OperationContext, parameters: schema.RegistriesEdit
) -> schema.RegistriesEdited:
    """Edit the file, or only make Podman reread it.

    Raises Unsettled if somebody else has written it since.
    """
    try:
        with safe_files.folder(*_FOLDER) as folder:
            now = config_edit.digest_of(safe_files.read(folder, _NAME, schema.LARGEST_FILE))
    except FileNotFoundError:
        now = ""
    if context.noted and now == context.noted:
        return await _edited(context, now)
    if context.noted and now != parameters.seen:
        raise Unsettled
    return await edit(context, parameters)


async def _edited(context: OperationContext, digest: str) -> schema.RegistriesEdited:
    await context.podman.reload()
    return schema.RegistriesEdited(summary=msg("registries.conf was changed."), digest=digest)


def _need(content: bytes | None, digest_before: str) -> None:
    if config_edit.digest_of(content) != digest_before:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("registries.conf was changed since you looked at it; nothing was done."),
            msg("Reload the page, look at what it says now, and change it again."),
        )


async def _accepted(folder: int, content: bytes) -> None:
    """Let Podman itself read it before anything else uses it."""
    name = f".berth-{secrets.token_hex(8)}.candidate"
    safe_files.replace(folder, name, content, mode=0o600)
    path = os.path.join(os.environ["HOME"], *_FOLDER, name)
    try:
        ended = await programs.run(
            *("podman", "info", "--format", "{{.Host.Arch}}"),
            environment={"CONTAINERS_REGISTRIES_CONF": path},
        )
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
    if ended.status:
        raise EngineError(
            ErrorCode.INVALID,
            msg(
                "Podman would not accept the file: %(removeprefix)s",
                removeprefix=ended.last_words.replace(path, _NAME).removeprefix("Error: "),
            ),
            msg("Nothing was changed. Put right what it says, then try again."),
        )


async def login(context: OperationContext, parameters: schema.RegistryLogin) -> Result:
    """Let Podman verify the password and store it in the account's own auth file."""
    password = parameters.password.get_secret_value()
    ended = await _at_registry(parameters, given=password.encode() + b"\n")
    if ended.status:
        raise understand(ended.last_words.removeprefix("Error: "))
    warnings = (
        []
        if parameters.tls_verify
        else [
            msg(
                "The password went to %(registry)s over an unverified connection.",
                registry=parameters.registry,
            )
        ]
    )
    return Result(
        summary=msg(
            "Signed in to %(registry)s as %(username)s.",
            registry=parameters.registry,
            username=parameters.username,
        ),
        warnings=warnings,
    )


async def logout(context: OperationContext, parameters: schema.RegistryLogout) -> Result:
    """Remove the password."""
    ended = await _at_registry(parameters)
    if ended.status and "not logged into" not in ended.errors.lower():
        raise understand(ended.last_words.removeprefix("Error: "))
    return Result(summary=msg("Signed out of %(registry)s.", registry=parameters.registry))


async def trust(context: OperationContext, parameters: schema.RegistryTrust) -> Result:
    """Write certs.d/REGISTRY/ca.crt."""
    pem = parameters.certificate.strip().encode() + b"\n"
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise EngineError(
            ErrorCode.INVALID,
            msg("This is no certificate in PEM."),
            msg("Paste it whole, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."),
        ) from error
    if b"PRIVATE KEY" in pem:
        raise EngineError(
            ErrorCode.INVALID,
            msg("There is a private key in it, which does not belong here."),
            msg("Paste the certificate of the authority alone."),
        )
    with safe_files.folder(*_FOLDER, "certs.d", parameters.registry, make=True) as folder:
        safe_files.replace(folder, "ca.crt", pem)
    await context.podman.reload()
    subject = found[0].subject.rfc4514_string() or msg("an authority without a name")
    return Result(
        summary=msg(
            "%(registry)s is trusted by %(subject)s.", registry=parameters.registry, subject=subject
        )
    )


async def distrust(context: OperationContext, parameters: schema.RegistryDistrust) -> Result:
    """Remove certs.d/REGISTRY/ca.crt, and the folder if it is empty."""
    with suppress(FileNotFoundError), safe_files.folder(*_FOLDER, "certs.d") as certificates:
        with safe_files.folder(*_FOLDER, "certs.d", parameters.registry) as folder:
            os.unlink("ca.crt", dir_fd=folder)
        with suppress(OSError):
            os.rmdir(parameters.registry, dir_fd=certificates)
    await context.podman.reload()
    return Result(
        summary=msg("The authority for %(registry)s was removed.", registry=parameters.registry)
    )


async def _at_registry(
    parameters: schema.RegistryLogin | schema.RegistryLogout, given: bytes = b""
) -> programs.Done:
    return await programs.run(
        *parameters.command(), given=given, seconds=_SIGN_IN_SECONDS, late=skopeo.SLOW
    )
