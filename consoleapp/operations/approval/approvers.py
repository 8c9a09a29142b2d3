"""Approvers: users that every requiring policy names, but never the requester or a program.

The rule is written twice: one page lists what a user may decide, and a notification goes to all
users who may decide an operation. A test compares the two.
"""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from consoleapp.accounts.access import visible_accounts
from consoleapp.accounts.models import Grant, ServiceAccount, User
from consoleapp.operations.approval.models import Requirement
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from engine.schema.parameters import Role


def decidable(user: User) -> QuerySet[Operation]:
    """Return the operations that `user` may approve or decline now.

    Excludes their own, and those of service accounts whose tokens their groups manage.
    """
    waiting = Operation.objects.filter(
        ended_at=None,
        state=State.AWAITING,
        approval__decision="",
        approval__expires_at__gt=timezone.now(),
    )
    if not user.is_authenticated or not user.is_active:
        return waiting.none()
    groups = user.groups.all()
    own = ServiceAccount.objects.filter(owner__in=groups).values("user")
    found = waiting.filter(account__in=visible_accounts(user)).exclude(requested_by=user)
    found = found.exclude(requested_by__in=own)
    found = found.exclude(Exists(ServiceAccount.objects.filter(user=user)))
    if user.is_superuser:
        return found
    owned = Grant.objects.filter(Q(user=user) | Q(group__in=groups), role=Role.OWNER)
    unsatisfied = Requirement.objects.filter(approval=OuterRef("pk")).exclude(
        Q(pk__in=Requirement.groups.through.objects.filter(group__in=groups).values("requirement"))
        | Q(owners=True, approval__operation__account__in=owned.values("account"))
    )
    return found.exclude(Exists(unsatisfied))


def approvers_of(operation: Operation) -> QuerySet[User]:
    """Return the users who may decide `operation` while it waits."""
    grants = Grant.objects.filter(account=operation.account)
    found = User.objects.filter(is_active=True, serviceaccount=None)
    if asking := operation.requested_by:
        service = ServiceAccount.objects.filter(user=asking, owner__isnull=False)
        found = found.exclude(pk=asking.pk).exclude(groups__in=service.values("owner"))
    condition = Q(pk__in=_holders(grants))
    for requirement in operation.approval.requirements.all():
        satisfied = Q(groups__in=requirement.groups.all())
        if requirement.owners:
            satisfied |= Q(pk__in=_holders(grants.filter(role=Role.OWNER)))
        condition &= Q(pk__in=User.objects.filter(satisfied).values("pk"))
    return found.filter(Q(is_superuser=True) | condition).distinct()


def _holders(grants: QuerySet[Grant]) -> QuerySet[User, Any]:
    return User.objects.filter(
        Q(pk__in=grants.values("user")) | Q(groups__in=grants.values("group"))
    ).values("pk")
