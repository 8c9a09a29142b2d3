"""The launch page: a form for `podman run`, and a box that reads such a line."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.operations.approval.requirements import requirements_of
from consoleapp.operations.models import Operation
from consoleapp.operations.submit import submit
from consoleapp.policies.check import NotAllowed
from consoleapp.policies.effective_policy import violations_of
from consoleapp.snapshots import reader
from consoleapp.web.accepted import refused
from consoleapp.web.container_lookup import among
from consoleapp.web.containers.launch_form import Launch
from engine.schema.messages import joined
from engine.schema.parameters import Role
from engine.schema.run_line import Unreadable, read

CONTROLLERS = {"memory": gettext_lazy("memory"), "cpu": "CPU", "pids": gettext_lazy("processes")}


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def launch(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the form. Valid input becomes an operation, whose page waits for the service."""
    if request.method == "GET":
        return _form(request, account, _prefilled(request, account))
    given = Launch.of_post(request.POST)
    parameters = given.parameters()
    if parameters is not None and parameters.name:
        known = reader.load(account)
        if (
            known
            and known.live
            and known.snapshot
            and among(known.snapshot.containers, parameters.name)
        ):
            given.errors["name"] = _("Another container has this name.")
    if parameters is None or given.errors:
        return _form(request, account, given, status=422)
    try:
        operation = submit(account, parameters, actor=Actor.of(request))
    except NotAllowed as error:
        given.errors |= _places(error)
        return _form(request, account, given, status=403)
    except Refused as error:
        following = reverse("containers:list", args=[account.key])
        return refused(request, error, next=following)
    response = HttpResponse(status=303)
    response["Location"] = reverse("operations:detail", args=[operation.pk])
    return response


@require_POST
@require_role(Role.OPERATOR)
def read_line(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the form filled in from a pasted line, with the parts left out and the reasons."""
    try:
        line = read(request.POST.get("line", ""))
    except Unreadable as error:
        context: dict[str, object] = {
            "line": request.POST.get("line", ""),
            "unreadable": str(error),
        }
        return _form(request, account, Launch.of_post(request.POST), context, status=422)
    given = Launch.of_values(line.values)
    given.parameters()  # to show errors at their fields
    context = {"line": request.POST["line"], "left_out": line.left_out, "was_read": True}
    return _form(request, account, given, context)


@require_POST
@require_role(Role.OPERATOR)
def preview(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the equivalent command line of the form's current values, and policy violations."""
    given = Launch.of_post(request.POST)
    return render(request, "containers/_preview.html", _previewed(request, account, given))


def _prefilled(request: Request, account: LinuxAccount) -> Launch:
    if "from" in request.GET:
        try:
            identity = UUID(request.GET["from"])
        except ValueError as error:
            raise Http404("that is no operation") from error
        past = get_object_or_404(Operation, pk=identity, account=account, kind="container.run")
        return Launch.of_values(past.parameters)
    return Launch.of_values({"image": request.GET.get("image", "")[:512]})


def _form(
    request: Request,
    account: LinuxAccount,
    given: Launch,
    more: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    reader.watch(account)
    known = reader.load(account)
    snapshot = known.snapshot if known else None
    missing = []
    if snapshot:
        has = snapshot.info.cgroup_controllers
        missing = [words for name, words in CONTROLLERS.items() if name not in has]
    context = {
        "launch": given,
        "local_images": sorted({t for i in snapshot.images for t in i.tags}) if snapshot else [],
        "missing_limits": missing,
        "selinux": bool(snapshot and snapshot.info.selinux),
        **(more or {}),
    }
    context |= _previewed(request, account, given)
    context["first_error"] = next(iter(given.errors), None)
    only_form = request.htmx and not request.htmx.boosted
    name = "containers/_launch.html" if only_form else "containers/launch.html"
    return render(request, name, context, status=status)


def _places(error: NotAllowed) -> dict[str, str]:
    """Return the violations by the form's fields and rows; "" for the whole form."""
    found: dict[str, str] = {}
    for violation in error.violations:
        group, _, rest = violation.field.partition(".")
        place = f"{group}-{rest.partition('.')[0]}" if rest else group
        rule = violation.rule.partition(".")[0]
        place = rule if group == "memory" and rule in ("cpus", "pids") else place
        found[place] = joined([found.get(place, ""), str(violation)])
    return found


def _previewed(request: Request, account: LinuxAccount, given: Launch) -> dict[str, object]:
    # On a copy, so that merely incomplete input is not shown as an error.
    parameters = Launch(given.texts, given.flags, given.rows).parameters()
    if parameters is None:
        return {"command": None}
    person = Actor.of(request).user
    violations = violations_of(person, account, parameters)
    return {
        "command": parameters.command(),
        "violations": violations,
        "requirements": [] if violations else requirements_of(person, account, parameters),
    }
