"""What the command palette finds: pages, accounts and their objects, operations, and actions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from consoleapp.accounts.models import LinuxAccount
from consoleapp.accounts.roles import accounts_with_roles
from consoleapp.core.requests import Request
from consoleapp.i18n.rendering import in_language
from consoleapp.operations.visible import visible_operations
from consoleapp.snapshots import reader
from consoleapp.web.navigation import menu
from consoleapp.web.templatetags.units import unit_url
from engine.schema import containers as kinds
from engine.schema import units as unit_kinds
from engine.schema.parameters import Parameters, Role
from engine.schema.snapshot import ContainerRow, ImageRow, UnitRow

PER_GROUP = 7

_RUNNING = ("running", "paused")
# The verb to type, its kind, and the states in which it is possible.
_ACTIONS: tuple[tuple[str, type[Parameters], tuple[str, ...]], ...] = (
    ("start", kinds.ContainerStart, ("created", "exited")),
    ("stop", kinds.ContainerStop, _RUNNING),
    ("restart", kinds.ContainerRestart, (*_RUNNING, "exited", "created")),
    ("pause", kinds.ContainerPause, ("running",)),
    ("resume", kinds.ContainerUnpause, ("paused",)),
    ("kill", kinds.ContainerKill, _RUNNING),
)
_UNIT_ACTIONS: tuple[tuple[str, type[Parameters], tuple[str, ...]], ...] = (
    ("start", unit_kinds.UnitStart, ("inactive", "failed")),
    ("stop", unit_kinds.UnitStop, ("active", "activating", "reloading")),
    ("restart", unit_kinds.UnitRestart, ("active", "inactive", "failed")),
)


@dataclass(frozen=True)
class Found:
    """One line of the palette: a page (`url`), or an action (`post` to `url`)."""

    label: str
    url: str
    icon: str
    detail: str = ""
    mono: bool = False
    post: dict[str, str] = field(default_factory=dict)
    confirm: str = ""


@dataclass(frozen=True)
class Group:
    """Lines of one type."""

    title: str
    lines: list[Found]


@dataclass(frozen=True)
class _AccountState:
    account: LinuxAccount
    role: Role
    containers: list[ContainerRow]
    images: list[ImageRow]
    units: list[UnitRow]


def find(request: Request, text: str, preferred: str = "") -> list[Group]:
    """Return matches of `text` in groups. Objects of the account `preferred` come first."""
    words = text.lower().split()
    accounts = [_look(account, role) for account, role in accounts_with_roles(request.user)]
    accounts.sort(key=lambda each: each.account.key != preferred)
    account = next((each.account for each in accounts if each.account.key == preferred), None)
    sorts = {
        _("Actions"): _actions(accounts, words),
        _("Pages"): _pages(request, account, words),
        _("Containers"): _containers(accounts, words),
        _("Units"): _units(accounts, words),
        _("Accounts"): _accounts(accounts, words),
        _("Images"): _images(accounts, words),
        _("Operations"): _operations(request, words),
    }
    groups = [Group(title, list(islice(lines, PER_GROUP))) for title, lines in sorts.items()]
    return [group for group in groups if group.lines]


def _look(account: LinuxAccount, role: Role) -> _AccountState:
    kept = reader.load(account)
    snapshot = kept.snapshot if kept else None
    containers = [row for row in snapshot.containers if not row.infra] if snapshot else []
    if snapshot is None:
        return _AccountState(account, role, [], [], [])
    return _AccountState(account, role, containers, snapshot.images, snapshot.units)


def _fits(words: list[str], *texts: str) -> bool:
    whole = " ".join(texts).lower()
    return all(word in whole for word in words)


def _actions(accounts: list[_AccountState], words: list[str]) -> Iterator[Found]:
    operated = [each for each in accounts if each.role.covers(Role.OPERATOR)]
    for each in operated:
        key = each.account.key
        for label, name in (
            (_("Launch container"), "containers:launch"),
            (_("Pull image"), "images:pull"),
            (_("Build image"), "builds:build"),
            (_("Search registries"), "registries:search"),
            (_("Sign in to registry"), "registries:login"),
            (_("Copy image between registries"), "registries:copy"),
        ):
            if words and _fits(words, label, key):
                yield Found(label, reverse(name, args=[key]), "plus", detail=key)
    if not words or len(words[0]) < 2:
        return
    verbs = [action for action in _ACTIONS if action[0].startswith(words[0])]
    for each in operated:
        for verb, kind, states in verbs:
            for row in each.containers:
                if row.state in states and _fits(words[1:], row.name):
                    yield _action(each.account, verb, kind, row)
    for each in operated:
        for verb, kind, states in _UNIT_ACTIONS:
            for unit in each.units if verb.startswith(words[0]) else ():
                if unit.active in states and _fits(words[1:], unit.unit):
                    yield _unit_action(each.account, verb, kind, unit)


def _action(account: LinuxAccount, verb: str, kind: type[Parameters], row: ContainerRow) -> Found:
    label = f"{in_language(kind.label)} {row.name}"
    return Found(
        label,
        reverse("containers:act", args=[account.key]),
        "bolt",
        detail=account.key,
        post={"kind": kind.kind, "container": row.id},
        confirm=f"{label}?" if kind.destructive else "",
    )


def _unit_action(account: LinuxAccount, verb: str, kind: type[Parameters], row: UnitRow) -> Found:
    url = reverse("units:act", args=[account.key])
    post = {"kind": kind.kind, "unit": row.unit}
    label = f"{in_language(kind.label)} {row.unit}"
    return Found(label, url, "settings-automation", detail=account.key, post=post)


def _pages(request: Request, account: LinuxAccount | None, words: list[str]) -> Iterator[Found]:
    for section in menu(request, account):
        for entry in section.entries:
            if _fits(words, entry.label, section.title):
                yield Found(entry.label, entry.url, entry.icon, detail=section.title)
    for label, name, icon in (
        (_("Profile and security"), "me:profile", "user"),
        (_("API tokens"), "me:tokens", "key"),
        (_("My operations"), "operations:list", "player-play"),
    ):
        if words and _fits(words, label):
            yield Found(label, reverse(name), icon)


def _containers(accounts: list[_AccountState], words: list[str]) -> Iterator[Found]:
    for each in accounts:
        for row in each.containers:
            if words and _fits(words, row.name, row.image, row.id[:12], each.account.key):
                url = _page_of("containers:detail", each.account.key, row.id[:12])
                if url is None:
                    continue
                yield Found(
                    row.name,
                    url,
                    "box",
                    f"{in_language(row.state)} · {each.account.key}",
                    mono=True,
                )


def _page_of(view: str, account: str, name: str) -> str | None:
    """Return the page's address; None for a name from an engine that no address can contain."""
    try:
        return reverse(view, args=[account, name])
    except NoReverseMatch:
        return None


def _units(accounts: list[_AccountState], words: list[str]) -> Iterator[Found]:
    for each in accounts:
        for row in each.units:
            url = unit_url(row.unit, each.account.key)
            if words and url and _fits(words, row.unit, row.description, each.account.key):
                detail = f"{in_language(row.active)} · {each.account.key}"
                yield Found(row.unit, url, "settings-automation", detail, mono=True)


def _accounts(accounts: list[_AccountState], words: list[str]) -> Iterator[Found]:
    for each in accounts:
        key = each.account.key
        if _fits(words, key):
            yield Found(
                key,
                reverse("containers:list", args=[key]),
                "user-square-rounded",
                in_language(str(each.role)),
                mono=True,
            )


def _images(accounts: list[_AccountState], words: list[str]) -> Iterator[Found]:
    for each in accounts:
        for image in each.images:
            if words and _fits(words, *image.tags, image.id[:12]):
                label = image.tags[0] if image.tags else image.id[:12]
                url = _page_of("images:detail", each.account.key, image.id)
                if url is None:
                    continue
                yield Found(label, url, "stack-2", each.account.key, mono=True)


def _operations(request: Request, words: list[str]) -> Iterator[Found]:
    if not words:
        return
    operations = visible_operations(request.user).order_by("-requested_at")
    for operation in operations.filter(target__icontains=words[-1])[:PER_GROUP]:
        label = f"{operation.kind} {operation.target}"
        if _fits(words, label, operation.account.key):
            url = reverse("operations:detail", args=[operation.pk])
            detail = f"{in_language(operation.state)} · {operation.account.key}"
            yield Found(label, url, "player-play", detail, mono=True)
