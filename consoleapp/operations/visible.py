"""Which operations a person may see, and what they may do with them."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from consoleapp.accounts.access import visible_accounts
from consoleapp.accounts.models import User
from consoleapp.accounts.roles import operated_accounts
from consoleapp.operations.models import Operation


def visible_operations(user: User) -> QuerySet[Operation]:
    """Operations on the accounts that `user` holds a grant on; all of them for administrators."""
    operations = Operation.objects.select_related("account", "account__host", "requested_by")
    if user.is_superuser:
        return operations
    return operations.filter(account__in=visible_accounts(user))


def visible_operation(user: User, operation_id: UUID) -> Operation:
    """One of those, or Http404."""
    return get_object_or_404(visible_operations(user), pk=operation_id)


def operable(user: User) -> set[int]:
    """The ids of the accounts whose operations `user` may cancel and repeat."""
    return {account.pk for account in operated_accounts(user)}
