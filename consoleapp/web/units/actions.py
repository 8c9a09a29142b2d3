"""Actions on units, their files, and the account's session."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.web.accepted import refused, request_all
from consoleapp.web.model_form import first_named_error
from engine.schema.kinds import KINDS, parse
from engine.schema.parameters import Role

LIMIT = 200
"""The maximum number of units per request."""
# The field with the objects of each kind; "" for the session as a whole.
SUBJECT = {
    "unit.start": "unit",
    "unit.stop": "unit",
    "unit.restart": "unit",
    "unit.enable": "unit",
    "unit.disable": "unit",
    "unit.reset-failed": "unit",
    "unit.convert": "unit",
    "unit.delete": "file",
    "unit.restore": "file",
    "unit.daemon-reload": "",
    "container.autostart": "container",
    "autoupdate.run": "",
    "autoupdate.enable": "",
    "autoupdate.disable": "",
    "linger.enable": "",
    "linger.disable": "",
}


@require_POST
@require_role(Role.OPERATOR)
def act(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Submit `kind` for each posted unit (or file, container), after checking all of them."""
    kind = request.POST.get("kind", "")
    following = _next(request, account)
    if kind not in SUBJECT:
        return refused(request, _("Unknown action on units."), next=following, status=400)
    subject = SUBJECT[kind]
    wanted = list(dict.fromkeys(request.POST.getlist(subject))) if subject else [""]
    if not wanted:
        return refused(request, _("Select a unit first."), next=following, status=400)
    if len(wanted) > LIMIT:
        reason = _("Select at most %(number)d units.") % {"number": LIMIT}
        return refused(request, reason, next=following, status=400)
    try:
        parameters = [parse(kind, _parameters(request, kind, each)) for each in wanted]
    except ValidationError as error:
        return refused(request, first_named_error(error), next=following, status=400)
    return request_all(request, account, parameters, next=following)


def _parameters(request: Request, kind: str, wanted: str) -> dict[str, Any]:
    subject = SUBJECT[kind]
    given: dict[str, Any] = {subject: wanted} if subject else {}
    for name in KINDS[kind].model_fields:
        if name != subject and request.POST.get(name, ""):
            given[name] = request.POST[name]
    return given


def _next(request: Request, account: LinuxAccount) -> str:
    """Return where a plain form continues: its own page."""
    target = request.POST.get("next", "")
    if target and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return target
    return reverse("units:list", args=[account.key])
