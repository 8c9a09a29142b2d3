"""The rows of recordings. The files are in the data directory, named by the row's key."""

import re
import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from consoleapp.core.messages import MessagesField


class How(models.TextChoices):
    """The state of a session, or how it ended."""

    GOING_ON = "going-on", gettext_lazy("going on")
    ENDED = "ended", gettext_lazy("the command ended")
    LEFT = "left", gettext_lazy("closed by the person")
    FAILED = "failed", gettext_lazy("the engine ended it")
    STOPPED = "stopped", gettext_lazy("stopped, as it could not be recorded on")
    BROKEN_OFF = "broken-off", gettext_lazy("broken off: Berth or its Redis was stopped")


class Recording(models.Model):
    """One recorded session. Its digest is also in the audit log, which nobody can change."""

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    """The session's id, which the audit events of the terminal also contain."""
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
    """As requested: pages use the id."""
    container_name = models.CharField(max_length=255, blank=True, default="")
    command = models.TextField(blank=True, default="")
    """The command line; "" for the container's shell."""
    user = models.CharField(max_length=200, blank=True, default="")
    """The user in the container."""
    asked_by = models.TextField()
    """Whose policies required it."""
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    how = models.CharField(max_length=10, choices=How.choices, default=How.GOING_ON)
    detail = MessagesField(blank=True, default=str)
    exit_code = models.IntegerField(null=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")
    """The digest of the file; "" while the session is open."""

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
        """Return its name if known, otherwise its id."""
        return self.container_name or self.container[:12]

    @property
    def seconds(self) -> float | None:
        """Return its duration; None while it is open."""
        return (self.ended_at - self.begun_at).total_seconds() if self.ended_at else None

    @property
    def file_name(self) -> str:
        """Return the name of a download, with characters that every system accepts."""
        plain = re.sub(r"[^A-Za-z0-9._-]", "", self.shown_container).strip(".")
        return f"{self.begun_at:%Y%m%d-%H%M%S}-{plain or 'terminal'}.cast"
