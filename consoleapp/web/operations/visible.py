"""Which operations a person may see, and what they may do with them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from consoleapp.accounts.access import role_on, visible_accounts
from consoleapp.accounts.models import User
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from engine.schema.parameters import Role

ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST)


def visible_operations(user: User) -> QuerySet[Operation]:
    """Operations on the accounts that `user` holds a grant on; all of them for administrators."""
    operations = Operation.objects.select_related("account", "account__host", "requested_by")
    if user.is_superuser:
        return operations
    return operations.filter(account__in=visible_accounts(user))


def visible_operation(user: User, operation_id: UUID) -> Operation:
    """One of those, or Http404."""
    return get_object_or_404(visible_operations(user), pk=operation_id)


def operable(user: User, operations: Iterable[Operation]) -> set[int]:
    """The ids of the accounts among those of `operations` on which `user` may change things."""
    accounts = {operation.account_id: operation.account for operation in operations}
    roles = {key: role_on(user, account) for key, account in accounts.items()}
    return {key for key, role in roles.items() if role is not None and role.covers(Role.OPERATOR)}
