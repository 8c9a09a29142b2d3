"""Console users, hosts, the Linux accounts on them, and who may use which."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, Group, UserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from consoleapp.accounts import names
from engine.schema.parameters import Role

ROLES = [(role.value, role.value) for role in Role]


class Users(UserManager["User"]):
    """Creates users with valid names. createsuperuser uses this, too."""

    use_in_migrations = False

    def _create_user_object(
        self, username: str, email: str | None, password: str | None, **more: Any
    ) -> "User":
        names.check(names.normalize(username or ""))
        user: User = super()._create_user_object(  # type: ignore[misc]  # private to Django
            names.normalize(username), email, password, **more
        )
        return user


class NameKey(models.CharField):  # type: ignore[type-arg]  # no generics at run time
    """The result of `names.key` for the user name, updated whenever the row is written."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Return the key of the current name."""
        made = names.key(str(model_instance.username))  # type: ignore[attr-defined]  # only on User
        setattr(model_instance, self.attname, made)
        return made


class User(AbstractUser):
    """A user who signs in. `is_superuser` marks administrators, who own every account.

    `name_key` prevents two users whose names differ only in capitals or compatible characters.
    `language` is a code of settings.LANGUAGES, or empty for the browser's preference.
    """

    username = models.CharField(
        gettext_lazy("username"),
        max_length=names.LONGEST,
        unique=True,
        validators=[names.allowed_characters],
        error_messages={"unique": gettext_lazy("That name is taken.")},
    )
    name_key = NameKey(max_length=names.LONGEST_KEY, unique=True, editable=False)
    language = models.CharField(max_length=10, blank=True, default="")
    one_time_password = models.BooleanField(default=False)
    """Somebody else knows the password; see passwords.py."""

    objects: ClassVar[Users] = Users()

    def set_password(self, raw_password: str | None) -> None:
        """A password that is set here (by a form or a command) is the user's own."""
        super().set_password(raw_password)
        self.one_time_password = False

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row, with the name and its key together."""
        written = kwargs.get("update_fields")
        if written is not None and "username" in written:
            kwargs["update_fields"] = {*written, "name_key"}
        super().save(*args, **kwargs)


class Host(models.Model):
    """A machine whose Linux accounts take part."""

    name = models.CharField(max_length=100, unique=True)
    label = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return self.label or self.name


class LinuxAccount(models.Model):
    """A Linux account with an engine. `key` is what URLs and the API call it."""

    host = models.ForeignKey(Host, on_delete=models.PROTECT)
    name = models.CharField(max_length=100)
    uid = models.BigIntegerField()
    key = models.CharField(max_length=220, unique=True)
    socket = models.CharField(max_length=400)
    active = models.BooleanField(default=True)
    enrolled_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "name"], name="one_account_of_a_name_a_host")
        ]

    def __str__(self) -> str:
        return self.key


class GroupRule(models.Model):
    """The requirements of a group for its members. A group without a row has none."""

    group = models.OneToOneField(Group, primary_key=True, on_delete=models.CASCADE)
    second_factor = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.group}: {'a second factor' if self.second_factor else 'nothing'}"


class Grant(models.Model):
    """The role of one user, or of everybody in one group, on an account."""

    account = models.ForeignKey(LinuxAccount, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE)
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE)
    role = models.CharField(max_length=20, choices=ROLES)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=True, group__isnull=False)
                | Q(user__isnull=False, group__isnull=True),
                name="grant_to_a_user_or_a_group",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="grant_of_a_known_role"
            ),
            models.UniqueConstraint(
                fields=["account", "user"],
                condition=Q(user__isnull=False),
                name="one_grant_a_user_and_account",
            ),
            models.UniqueConstraint(
                fields=["account", "group"],
                condition=Q(group__isnull=False),
                name="one_grant_a_group_and_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group} is {self.role} of {self.account}"


class Invitation(models.Model):
    """A link that creates one console user. Only the secret's digest is stored."""

    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True, default="")
    groups = models.ManyToManyField(Group, blank=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.email or f"invitation {self.pk}"

    @property
    def state(self) -> str:
        """Return open, accepted, cancelled, or expired."""
        if self.accepted_at:
            return "accepted"
        if self.cancelled_at:
            return "cancelled"
        return "open" if self.expires_at > timezone.now() else "expired"


class ServiceAccount(models.Model):
    """A user that is a program: it has tokens and grants, and never signs in.

    `owner` is the group whose members may create and revoke its tokens, besides administrators.
    """

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE)
    purpose = models.CharField(max_length=200, blank=True, default="")
    owner = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.user.get_username()


class ApiToken(models.Model):
    """A personal token for programs. Only the digest of its secret is stored."""

    SCOPES = [("read", "read"), ("operate", "operate")]

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=10, choices=SCOPES)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope__in=["read", "operate"]), name="token_of_a_known_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
