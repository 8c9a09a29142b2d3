"""Which operations a user may see and change."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from consoleapp.accounts.access import visible_accounts
from consoleapp.accounts.models import User
from consoleapp.accounts.roles import operated_accounts
from consoleapp.operations.models import Operation


def visible_operations(user: User) -> QuerySet[Operation]:
    """Return operations on the accounts that `user` has a grant on; for administrators, all."""
    operations = Operation.objects.select_related("account", "account__host", "requested_by")
    if user.is_superuser:
        return operations
    return operations.filter(account__in=visible_accounts(user))


def visible_operation(user: User, operation_id: UUID) -> Operation:
    """Return one of them, or raise Http404."""
    return get_object_or_404(visible_operations(user), pk=operation_id)


def operable(user: User) -> set[int]:
    """Return the ids of the accounts whose operations `user` may cancel and retry."""
    return {account.pk for account in operated_accounts(user)}
