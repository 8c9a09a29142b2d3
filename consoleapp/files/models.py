"""The rows of uploads and downloads. The files are in the data directory, named by the row's id."""

import uuid

from django.conf import settings
from django.db import models


class Upload(models.Model):
    """A file that a user sent for an operation on one account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        "accounts.LinuxAccount", on_delete=models.CASCADE, related_name="uploads"
    )
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads"
    )
    name = models.CharField(max_length=255)
    """The sender's name for it. Never a path."""
    size = models.BigIntegerField()
    """Bytes; while it arrives, those that are reserved for it."""
    sha256 = models.CharField(max_length=64, blank=True, default="")
    begun_at = models.DateTimeField(auto_now_add=True)
    complete_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    """When the file was removed. The row of a used one stays as a record."""
    operation = models.ForeignKey(
        "operations.Operation", null=True, on_delete=models.SET_NULL, related_name="uploads"
    )
    """The operation that last used it."""

    class Meta:
        indexes = [
            models.Index(
                fields=["account"],
                name="upload_present",
                condition=models.Q(removed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_text(self) -> str:
        """Return its description for the audit log."""
        return f"{self.name} ({self.size} bytes, sha256:{self.sha256})"


class Download(models.Model):
    """A file that an operation produced for its requester."""

    operation = models.OneToOneField(
        "operations.Operation", primary_key=True, on_delete=models.CASCADE, related_name="download"
    )
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
