"""Who may see which recordings, and that it is written down when they do."""

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
from engine.schema.parameters import Role

Access = Literal["recording.viewed", "recording.downloaded"]


class FileGone(Exception):
    """Raised where the row is there, and the file is not."""


def readable(user: User) -> QuerySet[Recording]:
    """Administrators: all. Others: of accounts they own, and their own ones while they hold any
    role on the account.
    """
    rows = Recording.objects.all()
    if user.is_superuser:
        return rows
    seen = list(visible_accounts(user))
    owned = [each.pk for each in seen if (r := role_on(user, each)) and r.covers(Role.OWNER)]
    return rows.filter(Q(account__in=owned) | Q(account__in=seen, person=user))


def of_event(user: User, event: Event) -> Recording | None:
    """The recording that an audit event is about, if `user` may see it."""
    facts = event.parameters or {}
    key = facts.get("recording") or facts.get("session")
    if not key or event.action.partition(".")[0] not in ("recording", "terminal"):
        return None
    return readable(user).filter(key=key).first()


def served(row: Recording, actor: Actor, access: Access) -> StreamingHttpResponse:
    """The file, or what there is of it so far; audited. Raises FileGone.

    It is never shown as a page: it has whatever somebody's programs have printed.
    """
    file = storage.file_of(row.key)
    try:
        size = file.stat().st_size
    except FileNotFoundError as error:
        raise FileGone("The file of this recording is gone: `verify_audit` tells more.") from error
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
