"""Operations that concern a second account.

The requester needs the role there too, and that account's audit log also contains the operation.
"""

from collections.abc import Iterable

from consoleapp.accounts.access import refuse, role_on
from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict, Refused
from consoleapp.operations.models import Operation
from engine.schema.kinds import KINDS, parse
from engine.schema.messages import msg
from engine.schema.parameters import Parameters


def check(account: LinuxAccount, parameters: Parameters, actor: Actor) -> None:
    """Raise Refused (audited) without the role there, Conflict for itself or on another host."""
    for key in parameters.other_accounts():
        other = LinuxAccount.objects.filter(key=key, active=True).select_related("host").first()
        role = role_on(actor.user, other) if other else None
        if other is None or role is None:
            raise Refused(msg("There is no account %(key)s that you may use.", key=key))
        if not role.covers(parameters.role):
            refuse(actor, other, parameters.kind, parameters.role)
            raise Refused(
                msg("This needs the role %(role)s on %(key)s.", role=parameters.role, key=key)
            )
        if other.pk == account.pk:
            raise Conflict(msg("%(key)s is the account itself: choose another one.", key=key))
        if other.host_id != account.host_id:
            raise Conflict(
                msg("%(key)s is on another host than %(key2)s.", key=key, key2=account.key)
            )


def no_longer_allowed(user: User | None, parameters: Parameters) -> str:
    """Return why the requester may not do this there (any more); "" if they may."""
    for key in parameters.other_accounts():
        other = LinuxAccount.objects.filter(key=key, active=True).first()
        role = role_on(user, other) if other else None
        if role is None or not role.covers(parameters.role):
            return msg("There is no grant any more to do this on %(key)s.", key=key)
    return ""


def source(parameters: Parameters) -> LinuxAccount | None:
    """Return the account from which something is taken, if the kind has one."""
    keys = parameters.other_accounts()
    return LinuxAccount.objects.filter(key=keys[0], active=True).first() if keys else None


def concerned(operation: Operation) -> Iterable[LinuxAccount]:
    """Return the other accounts whose audit log contains the operation."""
    kind = KINDS.get(operation.kind)
    if kind is None or kind.other_accounts is Parameters.other_accounts:
        return []
    keys = parse(operation.kind, operation.parameters).other_accounts()
    return LinuxAccount.objects.filter(key__in=keys)
