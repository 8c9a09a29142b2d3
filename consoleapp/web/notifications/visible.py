"""The notifications and deliveries that a user may see now."""

from django.db.models import QuerySet

from consoleapp.accounts.access import visible_accounts
from consoleapp.accounts.models import User
from consoleapp.notifications.models import Delivery, Notice


def notices(user: User) -> QuerySet[Notice]:
    """Return those of `user`, on accounts that they may (still) see, newest first."""
    return (
        Notice.objects.filter(user=user, occurrence__account__in=visible_accounts(user))
        .select_related("occurrence__account")
        .order_by("-occurrence__last_at", "-pk")
    )


def unread(user: User) -> int:
    """Return how many of them are unread."""
    return notices(user).filter(read_at=None).order_by().count()


def deliveries(user: User) -> QuerySet[Delivery]:
    """Return the deliveries to `user`, sent or waiting, newest first."""
    return (
        Delivery.objects.filter(user=user)
        .select_related("webhook", "occurrence__account")
        .order_by("-created_at", "pk")
    )
