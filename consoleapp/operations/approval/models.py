"""Pending and past approvals, the policies that require them, and the decisions."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from consoleapp.core.messages import MessagesField
from consoleapp.operations.models import Operation


class Decision(models.TextChoices):
    """The outcome of a request for approval."""

    GRANTED = "granted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Approval(models.Model):
    """The approval that one operation needs. It is decided once, only by this package."""

    operation = models.OneToOneField(
        Operation, primary_key=True, on_delete=models.CASCADE, related_name="approval"
    )
    fingerprint = models.CharField(max_length=64)
    """A keyed digest of what the approver saw, including secrets: exactly this runs."""
    note = models.CharField(max_length=500, blank=True, default="")
    """Why the requester wants it (optional)."""
    expires_at = models.DateTimeField()
    decision = models.CharField(max_length=12, choices=Decision, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decider_name = models.CharField(max_length=150, blank=True, default="")
    comment = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["expires_at"],
                name="approval_expiry",
                condition=models.Q(decision=""),
            ),
            models.Index(fields=["decided_by"], name="approval_decider"),
        ]

    def __str__(self) -> str:
        return f"approval of {self.operation_id}"


class Requirement(models.Model):
    """One policy that requires approval, and its approvers. Every one must be satisfied."""

    approval = models.ForeignKey(Approval, on_delete=models.CASCADE, related_name="requirements")
    source = models.CharField(max_length=300)
    """Whose policy it is, in words."""
    reasons = MessagesField()
    """Pairs of a rule and its message."""
    owners = models.BooleanField(default=False)
    """The policy names no groups, so the owners of the account decide."""
    groups = models.ManyToManyField(Group, blank=True)

    def __str__(self) -> str:
        return f"{self.source} asks"

    @property
    def group_names(self) -> str:
        """Return the names of the groups whose members decide."""
        return ", ".join(sorted(group.name for group in self.groups.all()))
