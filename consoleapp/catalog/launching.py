"""Launch an operation from a template and typed values, and find a container's template again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from pydantic import Field, ValidationError

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.catalog import ports
from consoleapp.catalog.definition import Contents, Wrong, container, fill, parse, read_values
from consoleapp.catalog.locations import whole
from consoleapp.catalog.models import (
    LaunchTemplate,
    PortAllotment,
    TemplateVersion,
    visible_templates,
)
from consoleapp.catalog.parameters import PortParameter, SecretParameter
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict
from consoleapp.operations.models import Operation
from consoleapp.operations.submit import check, submit
from consoleapp.policies import check as policy
from engine.schema.containers import ContainerReplace, ContainerRun
from engine.schema.parameters import Model
from engine.schema.snapshot import ContainerRow

TEMPLATE, VERSION, VALUES = "berth.template", "berth.template.version", "berth.template.values"
_TRIES = 5


class Origin(Model):
    """The origin of a container according to its labels, which anybody may write."""

    template: int = Field(ge=1, le=2**53)
    version: int = Field(ge=1, le=2**31)
    values: dict[str, str]
    """The values filled in, without secrets."""


@dataclass(frozen=True)
class News:
    """A container's template has a newer version than the container."""

    template: LaunchTemplate
    origin: Origin


def launch(
    template: LaunchTemplate,
    account: LinuxAccount,
    typed: Mapping[str, str],
    *,
    actor: Actor,
    name: str = "",
) -> Operation:
    """Launch the template's newest version with the typed values.

    Raises Wrong (locations ("values", parameter), ("name",), or in `run`), Refused, and the errors
    of querying the engine for free ports.
    """
    more = {"name": name} if name else {}
    return _submit(template, account, typed, actor, ContainerRun, more, {})


def relaunch(
    template: LaunchTemplate,
    account: LinuxAccount,
    row: ContainerRow,
    typed: Mapping[str, str],
    *,
    actor: Actor,
) -> Operation:
    """Replace the container of `row` with one of the newest version: same name, ports, and volumes.

    Raises the same as `launch`.
    """
    kept: dict[tuple[int, str], int] = {
        (port.container_port + offset, port.protocol): port.host_port + offset
        for port in row.ports
        if port.host_port
        for offset in range(port.length)
    }
    return _submit(template, account, typed, actor, ContainerReplace, {"name": row.name}, kept)


def _submit(
    template: LaunchTemplate,
    account: LinuxAccount,
    typed: Mapping[str, str],
    actor: Actor,
    model: type[ContainerRun],
    more: dict[str, Any],
    kept: Mapping[tuple[int, str], int],
) -> Operation:
    check(account, f"launch {template}", model.role, actor)
    version = template.head
    if version is None:
        raise Conflict(_("The template has no version."))
    contents = parse(version.contents)
    values = read_values(contents, typed)
    more = more | {"labels": _labels(template, version, contents, values)}
    wanted = contents.allots(values)
    # Before querying the engine: check everything else.
    draft = fill(contents, values, {})
    checked = _merged(draft, more, model)
    typed_ports = _typed_ports(contents, values, checked)
    ports.release(account.host)
    for parameter, port, protocol in typed_ports:
        if port not in kept.values() and ports.is_allotted(account.host, port, protocol):
            raise Wrong(
                {
                    ("values", parameter): _("Port %(port)s is one that another launch has.")
                    % {"port": port}
                }
            )
    for _try in range(_TRIES):
        reused = {
            index: kept[key]
            for index, _parameter in wanted
            if (key := _inside(draft, index)) in kept
        }
        rest = [(index, parameter) for index, parameter in wanted if index not in reused]
        chosen = ports.choose(
            account, [(p, _inside(draft, index)[1]) for index, p in rest], actor=actor
        )
        given = reused | {index: port for (index, _), port in zip(rest, chosen, strict=True)}
        parameters = _merged(fill(contents, values, given), more, model)
        allotted = [(given[index], _inside(draft, index)[1]) for index in given]
        allotted += [(port, protocol) for _, port, protocol in typed_ports]
        # `submit` checks, too. But in this transaction, the audit event would be rolled back.
        policy.check(account, parameters, actor)
        try:
            with transaction.atomic():
                operation = submit(account, parameters, actor=actor)
                _allot(account, operation, allotted, set(kept.values()))
            return operation
        except IntegrityError:
            continue  # another launch got one of them at this moment
    raise Conflict(_("Other launches took the free ports at the same moments; try again."))


def _merged(
    filled: dict[str, Any], more: dict[str, Any], model: type[ContainerRun]
) -> ContainerRun:
    labels = {**(filled.get("labels") or {}), **more["labels"]}
    return container({**filled, **more, "labels": labels}, model)


def _inside(run: Mapping[str, Any], index: int) -> tuple[int, str]:
    port = run["ports"][index]
    return int(port["container_port"]), str(port.get("protocol") or "tcp")


def _typed_ports(
    contents: Contents, values: Mapping[str, str], parameters: ContainerRun
) -> list[tuple[str, int, str]]:
    """Return host ports that the user chose (parameter, port, protocol), free of other launches."""
    chosen = {e.name for e in contents.parameters if isinstance(e, PortParameter)}
    found: list[tuple[str, int, str]] = []
    for index, port in enumerate(contents.run.get("ports") or []):  # type: ignore[arg-type]  # checked by the model
        given = port.get("host_port") if isinstance(port, dict) else None
        name = whole(given) if isinstance(given, str) else ""
        if name in chosen and values.get(name):
            found.append((name, int(values[name]), parameters.ports[index].protocol))
    return found


def _allot(
    account: LinuxAccount, operation: Operation, wanted: list[tuple[int, str]], own: set[int]
) -> None:
    for port, protocol in wanted:
        rows = PortAllotment.objects.filter(host=account.host, port=port, protocol=protocol)
        if port in own:  # the replaced container has it
            rows.filter(account=account).delete()
        PortAllotment.objects.create(
            host=account.host, account=account, port=port, protocol=protocol, operation=operation
        )


def _labels(
    template: LaunchTemplate,
    version: TemplateVersion,
    contents: Contents,
    values: Mapping[str, str],
) -> dict[str, str]:
    secret = {each.name for each in contents.parameters if isinstance(each, SecretParameter)}
    kept = {name: value for name, value in values.items() if name not in secret and value}
    labels = {TEMPLATE: str(template.pk), VERSION: str(version.number)}
    return labels | ({VALUES: json.dumps(kept, ensure_ascii=False, sort_keys=True)} if kept else {})


def origin(labels: Mapping[str, str]) -> Origin | None:
    """Return the template that a container's labels name; None if they make no sense."""
    if TEMPLATE not in labels:
        return None
    try:
        return Origin(
            template=int(labels[TEMPLATE]),
            version=int(labels.get(VERSION, "")),
            values=json.loads(labels.get(VALUES, "{}")),
        )
    except (ValueError, ValidationError, RecursionError):
        return None


def news(user: User, row: ContainerRow) -> News | None:
    """Return a newer version of the row's template, if `user` may see it."""
    found = origin(row.labels)
    if found is None:
        return None
    template = visible_templates(user).filter(pk=found.template).first()
    if template is None or template.head is None or template.head.number <= found.version:
        return None
    return News(template, found)


def one_click(contents: Contents, origin: Origin) -> bool:
    """Return whether a relaunch needs no input: no secrets, and the previous values still fit."""
    if any(isinstance(each, SecretParameter) for each in contents.parameters):
        return False
    try:
        read_values(contents, carried(contents, origin))
    except Wrong:
        return False
    return True


def carried(contents: Contents, origin: Origin) -> dict[str, str]:
    """Return the previous values, as far as the contents still have their parameters."""
    known = {each.name for each in contents.parameters}
    return {name: value for name, value in origin.values.items() if name in known}
