"""The user's permissions and, for administrators, policies of hosts, accounts, and groups."""

from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import Group
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consoleapp.accounts.access import require_admin, require_role
from consoleapp.accounts.models import Host, LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.operations.approval.requirements import requirements_of
from consoleapp.policies.description import ICONS, Sentence, describe
from consoleapp.policies.effective_policy import (
    PolicyViolation,
    Source,
    effective_policy,
    violations_of,
)
from consoleapp.policies.models import PolicyVersion
from consoleapp.policies.versions import Target, of, versions, write
from consoleapp.web.policies.example import APPROVAL, EXAMPLE
from engine.policy.host_file import PLACE
from engine.policy.rules import Unreadable, read
from engine.schema.containers import ContainerRun
from engine.schema.parameters import Role
from engine.schema.run_line import Unreadable as UnreadableLine
from engine.schema.run_line import read as read_line

_KINDS: dict[str, type[Host] | type[LinuxAccount] | type[Group]] = {
    "host": Host,
    "account": LinuxAccount,
    "group": Group,
}
_VERSIONS_SHOWN = 50


@dataclass(frozen=True)
class Row:
    """An object that may have a policy."""

    kind: str
    target: Target
    version: PolicyVersion | None


@require_safe
@require_role(Role.VIEWER)
def mine(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show every rule that applies to the user on the account, and a line to try."""
    held = effective_policy(request.user, account)
    context = {
        "policies": [(source, _by_area(source)) for source in held.sources],
        "may_try": request.role.covers(Role.OPERATOR),
    }
    return render(request, "policies/mine.html", context)


@require_http_methods(["GET", "POST"])
@require_role(Role.VIEWER)
def check(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show whether a pasted `podman run` line would be allowed, without requesting anything.

    Pages post it: a line may contain secrets, and logs and histories store addresses.
    """
    given = request.POST if request.method == "POST" else request.GET
    line = given.get("line", "")[:100_000]
    context: dict[str, object] = {"line": line}
    try:
        found = read_line(line)
        wanted = ContainerRun.model_validate(found.values)
    except UnreadableLine as error:
        return render(request, "policies/_check.html", {"unreadable": str(error)}, status=422)
    except ValueError:
        text = _("Podman does not accept some of these values. Try them in the launch form.")
        return render(request, "policies/_check.html", {"unreadable": text}, status=422)
    violations: list[PolicyViolation] = violations_of(request.user, account, wanted)
    if not violations:
        context["requirements"] = requirements_of(request.user, account, wanted)
    context |= {"violations": violations, "left_out": found.left_out, "command": wanted.command()}
    return render(request, "policies/_check.html", context)


@require_safe
@require_admin
def everything(request: Request) -> HttpResponse:
    """List all hosts, accounts, and groups, with their policies."""
    current = PolicyVersion.objects.filter(current=True).exclude(text="")
    known = {(row.host_id, row.account_id, row.group_id): row for row in current}
    hosts = [Row("host", each, known.get((each.pk, None, None))) for each in _hosts()]
    accounts = [
        Row("account", each, known.get((None, each.pk, None)))
        for each in LinuxAccount.objects.select_related("host").order_by("key")
    ]
    groups = [
        Row("group", each, known.get((None, None, each.pk)))
        for each in Group.objects.order_by("name")
    ]
    sections = [(_("Hosts"), hosts), (_("Linux accounts"), accounts), (_("Groups"), groups)]
    return render(request, "policies/list.html", {"sections": sections, "place": PLACE})


@require_http_methods(["GET", "HEAD", "POST"])
@require_admin
def edit(request: Request, kind: str, target_id: int) -> HttpResponse:
    """Edit the text of one policy. Shows its meaning in words, and its earlier versions."""
    if kind not in _KINDS:
        raise Http404("nothing of this kind has a policy")
    target = cast(Target, get_object_or_404(_KINDS[kind], pk=target_id))
    now = of(target)
    text, error = (now.text if now else ""), ""
    if request.method == "POST":
        text = request.POST.get("text", "")[:100_000]
        try:
            version = write(target, text, actor=Actor.of(request))
        except Unreadable as fault:
            error = str(fault)
        else:
            notice = _("The policy is in effect.") if text.strip() else _("The policy was removed.")
            messages.success(request, notice if version else _("Nothing was changed."))
            return redirect("policies:edit", kind, target_id)
    elif wanted := request.GET.get("version", ""):
        chosen = versions(target).filter(pk=int(wanted) if wanted.isdigit() else 0)
        text = get_object_or_404(chosen).text
    context = {
        "kind": kind,
        "target": target,
        "text": text,
        "error": error,
        "now": now,
        "says": [] if error or not text.strip() else _sentences(text),
        "versions": versions(target)[:_VERSIONS_SHOWN],
        "example": _(EXAMPLE) + _(APPROVAL),
    }
    return render(request, "policies/edit.html", context, status=422 if error else 200)


def _hosts() -> list[Host]:
    return list(Host.objects.order_by("name"))


def _by_area(source: Source) -> list[tuple[str, str, list[Sentence]]]:
    areas: dict[str, list[Sentence]] = {}
    for sentence in describe(source.policy):
        areas.setdefault(sentence.area, []).append(sentence)
    return [(area, ICONS[area], found) for area, found in areas.items()]  # type: ignore[index]  # str as Literal


def _sentences(text: str) -> list[Sentence]:
    try:
        return describe(read(text))
    except Unreadable:
        return []
