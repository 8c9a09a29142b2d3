"""Access to recordings, with an audit event for each."""

from typing import Literal

from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse

from consoleapp.accounts.access import role_on, visible_accounts
from consoleapp.accounts.models import User
from consoleapp.audit.models import Event
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.files import spool
from consoleapp.recordings import storage
from consoleapp.recordings.models import Recording
from engine.schema.messages import msg
from engine.schema.parameters import Role

Access = Literal["recording.viewed", "recording.downloaded"]


class FileGone(Exception):
    """Raised if the row exists but the file does not."""


def readable(user: User) -> QuerySet[Recording]:
    """Return a user's readable recordings; for administrators, all.

    Others see those of accounts they own, and their own sessions while they have any role on the
    account.
    """
    rows = Recording.objects.all()
    if user.is_superuser:
        return rows
    accounts = list(visible_accounts(user))
    owned = [each.pk for each in accounts if (r := role_on(user, each)) and r.covers(Role.OWNER)]
    return rows.filter(Q(account__in=owned) | Q(account__in=accounts, person=user))


def of_event(user: User, event: Event) -> Recording | None:
    """Return the recording of an audit event, if `user` may see it."""
    facts = event.parameters or {}
    key = facts.get("recording") or facts.get("session")
    if not key or event.action.partition(".")[0] not in ("recording", "terminal"):
        return None
    return readable(user).filter(key=key).first()


def served(row: Recording, actor: Actor, access: Access) -> StreamingHttpResponse:
    """Return the file, as far as it exists; audited. Raises FileGone.

    It is never displayed as a page: it contains whatever programs have printed.
    """
    file = storage.file_of(row.key)
    try:
        size = file.stat().st_size
    except FileNotFoundError as error:
        raise FileGone(
            msg("The file of this recording is gone: `verify_audit` tells more.")
        ) from error
    record(
        access,
        actor=actor,
        account=row.account,
        target=row.container,
        parameters={"recording": str(row.key), "of": row.person_name},
    )
    return StreamingHttpResponse(
        spool.pieces(file, 0, size),
        content_type="application/x-asciicast",
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="{row.file_name}"',
            "Content-Length": str(size),
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
