"""Assign uploads to operations, and remove them in time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict
from consoleapp.files import spool
from consoleapp.files.models import Download, Upload
from engine.schema.files import Produced
from engine.schema.messages import msg

if TYPE_CHECKING:
    from consoleapp.operations.models import Operation

KEPT = timedelta(hours=24)
BROKEN_OFF = timedelta(hours=1)
"""The time after which an upload that no longer grows counts as abandoned."""


def check(account: LinuxAccount, wanted: Sequence[UUID], actor: Actor) -> list[Upload]:
    """Return the uploads with these ids. Raises Conflict if one cannot be used, with the reason."""
    if not wanted:
        return []
    found = {
        upload.pk: upload
        for upload in Upload.objects.select_related("operation").filter(
            pk__in=wanted, account=account, sent_by=actor.user
        )
    }
    for each in wanted:
        upload = found.get(each)
        if upload is None:
            raise Conflict(
                msg(
                    "You have no upload %(each)s for %(key)s. Upload the file first.",
                    each=each,
                    key=account.key,
                )
            )
        if upload.removed_at or not spool.upload_path(upload.pk).exists():
            raise Conflict(
                msg("The uploaded file %(name)s is gone. Upload it again.", name=upload.name)
            )
        if upload.complete_at is None:
            raise Conflict(msg("The upload of %(name)s is not complete.", name=upload.name))
        if upload.operation and upload.operation.ended_at is None:
            raise Conflict(
                msg(
                    "The uploaded file %(name)s is used by another operation now.", name=upload.name
                )
            )
    return [found[each] for each in dict.fromkeys(wanted)]


def give(uploads: Sequence[Upload], operation: "Operation") -> None:
    """Assign the uploads to `operation`, in the transaction that creates it."""
    ids = [upload.pk for upload in uploads]
    Upload.objects.filter(pk__in=ids).update(operation=operation)


def release(operation: "Operation") -> None:
    """Remove the uploads of an operation that succeeded."""
    for upload in Upload.objects.filter(operation=operation, removed_at=None):
        remove(upload)


def remove(upload: Upload) -> None:
    """Remove the file. The row stays if an operation used it."""
    spool.upload_path(upload.pk).unlink(missing_ok=True)
    if upload.operation_id is None:
        upload.delete()
    else:
        Upload.objects.filter(pk=upload.pk).update(removed_at=timezone.now())


def offer(operation: "Operation", made: Produced) -> None:
    """Offer the file at `spool.download_path` to the requester of the operation."""
    Download.objects.update_or_create(
        operation=operation,
        defaults={
            "name": spool.shown_name(made.file_name),
            "size": made.file_size,
            "sha256": made.file_sha256,
        },
    )


def sweep() -> None:
    """Remove expired and abandoned files, and files without a row."""
    now = timezone.now()
    unused = Upload.objects.filter(removed_at=None, begun_at__lt=now - BROKEN_OFF)
    for upload in unused.select_related("operation"):
        path = spool.upload_path(upload.pk)
        if upload.complete_at is None:
            grown = path.stat().st_mtime if path.exists() else 0
            if grown < (now - BROKEN_OFF).timestamp():
                remove(upload)
        elif upload.complete_at < now - KEPT and not (
            upload.operation and upload.operation.ended_at is None
        ):
            remove(upload)
    for download in Download.objects.filter(removed_at=None, made_at__lt=now - KEPT):
        spool.download_path(download.pk).unlink(missing_ok=True)
        Download.objects.filter(pk=download.pk).update(removed_at=now)
    _strays(now - BROKEN_OFF)


def _strays(before: datetime) -> None:
    for path, known in (
        (spool.upload_path(UUID(int=0)).parent, Upload.objects.filter(removed_at=None)),
        (spool.download_path(UUID(int=0)).parent, Download.objects.filter(removed_at=None)),
    ):
        names = {str(key) for key in known.values_list("pk", flat=True)}
        for file in path.iterdir():
            if file.name not in names and file.stat().st_mtime < before.timestamp():
                file.unlink(missing_ok=True)
