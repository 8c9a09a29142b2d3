"""Everything around a page's content: the menu, the account switcher, the activity counter."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from consoleapp.accounts.access import visible_accounts
from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.accounts.notes import remember
from consoleapp.operations.approval.approvers import decidable
from consoleapp.operations.models import Operation
from consoleapp.policies.effective_policy import effective_policy
from consoleapp.snapshots import reader
from consoleapp.web.notifications.visible import unread

_REMEMBERED = "account"
DECIDES = "decides"
"""In sessions of users who had something to decide: the menu entry then stays."""


@dataclass(frozen=True)
class Entry:
    """One entry of the menu. `key` is the letter that opens it after `g`."""

    label: str
    icon: str
    url: str
    key: str = ""
    current: bool = False
    counted: bool = False
    """It shows how many operations the user may approve."""
    quiet: bool = False
    """It is hidden while there are none."""


@dataclass(frozen=True)
class Section:
    """Some entries of the menu under a title."""

    title: str
    entries: list[Entry]


def context(request: HttpRequest) -> dict[str, Any]:
    """Return the context: accounts, account and role (None if the page has none), and menu.

    `nav_account` is the account in the switcher: the page's own, otherwise the last one used.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"accounts": [], "account": None, "role": None, "menu": [], "nav_account": None}
    accounts = list(visible_accounts(user))
    account: LinuxAccount | None = getattr(request, "account", None)
    if account is not None:
        _remember(request, account)
    nav_account = account or _last_used(request, accounts)
    return {
        "accounts": accounts,
        "account": account,
        "role": getattr(request, "role", None),
        "nav_account": nav_account,
        "menu": menu(request, nav_account),
        "policy": SimpleLazyObject(lambda: effective_policy(user, account)) if account else None,
        "silent": SimpleLazyObject(lambda: _silent(account)),
        "live_url": reverse("live:account", args=[account.key]) if account else reverse("live:all"),
        "activity_count": SimpleLazyObject(lambda: unfinished(user)),
        "approvals_count": SimpleLazyObject(lambda: decidable(user).count()),
        "unread_count": SimpleLazyObject(lambda: unread(user)),
    }


def _silent(account: LinuxAccount | None) -> int:
    """Return the seconds since the account's engine last answered."""
    known = reader.load(account) if account else None
    return known.silent if known else 0


def unfinished(user: User) -> int:
    """Return the number of unfinished operations that `user` requested."""
    return Operation.objects.filter(requested_by=user, ended_at=None).count()


def menu(request: HttpRequest, account: LinuxAccount | None) -> list[Section]:
    """Return the menu for the request's user, with the open page marked."""
    here = request.resolver_match.namespace if request.resolver_match else ""
    view = request.resolver_match.view_name if request.resolver_match else ""

    def entry(label: str, icon: str, name: str, key: str = "", args: tuple[str, ...] = ()) -> Entry:
        namespace = name.split(":")[0]
        current = view == name if namespace in ("accounts", "me", "policies") else here == namespace
        if name == "audit:list" and here == "recordings":
            current = True
        if name == "users:list" and here in ("invitations", "service_accounts"):
            current = True
        if args and getattr(request, "account", None) is None:
            current = False
        return Entry(label, icon, reverse(name, args=args), key, current)

    sections = [Section("", [entry(_("Dashboard"), "layout-dashboard", "home:dashboard", "d")])]
    if account is not None:
        sections.append(
            Section(
                account.key,
                [
                    entry(
                        _("Overview"), "info-square-rounded", "accounts:detail", "o", (account.key,)
                    ),
                    entry(_("Containers"), "box", "containers:list", "c", (account.key,)),
                    entry(_("Images"), "stack-2", "images:list", "i", (account.key,)),
                    entry(_("Builds"), "hammer", "builds:list", "b", (account.key,)),
                    entry(
                        _("Registries"),
                        "building-warehouse",
                        "registries:list",
                        "y",
                        (account.key,),
                    ),
                    entry(_("Units"), "settings-automation", "units:list", "n", (account.key,)),
                    entry(_("Doctor"), "stethoscope", "doctor:doctor", "e", (account.key,)),
                    entry(
                        _("My permissions"), "shield-check", "policies:mine", "w", (account.key,)
                    ),
                ],
            )
        )
    sections.append(
        Section(
            _("Everywhere"),
            [
                entry(_("Operations"), "player-play", "operations:list", "p"),
                replace(
                    entry(_("Approvals"), "user-check", "approvals:list", "a"),
                    counted=True,
                    quiet=not (
                        request.user.is_superuser
                        or here == "approvals"
                        or DECIDES in request.session
                    ),
                ),
                entry(_("Catalog"), "apps", "catalog:list", "t"),
                entry(_("Accounts"), "users-group", "accounts:list", "s"),
                entry(_("Notifications"), "bell", "notifications:list", "m"),
                entry(_("Audit"), "history", "audit:list", "l"),
            ],
        )
    )
    if request.user.is_superuser:
        sections.append(
            Section(
                _("Administration"),
                [
                    entry(_("Users"), "user-cog", "users:list", "u"),
                    entry(_("Groups"), "users", "groups:list", "r"),
                    entry(_("Hosts"), "server-2", "hosts:list", "h"),
                    entry(_("Policies"), "shield-cog", "policies:list", "k"),
                ],
            )
        )
    return sections


def _last_used(request: HttpRequest, accounts: list[LinuxAccount]) -> LinuxAccount | None:
    if len(accounts) == 1:
        return accounts[0]
    key = request.session.get(_REMEMBERED)
    return next((account for account in accounts if account.key == key), None)


def _remember(request: HttpRequest, account: LinuxAccount) -> None:
    remember(request, _REMEMBERED, account.key)
