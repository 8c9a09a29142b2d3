"""The rows of recordings; the bytes are in the data directory, named by the row's key."""

import re
import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy


class How(models.TextChoices):
    """How a session stands, or how it ended."""

    GOING_ON = "going-on", gettext_lazy("going on")
    ENDED = "ended", gettext_lazy("the command ended")
    LEFT = "left", gettext_lazy("closed by the person")
    FAILED = "failed", gettext_lazy("the engine ended it")
    STOPPED = "stopped", gettext_lazy("stopped, as it could not be recorded on")
    BROKEN_OFF = "broken-off", gettext_lazy("broken off: Berth or its Redis was stopped")


class Recording(models.Model):
    """One recorded session. Its digest is also in the audit log, which nobody can change."""

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    """The session's id, which is also in the audit events of the terminal."""
    account = models.ForeignKey(
        "accounts.LinuxAccount", null=True, on_delete=models.SET_NULL, related_name="recordings"
    )
    account_name = models.CharField(max_length=220)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="recordings"
    )
    person_name = models.CharField(max_length=150)
    ip = models.CharField(max_length=45, blank=True, default="")
    container = models.CharField(max_length=255)
    """As it was asked for: the pages say the id."""
    container_name = models.CharField(max_length=255, blank=True, default="")
    command = models.TextField(blank=True, default="")
    """The command line; "" for the container's shell."""
    user = models.CharField(max_length=200, blank=True, default="")
    """In the container."""
    asked_by = models.TextField()
    """Whose policies asked for it."""
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=10, choices=How.choices, default=How.GOING_ON)
    detail = models.TextField(blank=True, default="")
    exit_code = models.IntegerField(null=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    """Of the file; "" while the session goes on."""

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="recordings_of_account"),
            models.Index(fields=["person", "-id"], name="recordings_of_person"),
            models.Index(
                fields=["account"], name="recordings_going_on", condition=models.Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} in {self.shown_container} of {self.account_name}"

    @property
    def shown_container(self) -> str:
        """Its name where it was known, else its id."""
        return self.container_name or self.container[:12]

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it goes on."""
        return (self.ended_at - self.begun_at).total_seconds() if self.ended_at else None

    @property
    def file_name(self) -> str:
        """What a download is called: letters that every system takes."""
        plain = re.sub(r"[^A-Za-z0-9._-]", "", self.shown_container).strip(".")
        return f"{self.begun_at:%Y%m%d-%H%M%S}-{plain or 'terminal'}.cast"
