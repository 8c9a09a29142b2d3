"""Saved builds of an account."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from engine.schema.builds import ImageBuild
from engine.schema.parameters import REDACTED


class BuildRecipe(models.Model):
    """A named build of one account: its public parameters, without secrets and files.

    Uploaded contexts are not stored: they are large, and older than their source. A recipe that had
    one opens the form, filled in except for the upload.
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
        """Return what must be entered again before it can be built, "" for nothing."""
        files = bool(self.parameters.get("context") or self.parameters.get("files"))
        secret_arguments = REDACTED in self.parameters.get("build_args", {}).values()
        secrets = bool(self.parameters.get("secrets") or secret_arguments)
        if files and secrets:
            return _("its files and its secrets")
        if secrets:
            return _("its secrets")
        return _("its files") if files else ""

    def build(self) -> ImageBuild:
        """Return the typed parameters. Raises ValidationError for those of a newer Berth."""
        return ImageBuild.model_validate(self.parameters)
