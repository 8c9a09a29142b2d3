"""An account's builds, kept to be done again."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from engine.schema.builds import ImageBuild
from engine.schema.parameters import REDACTED


class BuildRecipe(models.Model):
    """A build of one account under a name: its public parameters, so neither secrets nor files.

    Uploaded contexts are not kept: they are large, and older than what they came from. A recipe
    that had one opens the form, filled in, with the upload to be made anew.
    """

    account = models.ForeignKey("accounts.LinuxAccount", on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    parameters = models.JSONField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], name="one_recipe_of_a_name_an_account"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def lacks(self) -> str:
        """What must be given again before it can be built, "" for nothing."""
        files = bool(self.parameters.get("context") or self.parameters.get("files"))
        secret_arguments = REDACTED in self.parameters.get("build_args", {}).values()
        secrets = bool(self.parameters.get("secrets") or secret_arguments)
        if files and secrets:
            return _("its files and its secrets")
        if secrets:
            return _("its secrets")
        return _("its files") if files else ""

    def build(self) -> ImageBuild:
        """The typed parameters. Raises pydantic.ValidationError if a newer Berth wrote others."""
        return ImageBuild.model_validate(self.parameters)
