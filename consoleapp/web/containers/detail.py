"""The page of one container: its header, and each tab as a page of its own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.catalog.launching import news
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.operations.models import Operation
from consoleapp.web.container_lookup import Found, look_up
from consoleapp.web.containers import exits
from consoleapp.web.missing import appeared, looks_again, missing
from consoleapp.web.units.rows import of_container
from engine.schema.parameters import Role
from engine.schema.snapshot import ContainerRow

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The states in which each action is possible. Unlisted actions are always possible.
POSSIBLE: dict[str, set[str]] = {
    "start": {"created", "exited"},
    "stop": {"running", "restarting"},
    "restart": {"running", "exited"},
    "kill": {"running", "paused", "stopping", "restarting"},
    "pause": {"running"},
    "unpause": {"paused"},
    "commit": {"created", "running", "paused", "exited"},
}
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH")


@dataclass(frozen=True)
class Tab:
    """One tab. `name` is its URL's name, `view` the end of its template's."""

    view: str
    label: "StrOrPromise"
    icon: str
    role: Role = Role.VIEWER

    @property
    def name(self) -> str:
        """Return the name of its URL."""
        return f"containers:{'detail' if self.view == 'overview' else self.view}"


TABS = (
    Tab("overview", gettext_lazy("Overview"), "layout-list"),
    Tab("logs", gettext_lazy("Logs"), "file-text"),
    Tab("terminal", gettext_lazy("Terminal"), "terminal-2", Role.OPERATOR),
    Tab("stats", gettext_lazy("Stats"), "chart-line"),
    Tab("processes", gettext_lazy("Processes"), "cpu"),
    Tab("changes", gettext_lazy("Changes"), "file-diff"),
    Tab("health", gettext_lazy("Health"), "heartbeat"),
    Tab("inspect", gettext_lazy("Inspect"), "code"),
)


@require_GET
@require_role(Role.VIEWER)
def tab(request: AccountRequest, account: LinuxAccount, container: str, view: str) -> HttpResponse:
    """Show one tab's page, which itself never waits for an engine."""
    return _page(request, account, container, view)


@require_GET
@require_role(Role.OPERATOR)
def terminal(request: AccountRequest, account: LinuxAccount, container: str) -> HttpResponse:
    """Show the terminal's page, which requires more than read access."""
    return _page(request, account, container, "terminal")


@require_GET
@require_role(Role.VIEWER)
def header(request: AccountRequest, account: LinuxAccount, container: str) -> HttpResponse:
    """Show the header above the tabs, reloaded whenever the container changes."""
    found = look_up(account, container)
    context = {"found": found, "asked": container, **_known(request, found)}
    return render(request, "containers/detail/_header.html", context)


def _page(
    request: AccountRequest, account: LinuxAccount, container: str, view: str
) -> HttpResponse:
    found = look_up(account, container)
    if found.row is None:
        return _missing(request, account, container, found)
    if looks_again(request):
        return appeared()
    role = request.role
    context = {
        "found": found,
        "view": view,
        "tabs": [each for each in TABS if role.covers(each.role)],
        "signals": SIGNALS,
        **_known(request, found),
    }
    return render(request, f"containers/detail/{view}.html", context)


def _known(request: AccountRequest, found: Found) -> dict[str, object]:
    row = found.row
    if row is None or found.snapshot is None:
        return {"row": None}
    role = request.role
    unit = of_container(found.snapshot.units, row.name, row.unit)
    return {
        "row": row,
        "unit": unit.unit if unit else row.unit,
        "units_offered": found.snapshot.info.systemd,
        "news": news(request.user, row),
        "exit_meaning": explain(row),
        "operates": role.covers(Role.OPERATOR),
        "can": {verb: row.state in states for verb, states in POSSIBLE.items()},
        "browser_host": request.get_host().rpartition(":")[0] or request.get_host(),
    }


def explain(row: ContainerRow) -> str:
    """Explain the exit code of a container; "" while it has not ended."""
    ended = row.state in ("exited", "dead")
    return exits.explain(row.exit_code, out_of_memory=row.oom_killed) if ended else ""


def _missing(request: Request, account: LinuxAccount, container: str, found: Found) -> HttpResponse:
    about = Operation.objects.filter(account=account, kind__startswith="container.")
    # By name, or by id: the launch of a container has its id in its result.
    mentions = Q(target=container) | _made(container)
    operations = about.filter(mentions).order_by("-requested_at")[:10]
    unknown = found.snapshot is None
    context = {"asked": container, "found": found, "operations": operations, "unknown": unknown}
    template = "containers/detail/missing.html"
    return missing(request, account, template, context, known=not unknown)


def _made(container: str) -> Q:
    return Q(result__id__startswith=container) if len(container) >= 12 else Q(pk__in=[])
