"""Launch templates, their versions, and the host ports allotted to launches."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F, Q, QuerySet

from consoleapp.accounts.models import User
from consoleapp.catalog.build_recipe import BuildRecipe as BuildRecipe
from consoleapp.catalog.definition import Contents, parse, summary_of


class LaunchTemplate(models.Model):
    """A template that users launch by filling in its parameters. It contains no secrets."""

    name = models.CharField(max_length=100, unique=True)
    head = models.ForeignKey(
        "catalog.TemplateVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    """The newest version; null only while the first one is being written."""
    owners = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    groups = models.ManyToManyField(Group, blank=True, related_name="+")
    public = models.BooleanField(default=True)
    """Visible to every user. Otherwise, only its groups and owners see it."""

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def summary(self) -> str:
        """Return the description's first line as plain text, for cards. Parses no Markdown."""
        return summary_of(self.head.contents.get("description", "")) if self.head else ""

    @property
    def contents(self) -> Contents:
        """Return the newest version's contents. Raises Wrong if this Berth cannot read them."""
        if self.head is None:
            raise LookupError(f"{self.name} has no version")
        return self.head.parsed


class TemplateVersion(models.Model):
    """One saved state of a template. The database prevents changes to the row."""

    template = models.ForeignKey(LaunchTemplate, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    contents = models.JSONField()
    note = models.CharField(max_length=300, blank=True)
    """What is new in it, in one sentence."""
    made_by = models.CharField(max_length=150)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="one_version_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.number}"

    @property
    def parsed(self) -> Contents:
        """Return the contents. Raises Wrong if another Berth wrote what this one cannot read."""
        return parse(self.contents, kept=True)


class PortRange(models.Model):
    """The range of an account's allotted host ports. Other accounts use settings.BERTH_PORTS."""

    account = models.OneToOneField("accounts.LinuxAccount", on_delete=models.CASCADE)
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first__gte=1024, last__lte=65535, first__lte=F("last")),
                name="port_range_from_first_to_last",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


class PortAllotment(models.Model):
    """A host port allotted to a launch. The constraint keeps two launches from getting the same."""

    host = models.ForeignKey("accounts.Host", on_delete=models.CASCADE)
    account = models.ForeignKey("accounts.LinuxAccount", on_delete=models.CASCADE)
    port = models.PositiveIntegerField()
    protocol = models.CharField(max_length=4)
    operation = models.ForeignKey("operations.Operation", on_delete=models.CASCADE)
    """The launch whose container uses it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["host", "protocol", "port"], name="one_launch_a_host_port"
            )
        ]

    def __str__(self) -> str:
        return f"{self.port}/{self.protocol} of {self.account}"


def visible_templates(user: User) -> QuerySet[LaunchTemplate]:
    """Return the templates that `user` may see and launch: public, their groups', or their own."""
    templates = LaunchTemplate.objects.filter(head__isnull=False).select_related("head")
    if user.is_superuser:
        return templates
    groups = Group.objects.filter(user=user).values("pk")
    mine = LaunchTemplate.objects.filter(Q(groups__in=groups) | Q(owners=user)).values("pk")
    return templates.filter(Q(public=True) | Q(pk__in=mine))


def may_change(user: User, template: LaunchTemplate) -> bool:
    """Return whether `user` may change it: administrators change all, owners their own."""
    return user.is_superuser or template.owners.filter(pk=user.pk).exists()
