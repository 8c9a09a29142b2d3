"""Find subscribers, as far as they may see the account."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable

from consoleapp.accounts.models import Grant, Host, LinuxAccount
from consoleapp.notifications.event_types import EventType
from consoleapp.notifications.models import Rule


def rules_for(account: LinuxAccount, event_type: EventType) -> list[Rule]:
    """Return the matching rules of users who may see the account."""
    if not account.active:
        return []
    grants = Grant.objects.filter(account=account)
    found = (
        Rule.objects.filter(Q(all_accounts=True) | Q(accounts=account), user__is_active=True)
        .filter(_may_see(grants))
        .select_related("user")
        .prefetch_related("webhooks")
        .distinct()
    )
    return [rule for rule in found if event_type in rule.event_types]


def wanted_accounts(host: Host) -> QuerySet[LinuxAccount]:
    """Return the host's active accounts that must be followed for somebody's rule."""
    rules = Rule.objects.filter(
        Q(all_accounts=True) | Q(accounts=OuterRef("pk")), observed=True, user__is_active=True
    ).filter(_may_see(Grant.objects.filter(account=OuterRef(OuterRef("pk")))))
    return LinuxAccount.objects.filter(Exists(rules), host=host, active=True)


def _may_see(grants: QuerySet[Grant]) -> Combinable:
    """Match rules whose user has one of `grants`, or is an administrator."""
    theirs = grants.filter(Q(user=OuterRef("user")) | Q(group__user=OuterRef("user")))
    return Q(user__is_superuser=True) | Exists(theirs)
