"""A user's roles on all visible accounts, for pages that show several."""

from django.db.models import Q

from consoleapp.accounts.access import visible_accounts
from consoleapp.accounts.models import Grant, LinuxAccount, User
from engine.schema.parameters import Role


def accounts_with_roles(user: User) -> list[tuple[LinuxAccount, Role]]:
    """Return the visible accounts with the best role on each, in two queries."""
    accounts = list(visible_accounts(user).select_related("host"))
    if user.is_superuser:
        return [(account, Role.OWNER) for account in accounts]
    grants = Grant.objects.filter(Q(user=user) | Q(group__user=user), account__in=accounts)
    best: dict[int, Role] = {}
    for account_id, name in grants.values_list("account", "role"):
        role = Role(name)
        if account_id not in best or role.covers(best[account_id]):
            best[account_id] = role
    return [(account, best[account.pk]) for account in accounts if account.pk in best]


def operated_accounts(user: User) -> list[LinuxAccount]:
    """Return the accounts on which `user` may change something."""
    held = accounts_with_roles(user)
    return [account for account, role in held if role.covers(Role.OPERATOR)]
