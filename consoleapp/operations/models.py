"""The row of an operation: the single source of truth from the request to long after its end."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from consoleapp.core.messages import MessagesField
from consoleapp.operations.states import State


class Operation(models.Model):
    """One change to an account. Only `states.move` changes `state`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=50)
    account = models.ForeignKey(
        "accounts.LinuxAccount", on_delete=models.PROTECT, related_name="operations"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="operations"
    )
    actor_name = models.CharField(max_length=150)
    token = models.ForeignKey(
        "accounts.ApiToken", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    source = models.CharField(max_length=10)
    ip = models.CharField(max_length=45, blank=True, default="")

    parameters = models.JSONField()
    """Without secrets."""
    encrypted = models.TextField(blank=True, default="")
    """The parameters with their secrets, encrypted; "" if there are none, or after the end."""
    has_secrets = models.BooleanField(default=False)
    command = models.JSONField()
    """The equivalent command line as an argument vector."""
    target = models.CharField(max_length=600, blank=True, default="")
    lane = models.CharField(max_length=10)
    urgent = models.BooleanField(default=False)

    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in State], default=State.REQUESTED
    )
    progress = MessagesField(null=True)
    result = MessagesField(null=True)
    error = MessagesField(null=True)
    """The fields of an ErrorReport."""

    fence = models.PositiveIntegerField(default=0)
    """Grows with each claim. A worker's writes count only with the fence that it got."""
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=200, blank=True, default="")

    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null is "none"
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    """A keyed digest of the request: the same idempotency key must have the same one."""
    cancel_requested_at = models.DateTimeField(null=True)
    retry_of = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="retries"
    )

    requested_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-requested_at"], name="operation_of_account"),
            models.Index(fields=["requested_by", "-requested_at"], name="operation_of_user"),
            models.Index(fields=["-requested_at"], name="operation_newest"),
            models.Index(fields=["account", "-ended_at"], name="operation_ended"),
            models.Index(
                fields=["state", "account", "lane", "requested_at"],
                name="operation_unfinished",
                condition=Q(ended_at__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["requested_by", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="one_operation_a_requester_and_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target}".strip()
