"""Service accounts: programs with their own tokens and grants that cannot sign in."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet

from consoleapp.accounts.models import Grant, LinuxAccount, ServiceAccount, User
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from engine.schema.parameters import Role

# Not owner: it could admit others, and outlive the user who set that up.
ROLES = (Role.VIEWER, Role.OPERATOR)


def is_service(user: User) -> bool:
    """Return whether `user` is a program."""
    return ServiceAccount.objects.filter(user=user).exists()


def managed_by(user: User) -> QuerySet[ServiceAccount]:
    """Return those whose tokens `user` may manage: their groups' (administrators: all)."""
    found = ServiceAccount.objects.select_related("user", "owner").order_by("user__username")
    if user.is_superuser:
        return found
    return found.filter(owner__in=user.groups.all())


@transaction.atomic
def create(name: str, purpose: str, owner: Group | None, *, actor: Actor) -> ServiceAccount:
    """Create one without grants and tokens. Audited."""
    user = User(username=name)
    user.set_unusable_password()
    user.save()
    service = ServiceAccount.objects.create(user=user, purpose=purpose, owner=owner)
    parameters = {"owner": owner.name if owner else "administrators"}
    record("service.created", actor=actor, target=name, parameters=parameters)
    return service


@transaction.atomic
def change(service: ServiceAccount, purpose: str, owner: Group | None, *, actor: Actor) -> None:
    """Change its purpose or owner. Audited."""
    values = {"purpose": purpose, "owner": owner}
    changes = {
        field: [str(getattr(service, field) or ""), str(value or "")]
        for field, value in values.items()
        if getattr(service, field) != value
    }
    if changes:
        service.purpose, service.owner = purpose, owner
        service.save()
        record("service.changed", actor=actor, target=str(service), parameters=changes)


@transaction.atomic
def limit(
    service: ServiceAccount, accounts: Iterable[LinuxAccount], role: Role, *, actor: Actor
) -> None:
    """Let it use exactly these Linux accounts with this role. Each change is audited."""
    wanted = {account.pk: account for account in accounts}
    for grant in Grant.objects.filter(user=service.user).select_related("account"):
        account = wanted.pop(grant.account_id, None)
        if account is None:
            _record_grant("grant.removed", service, grant.account, {"role": grant.role}, actor)
            grant.delete()
        elif grant.role != role:
            both: dict[str, object] = {"role": [grant.role, role.value]}
            _record_grant("grant.changed", service, grant.account, both, actor)
            grant.role = role
            grant.save(update_fields=["role"])
    for account in wanted.values():
        Grant.objects.create(user=service.user, account=account, role=role)
        _record_grant("grant.created", service, account, {"role": role.value}, actor)


@transaction.atomic
def switch(service: ServiceAccount, active: bool, *, actor: Actor) -> None:
    """Activate or deactivate all of its tokens. Audited."""
    user = service.user
    if user.is_active != active:
        user.is_active = active
        user.save(update_fields=["is_active"])
        changes = {"is_active": [not active, active]}
        record("service.changed", actor=actor, target=str(service), parameters=changes)


@transaction.atomic
def remove(service: ServiceAccount, *, actor: Actor) -> None:
    """Delete it with its tokens and grants. Operations and audit events keep its name."""
    name = str(service)
    service.user.delete()
    record("service.removed", actor=actor, target=name)


def role_of(service: ServiceAccount) -> Role:
    """Return its role on all of its accounts."""
    held = Q(user=service.user, role=Role.OPERATOR)
    return Role.OPERATOR if Grant.objects.filter(held).exists() else Role.VIEWER


def _record_grant(
    action: str,
    service: ServiceAccount,
    account: LinuxAccount,
    parameters: dict[str, object],
    actor: Actor,
) -> None:
    target = f"service account {service}"
    record(action, actor=actor, account=account, target=target, parameters=parameters)
