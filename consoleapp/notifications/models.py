"""Subscriptions, occurrences, and deliveries."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from consoleapp.core.messages import MessagesField
from consoleapp.notifications.event_types import ABOUT, EventType

EVENT_TYPES = [(each.value, about.label) for each, about in ABOUT.items()]


class Webhook(models.Model):
    """A user's webhook. `encrypted_secret`: its secret, encrypted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    url = models.CharField("Address", max_length=1000)
    encrypted_secret = models.TextField()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Rule(models.Model):
    """One subscription of one user: to these event types, on these accounts, in these ways."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    event_types = models.JSONField()
    observed = models.BooleanField(default=False)
    """Whether one of them is only detected while the account is followed."""
    all_accounts = models.BooleanField(default=True)
    accounts = models.ManyToManyField("accounts.LinuxAccount", blank=True)
    in_page = models.BooleanField(default=True)
    email = models.BooleanField(default=False)
    webhooks = models.ManyToManyField(Webhook, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return ", ".join(self.event_types)


class Occurrence(models.Model):
    """Something that happened to an account, once, however often it was detected.

    Detecting it again yields the same `key`. A lasting state (a full disk) has `ended_at` when it
    is over. Only then may its key recur.
    """

    account = models.ForeignKey("accounts.LinuxAccount", on_delete=models.CASCADE)
    event_type = models.CharField(max_length=40, choices=EVENT_TYPES)
    key = models.CharField(max_length=200)
    object = models.CharField(max_length=200, blank=True, default="")
    """The object concerned: a container's id, an operation's target. Grouping counts by it."""
    name = models.CharField(max_length=300, blank=True, default="")
    detail = MessagesField(blank=True, default=str)
    operation = models.UUIDField(null=True)
    at = models.DateTimeField()
    last_at = models.DateTimeField()
    """When the last occurrence grouped in it happened."""
    more = models.PositiveIntegerField(default=0)
    """How many more were grouped in it instead of being notified separately."""
    grouping = models.BooleanField(default=False)
    """It is the last notification about this object within the hour."""
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "event_type", "key"],
                condition=Q(ended_at__isnull=True),
                name="one_occurrence_a_key",
            )
        ]
        indexes = [
            models.Index(fields=["account", "event_type", "object", "-at"], name="occurrence_of"),
            models.Index(fields=["last_at"], name="occurrence_last_at"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.name}".strip()

    @property
    def icon(self) -> str:
        """Return the icon of its event type."""
        return ABOUT[EventType(self.event_type)].icon


class Notice(models.Model):
    """One occurrence in one user's list."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "occurrence"], name="one_notice_a_person_and_occurrence"
            )
        ]
        indexes = [
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.occurrence} for {self.user}"


class DeliveryState(models.TextChoices):
    """The state of a delivery."""

    WAITING = "waiting"  # to be sent at `due_at`, for the first time or again
    DELIVERED = "delivered"
    FAILED = "failed"  # given up
    WITHDRAWN = "withdrawn"  # the user may no longer see the account


class Delivery(models.Model):
    """The delivery of an occurrence (None: a test) to a user's webhook (None: e-mail)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    occurrence = models.ForeignKey(Occurrence, null=True, on_delete=models.CASCADE)
    webhook = models.ForeignKey(Webhook, null=True, on_delete=models.CASCADE)
    state = models.CharField(
        max_length=12, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    error = MessagesField(blank=True, default=str)
    """Why the last attempt failed."""
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "occurrence", "webhook"],
                condition=Q(occurrence__isnull=False, webhook__isnull=False),
                name="one_delivery_a_webhook",
            ),
            models.UniqueConstraint(
                fields=["user", "occurrence"],
                condition=Q(occurrence__isnull=False, webhook__isnull=True),
                name="one_delivery_by_email",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="delivery_due", condition=Q(ended_at__isnull=True)
            ),
            models.Index(fields=["user", "-created_at"], name="delivery_of_user"),
            models.Index(fields=["webhook", "-created_at"], name="delivery_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"{self.occurrence or 'a test'} to {self.webhook or self.user}"


class Listened(models.Model):
    """Until when an account's events were received. Later exits must be looked for."""

    account = models.OneToOneField(
        "accounts.LinuxAccount", primary_key=True, on_delete=models.CASCADE
    )
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account} until {self.until:%Y-%m-%d %H:%M:%S}"
