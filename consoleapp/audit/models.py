"""One event: who did what, from where, when, as which Linux account, and what came of it."""

from django.conf import settings
from django.db import models


class Event(models.Model):
    """A row that is only ever added: triggers in the database refuse UPDATE and DELETE.

    `actor` and `account` have no constraint in the database, since removing a user must not touch
    the events; the names beside them stay right for ever.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        db_constraint=False,
        on_delete=models.DO_NOTHING,
        related_name="+",
    )
    actor_name = models.CharField(max_length=150)
    ip = models.CharField(max_length=45, blank=True, default="")
    source = models.CharField(max_length=10)
    account = models.ForeignKey(
        "accounts.LinuxAccount",
        null=True,
        db_constraint=False,
        on_delete=models.DO_NOTHING,
        related_name="+",
    )
    account_name = models.CharField(max_length=220, blank=True, default="")
    action = models.CharField(max_length=50, db_index=True)
    kind = models.CharField(max_length=50, blank=True, default="")
    target = models.CharField(max_length=600, blank=True, default="")
    operation = models.UUIDField(null=True, db_index=True)
    parameters = models.JSONField(null=True)
    outcome = models.CharField(max_length=40, blank=True, default="")
    detail = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["account", "-at"], name="event_account_at")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.target}".rstrip()
