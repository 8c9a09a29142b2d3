"""The editor of Quadlets and unit files: open, check while typing, compare, save.

Nothing that was typed is ever lost: the result of a save appears beside the text, which stays.
"""

from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.i18n.rendering import in_language
from consoleapp.live import relay
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.submit import submit
from consoleapp.policies.effective_policy import violations_of
from consoleapp.snapshots import reader
from consoleapp.web.accepted import accepted, refused
from consoleapp.web.engine_failure import failure
from consoleapp.web.model_form import first_named_error
from consoleapp.web.units import difference, templates
from engine.schema.errors import EngineError
from engine.schema.parameters import Role
from engine.schema.quadlet_keys import SECTIONS, SECTIONS_OF
from engine.schema.unit_names import kind_of
from engine.schema.unit_queries import FileText, UnitFileText, UnitValidate, Validation
from engine.schema.units import Problem, UnitRestore, UnitWrite

_NO_NAME = gettext_lazy("Give the file a name: letters, digits, and _ . @ - in it.")


@require_GET
@require_role(Role.OPERATOR)
def new(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show an editor with the initial text of a new file of the type `kind`."""
    starter = templates.BY_KIND.get(request.GET.get("kind", "container"))
    if starter is None:
        raise Http404("there is no such kind of unit")
    context = {
        **_frame(account, starter.kind),
        "starter": starter,
        "starters": templates.STARTERS,
        "name": request.GET.get("name", "")[:200],
        "folder": templates.place(starter.kind, "").rpartition("/")[0],
        "text": starter.body,
        "digest": "",
    }
    return render(request, "units/new.html", context)


@require_GET
@require_role(Role.OPERATOR)
def edit(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the page around the editor of `file`, which loads the text."""
    query = _query(request.GET.get("file", ""))
    context = {"file": query.file, "base_name": query.file.rpartition("/")[2]}
    return render(request, "units/edit.html", {**_frame(account, kind_of(query.file)), **context})


@never_cache
@require_GET
@require_role(Role.OPERATOR)
def text(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the editor with the current text of `file`."""
    query = _query(request.GET.get("file", ""))
    try:
        file = FileText.model_validate(relay.document_sync(account, query, Actor.of(request)))
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    context = {"file": file.file, "text": file.text, "digest": file.digest, "found": file}
    return render(request, "units/_editor.html", {**_frame(account, kind_of(file.file)), **context})


@require_POST
@require_role(Role.OPERATOR)
def check(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the findings of Podman's generator and systemd, even before the text has a name."""
    try:
        query = UnitValidate(file=_file(request, unnamed="unnamed"), text=_typed(request))
    except ValidationError:
        return render(request, "units/_problems.html", {"reason": str(_NO_NAME)})
    try:
        answer = relay.document_sync(account, query, Actor.of(request))
    except (EngineError, relay.Unanswered) as error:
        return render(request, "units/_problems.html", {"reason": failure(error)["message"]})
    checked = _evaluated(request, account, query, Validation.model_validate(answer))
    return render(request, "units/_problems.html", {"checked": checked})


@require_POST
@require_role(Role.OPERATOR)
def compare(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Compare the typed text with the current file, with a button to save it."""
    typed, digest = _typed(request), request.POST.get("digest", "")
    try:
        file = _file(request)
        queries = (UnitFileText(file=file), UnitValidate(file=file, text=typed))
    except ValidationError:
        return render(request, "units/_compare.html", {"reason": str(_NO_NAME)})
    try:
        actor = Actor.of(request)
        disk, validated = (relay.document_sync(account, query, actor) for query in queries)
    except (EngineError, relay.Unanswered) as error:
        return render(request, "units/_compare.html", {"reason": failure(error)["message"]})
    now = FileText.model_validate(disk)
    context = {
        "file": file,
        "now": now,
        "changed_meanwhile": now.digest != digest,
        "lines": difference.lines(now.text, typed),
        "checked": _evaluated(request, account, queries[1], Validation.model_validate(validated)),
    }
    return render(request, "units/_compare.html", context)


def _evaluated(
    request: Request, account: LinuxAccount, query: UnitValidate, checked: Validation
) -> Validation:
    """Add policy violations, which prevent saving it."""
    wanted = UnitWrite(file=query.file, text=query.text)
    found = [
        Problem(severity="error", message=str(violation), source="policy")
        for violation in violations_of(Actor.of(request).user, account, wanted)
    ]
    return checked.model_copy(update={"problems": [*found, *checked.problems]})


@require_POST
@require_role(Role.OPERATOR)
def save(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Submit the write. htmx gets an element that shows the result."""
    try:
        parameters = UnitWrite(
            file=_file(request),
            text=_typed(request),
            # Whoever has seen the intermediate change may replace it.
            digest=request.POST.get("instead_of") or request.POST.get("digest", ""),
            even_with_errors="even_with_errors" in request.POST,
        )
    except ValidationError as error:
        nameless = error.errors(include_url=False, include_input=False)[0]["loc"][0] == "file"
        reason = str(_NO_NAME) if nameless else first_named_error(error)
        return refused(request, reason, next=request.path.removesuffix("save/"), status=400)
    try:
        operation = submit(account, parameters, actor=Actor.of(request))
    except Refused as error:
        return refused(request, error, next=request.path.removesuffix("save/"))
    if not request.htmx:
        return accepted(request, operation, next=f"/operations/{operation.pk}/")
    return render(request, "units/_saving.html", {"operation": operation})


@require_GET
@require_role(Role.OPERATOR)
def saved(request: AccountRequest, account: LinuxAccount, operation: UUID) -> HttpResponse:
    """Show the result of a save; nothing (204) while it runs."""
    found = get_object_or_404(Operation, pk=operation, account=account, kind=UnitWrite.kind)
    if found.state == State.AWAITING:
        context = {"operation": found, "following": request.path, "target": "saving"}
        return render(request, "approvals/_pending.html", context)
    if found.ended_at is None:
        return HttpResponse(status=204)
    conflict = bool(found.error) and found.error.get("code") == "conflict"
    context = {"operation": found, "result": found.result or {}, "conflict": conflict}
    return render(request, "units/_saved.html", context)


@require_POST
@require_role(Role.OPERATOR)
def restore(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Submit the restoration of a version. htmx gets an element that shows the result."""
    posted = request.POST
    query = urlencode({"file": posted.get("file", "")})
    following = f"{reverse('units:edit', args=[account.key])}?{query}"
    try:
        parameters = UnitRestore(
            file=posted.get("file", ""),
            version=posted.get("version", ""),
            digest=posted.get("digest", ""),
        )
    except ValidationError:
        return refused(request, _("There is no such version."), next=following, status=400)
    try:
        operation = submit(account, parameters, actor=Actor.of(request))
    except Refused as error:
        return refused(request, error, next=following)
    if not request.htmx:
        return accepted(request, operation, next=following)
    return render(request, "units/_restoring.html", {"operation": operation})


@require_GET
@require_role(Role.OPERATOR)
def restored(request: AccountRequest, account: LinuxAccount, operation: UUID) -> HttpResponse:
    """Show the result of a restoration; nothing (204) while it runs and on success.

    On success, an event reloads the panel around it.
    """
    found = get_object_or_404(Operation, pk=operation, account=account, kind=UnitRestore.kind)
    if found.state == State.AWAITING:
        context = {"operation": found, "following": request.path, "target": "restoring"}
        return render(request, "approvals/_pending.html", context)
    if found.ended_at is None:
        return HttpResponse(status=204)
    if found.state == "succeeded":
        return trigger_client_event(HttpResponse(status=204), "berth:retry", {})
    return render(request, "units/_not_restored.html", {"operation": found})


def _frame(account: LinuxAccount, kind: str) -> dict[str, object]:
    """Return the editor's context for any file: the keys that it offers, and the host's facts."""
    reader.watch(account)
    known = reader.load(account)
    sections = SECTIONS_OF.get(kind, ())
    return {
        "kind": kind,
        "keys": {
            section: [
                {**key.model_dump(), "help": in_language(key.help)}
                for key in SECTIONS.get(section, ())
            ]
            for section in sections
        },
        "info": known.snapshot.info if known and known.snapshot else None,
    }


def _query(file: str) -> UnitFileText:
    try:
        return UnitFileText(file=file)
    except ValidationError as error:
        raise Http404("this is not a file of the account's units") from error


def _file(request: Request, unnamed: str = "") -> str:
    """Return the posted file, or the one of a posted name and type. Not checked yet."""
    posted = request.POST
    name = posted.get("name", "").strip().removesuffix(f".{posted.get('kind', '')}")
    return posted.get("file") or templates.place(posted.get("kind", ""), name or unnamed)


def _typed(request: Request) -> str:
    """Return the text with a Linux file's newlines instead of those of forms."""
    typed = request.POST.get("text", "").replace("\r\n", "\n")
    return typed if typed.endswith("\n") or not typed else f"{typed}\n"
