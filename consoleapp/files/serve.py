"""Serve a download: streamed, with ranges, so that an interrupted one can continue."""

import re
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from consoleapp.accounts.access import role_on
from consoleapp.accounts.models import User
from consoleapp.files import spool
from consoleapp.files.models import Download
from engine.schema.parameters import Role

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def find(user: User, download: Download | None) -> Download | None:
    """Return the download if it exists and `user` is its requester or an administrator.

    The user must still have the role on the account.
    """
    if download is None or download.removed_at:
        return None
    operation = download.operation
    role = role_on(user, operation.account)
    mine = operation.requested_by_id == user.pk or user.is_superuser
    if role is None or not role.covers(Role.OPERATOR) or not mine:
        return None
    return download if spool.download_path(download.pk).exists() else None


def response(request: HttpRequest, download: Download) -> HttpResponseBase:
    """Return the file, or the part that `Range` requests (206; 416 if there is no such part)."""
    wanted = _RANGE.match(request.headers.get("Range", ""))
    tag = f'"{download.sha256}"'
    if request.headers.get("If-Range", tag) != tag:
        wanted = None
    start, end = (0, download.size - 1)
    if wanted and wanted.group(0) != "bytes=-":
        first, last = wanted.groups()
        start = int(first) if first else max(0, download.size - int(last))
        end = min(end, int(last)) if first and last else end
        if start > end:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{download.size}"})
    length = max(0, end - start + 1)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(download.name, safe='')}",
        "Content-Length": str(length),
        "ETag": tag,
    }
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end}/{download.size}"
    return StreamingHttpResponse(
        spool.pieces(spool.download_path(download.pk), start, length),
        status=206 if wanted else 200,
        content_type="application/octet-stream",
        headers=headers,
    )
