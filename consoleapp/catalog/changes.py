"""Changes to launch templates, each one written to the audit log with it."""

from django.db import transaction

from consoleapp.accounts.access import Actor
from consoleapp.accounts.models import User
from consoleapp.audit.record import record
from consoleapp.catalog.models import LaunchTemplate


def may_change(user: User, template: LaunchTemplate) -> bool:
    """Administrators change all, others what they made themselves."""
    return user.is_superuser or template.made_by_id == user.pk


@transaction.atomic
def save(template: LaunchTemplate, *, actor: Actor) -> None:
    """Keep a new or changed `template`."""
    action = "template.changed" if template.pk else "template.created"
    if not template.pk:
        template.made_by = actor.user
    template.save()
    record(action, actor=actor, target=template.name, parameters=template.parameters)


@transaction.atomic
def remove(template: LaunchTemplate, *, actor: Actor) -> None:
    """Delete `template`; containers made from it go on."""
    record("template.removed", actor=actor, target=template.name)
    template.delete()
