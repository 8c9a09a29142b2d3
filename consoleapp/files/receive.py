"""Receive an upload into the data directory while it arrives."""

import errno
import hashlib
import os
from collections.abc import AsyncIterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from consoleapp.accounts.access import refuse, role_on
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.formatting import binary_size
from consoleapp.files import spool
from consoleapp.files.models import Upload
from engine.schema.messages import msg
from engine.schema.parameters import Role

STEP = 64 << 20
"""Bytes to reserve at a time for a file of unknown size."""


_LOOK_EVERY = 8 << 20
"""Bytes after which to check the disk again, since others fill it as well."""


class TooLarge(Exception):
    """Raised for a file that exceeds the limit, or the rest of the quota."""


class DiskFull(Exception):
    """Raised if the disk of the data directory has no room for it."""


async def receive(
    account: LinuxAccount,
    actor: Actor,
    name: str,
    announced: int | None,
    chunks: AsyncIterator[bytes],
) -> Upload:
    """Return the complete upload. `announced` is its size if the sender stated it.

    Raises Refused (audited), TooLarge, DiskFull, or the errors of `chunks`. Nothing remains then.
    """
    await sync_to_async(_check)(account, actor)
    upload = await sync_to_async(_set_aside)(account, actor, name, announced)
    try:
        size, digest = await _keep(account, upload, announced, chunks)
        return await sync_to_async(_complete)(upload, size, digest)
    except BaseException:
        await sync_to_async(_undo, thread_sensitive=False)(upload.pk)
        raise


def _check(account: LinuxAccount, actor: Actor) -> None:
    role = role_on(actor.user, account)
    if role is None or not role.covers(Role.OPERATOR):
        refuse(actor, account, "upload", Role.OPERATOR)
        raise Refused(msg("This needs the role operator on %(key)s.", key=account.key))
    if actor.token is not None and actor.token.scope != "operate":
        refuse(actor, account, "upload with a token that only reads", Role.OPERATOR)
        raise Refused(msg("This token may only read."))


@transaction.atomic
def _set_aside(account: LinuxAccount, actor: Actor, name: str, announced: int | None) -> Upload:
    """Create a row that reserves the space, so that two uploads cannot share it."""
    limit = settings.BERTH_UPLOAD_LIMIT
    if announced is not None and announced > limit:
        raise TooLarge(
            msg(
                "A file may have at most %(limit)s; this one has %(announced)s.",
                limit=binary_size(limit),
                announced=binary_size(announced),
            )
        )
    left = _left(account)
    if (announced or 1) > left:
        raise _over_quota(account, left)
    room = min(limit, left, STEP) if announced is None else announced
    if (announced or 0) >= spool.free_bytes():
        raise DiskFull(msg("The console's disk has no room for this file."))
    assert actor.user is not None  # noqa: S101 - nobody has no role
    return Upload.objects.create(
        account=account, sent_by=actor.user, name=spool.shown_name(name), size=room
    )


def _left(account: LinuxAccount) -> int:
    """Return the remaining bytes of the quota. The account's row is locked meanwhile."""
    LinuxAccount.objects.select_for_update().get(pk=account.pk)
    present = Upload.objects.filter(account=account, removed_at=None)
    taken: int = present.aggregate(sum=Sum("size"))["sum"] or 0
    return int(settings.BERTH_UPLOAD_QUOTA) - taken


def _over_quota(account: LinuxAccount, left: int) -> TooLarge:
    return TooLarge(
        msg(
            "Uploads for %(key)s may have %(BERTH_UPLOAD_QUOTA)s together, and %(left)s of it "
            "are left. Remove some, or wait until they expire.",
            key=account.key,
            BERTH_UPLOAD_QUOTA=binary_size(settings.BERTH_UPLOAD_QUOTA),
            left=binary_size(max(left, 0)),
        )
    )


@transaction.atomic
def _set_more_aside(account: LinuxAccount, upload: Upload, size: int) -> None:
    """Reserve `size` bytes and some more for a file of unknown size."""
    limit = int(settings.BERTH_UPLOAD_LIMIT)
    if size > limit:
        raise TooLarge(
            msg("The file is larger than the %(limit)s that it may have.", limit=binary_size(limit))
        )
    left = _left(account)
    if size - upload.size > left:
        raise _over_quota(account, left)
    upload.size = min(limit, upload.size + left, size + STEP)
    upload.save(update_fields=["size"])


async def _keep(
    account: LinuxAccount, upload: Upload, announced: int | None, chunks: AsyncIterator[bytes]
) -> tuple[int, str]:
    """Write the file. Memory holds one piece at a time."""
    digest, size, looked_at = hashlib.sha256(), 0, 0
    descriptor = spool.create(spool.upload_path(upload.pk))

    def write(chunk: bytes) -> None:
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(descriptor, view) :]

    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > upload.size and announced is not None:
                raise TooLarge(
                    msg(
                        "The file is larger than the %(announced)s that it may have.",
                        announced=binary_size(announced),
                    )
                )
            if size > upload.size:
                await sync_to_async(_set_more_aside)(account, upload, size)
            if size - looked_at > _LOOK_EVERY:
                looked_at = size
                if not await sync_to_async(spool.free_bytes, thread_sensitive=False)():
                    raise DiskFull(msg("The console's disk has no room for this file."))
            await sync_to_async(write, thread_sensitive=False)(chunk)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                msg("The console's disk is full. Nothing of the file was kept.")
            ) from error
        raise
    finally:
        os.close(descriptor)
    return size, digest.hexdigest()


def _complete(upload: Upload, size: int, digest: str) -> Upload:
    upload.size, upload.sha256, upload.complete_at = size, digest, timezone.now()
    upload.save(update_fields=["size", "sha256", "complete_at"])
    return upload


def _undo(upload: UUID) -> None:
    spool.upload_path(upload).unlink(missing_ok=True)
    Upload.objects.filter(pk=upload).delete()
