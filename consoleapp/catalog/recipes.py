"""Changes to build recipes, with their audit events."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from consoleapp.accounts.models import LinuxAccount
from consoleapp.audit.record import record
from consoleapp.catalog.models import BuildRecipe
from consoleapp.core.actor import Actor


@transaction.atomic
def keep(
    account: LinuxAccount, name: str, parameters: Mapping[str, Any], *, actor: Actor
) -> BuildRecipe:
    """Store the public parameters of a build. Replaces a recipe of the same name."""
    recipe, made = BuildRecipe.objects.update_or_create(
        account=account,
        name=name,
        defaults={"parameters": dict(parameters), "made_by": actor.user},
    )
    action = "recipe.created" if made else "recipe.changed"
    record(action, actor=actor, account=account, target=name, parameters=dict(parameters))
    return recipe


@transaction.atomic
def remove(recipe: BuildRecipe, *, actor: Actor) -> None:
    """Delete it."""
    record("recipe.removed", actor=actor, account=recipe.account, target=recipe.name)
    recipe.delete()
