"""Launch templates: a container's parameters under a name, for people who just want it to run."""

from django.conf import settings
from django.db import models

from engine.schema.containers import ContainerRun

ICONS = (
    ("world", "Web"),
    ("database", "Database"),
    ("api", "Service"),
    ("robot", "Job"),
    ("chart-line", "Monitoring"),
    ("message", "Messages"),
    ("tool", "Tool"),
    ("box", "Other"),
)


class LaunchTemplate(models.Model):
    """What a launch form starts from. Everybody who may sign in can read it: it holds no secret."""

    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=300, blank=True)
    icon = models.CharField(max_length=20, choices=ICONS, default="box")
    parameters = models.JSONField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def run(self) -> ContainerRun:
        """The typed parameters. Raises pydantic.ValidationError if a newer Berth wrote others."""
        return ContainerRun.model_validate(self.parameters)
