"""Audit events: who did what, from where, when, as which Linux account, with which outcome.

The chain around them proves that nothing was changed since (see `chain.py`).
"""

from django.conf import settings
from django.db import models

from consoleapp.core.messages import MessagesField


class Event(models.Model):
    """A row that is only ever added: triggers in the database refuse UPDATE and DELETE.

    `actor` and `account` have no constraint in the database, since removing a user must not change
    the events; the names beside them stay. Searches use `Word`, not these columns.

    A migration that alters this table on SQLite would recreate it without its triggers: it must
    drop them before and create them afterwards.
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
    message = MessagesField(null=True)
    """What `detail` is the English text of, if it has parameters. It is not part of the chain."""

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.target}".rstrip()

    @property
    def explanation(self) -> str:
        """Return `detail` as a message, if `message` says nothing else than the chained text."""
        return self.message if self.message == self.detail else self.detail


class Pending(models.Model):
    """An event that is not chained yet. A trigger adds it in the event's transaction."""

    event = models.OneToOneField(
        Event, primary_key=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="+"
    )

    def __str__(self) -> str:
        return f"event {self.event_id} waits"


class Word(models.Model):
    """The events of one span of ids that contain a word: see `search_index.py`."""

    pk = models.CompositePrimaryKey("word", "span")
    word = models.CharField(max_length=100)
    span = models.BigIntegerField(db_index=True)
    events = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.word} in span {self.span}"


class Link(models.Model):
    """An event's place in the chain. `seq` counts 1, 2, 3, … without gaps."""

    seq = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(
        Event, db_constraint=False, on_delete=models.DO_NOTHING, related_name="link"
    )
    at = models.DateTimeField()
    """When it was chained."""
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.seq} {self.hex}"

    @property
    def hex(self) -> str:
        """Return the hash as exports write it."""
        return bytes(self.hash).hex()


class Checkpoint(models.Model):
    """A signed statement of the chain's length and hash at that time."""

    number = models.BigIntegerField(primary_key=True)
    """1, 2, 3, …: a removed checkpoint leaves a gap."""
    seq = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    key = models.CharField(max_length=16)
    signature = models.CharField(max_length=88)

    def __str__(self) -> str:
        return f"checkpoint {self.number} of link {self.seq}"


class Pruning(models.Model):
    """The signed summary of what retention removed: links up to `seq`, whose hash was `hash`."""

    seq = models.BigIntegerField(primary_key=True)
    first_seq = models.BigIntegerField()
    first_event = models.BigIntegerField()
    last_event = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)
    before = models.DateTimeField()
    at = models.DateTimeField()
    key = models.CharField(max_length=16)
    signature = models.CharField(max_length=88)

    def __str__(self) -> str:
        return f"links {self.first_seq} to {self.seq} dropped"


class Cursor(models.Model):
    """How far the events were shipped to one destination."""

    name = models.CharField(primary_key=True, max_length=100)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} has {self.seq}"
