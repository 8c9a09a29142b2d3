"""Host ports for launches: free ones of the account's range, and never one twice."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from consoleapp.accounts.models import Host, LinuxAccount
from consoleapp.catalog.models import PortAllotment, PortRange
from consoleapp.catalog.parameters import PortParameter
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict
from consoleapp.live import relay
from consoleapp.operations.states import State
from consoleapp.snapshots import reader
from engine.schema.queries import FreePorts


def range_of(account: LinuxAccount) -> tuple[int, int]:
    """Return the first and last port of the account's range."""
    own = PortRange.objects.filter(account=account).first()
    return (own.first, own.last) if own else settings.BERTH_PORTS


def choose(
    account: LinuxAccount,
    wanted: Sequence[tuple[PortParameter | None, str]],
    *,
    actor: Actor,
) -> list[int]:
    """Return a free host port for each wanted (range, protocol). The caller records the allotments.

    Raises Conflict if a range is exhausted, and the relay's errors.
    """
    chosen: list[int] = []
    for parameter, protocol in wanted:
        first, last = range_of(account)
        if parameter and parameter.first and parameter.last:
            first, last = parameter.first, parameter.last
        avoid = taken(account.host, protocol) | set(chosen)
        query = FreePorts(
            first=first,
            last=last,
            protocol=protocol,
            without=sorted(port for port in avoid if first <= port <= last),
        )
        free = ask(account, query, actor)
        if not free:
            raise Conflict(
                _("No port from %(first)s to %(last)s is free on the host of %(account)s.")
                % {"first": first, "last": last, "account": account}
            )
        chosen.append(free[0])
    return chosen


def ask(account: LinuxAccount, query: FreePorts, actor: Actor) -> list[int]:
    """Return free ports according to the kernel. Raises EngineError, relay.Unanswered."""
    answer = relay.document_sync(account, query, actor)
    found = answer["data"].get("free")
    # An engine's answer is untrusted: accept no port outside of the requested range.
    return [
        port
        for port in (found if isinstance(found, list) else [])
        if type(port) is int and query.first <= port <= query.last and port not in query.without
    ]


def is_allotted(host: Host, port: int, protocol: str) -> bool:
    """Return whether a launch has the port."""
    return PortAllotment.objects.filter(host=host, port=port, protocol=protocol).exists()


def taken(host: Host, protocol: str) -> set[int]:
    """Return ports of launches, and those that any known container of the host publishes."""
    found = set(
        PortAllotment.objects.filter(host=host, protocol=protocol).values_list("port", flat=True)
    )
    for account in LinuxAccount.objects.filter(host=host, active=True):
        known = reader.load(account)
        for row in known.snapshot.containers if known and known.snapshot else []:
            for port in row.ports:
                if port.host_port and port.protocol == protocol:
                    found.update(range(port.host_port, port.host_port + port.length))
    return found


def release(host: Host) -> None:
    """Free the ports of launches that failed, and of containers that certainly no longer exist."""
    gone: list[int] = []
    rows = PortAllotment.objects.filter(host=host, operation__ended_at__isnull=False)
    for row in rows.select_related("operation", "account"):
        if row.operation.state in (State.FAILED, State.CANCELLED):
            gone.append(row.pk)
            continue
        known = reader.load(row.account)
        if known is None or known.snapshot is None or not row.operation.ended_at:
            continue
        if (known.taken or known.snapshot.taken) <= row.operation.ended_at:
            continue  # it may not show the container yet
        made = (row.operation.result or {}).get("id", "")
        if made not in {each.id for each in known.snapshot.containers}:
            gone.append(row.pk)
    PortAllotment.objects.filter(pk__in=gone).delete()
