"""Changes to launch templates, with their audit events."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Max

from consoleapp.accounts.models import User
from consoleapp.audit.record import record
from consoleapp.catalog.definition import Contents, as_json
from consoleapp.catalog.models import LaunchTemplate, TemplateVersion
from consoleapp.core.actor import Actor


@transaction.atomic
def create(
    name: str, contents: Contents, *, actor: Actor, note: str = "", public: bool = True
) -> LaunchTemplate:
    """Create a template with its first version. Its creator owns it."""
    template = LaunchTemplate.objects.create(name=name, public=public)
    if actor.user:
        template.owners.add(actor.user)
    save_version(template, contents, actor=actor, note=note)
    return template


@transaction.atomic
def save_version(
    template: LaunchTemplate, contents: Contents, *, actor: Actor, note: str = ""
) -> TemplateVersion | None:
    """Save the template's next version. Return None if nothing differs from the newest one."""
    # Locks the row if the database can, so that two simultaneous versions get different numbers.
    locked = LaunchTemplate.objects.select_for_update().select_related(None).get(pk=template.pk)
    data = as_json(contents)
    if locked.head and locked.head.contents == data:
        return None
    last = template.versions.aggregate(last=Max("number"))["last"] or 0
    version = TemplateVersion.objects.create(
        template=template,
        number=last + 1,
        contents=data,
        note=note[:300],
        made_by=actor.name or "system",
    )
    template.head = version
    template.save(update_fields=["head"])
    record(
        "template.changed" if last else "template.created",
        actor=actor,
        target=template.name,
        parameters={"template": template.pk, "version": version.number, **data},
    )
    return version


@transaction.atomic
def share(
    template: LaunchTemplate,
    *,
    actor: Actor,
    name: str,
    public: bool,
    groups: Iterable[Group],
    owners: Iterable[User],
) -> None:
    """Set its name, visibility, and owners. Audited if anything changes."""
    groups, owners = list(groups), list(owners)
    before = _shared(template)
    template.name, template.public = name, public
    template.save(update_fields=["name", "public"])
    template.groups.set(groups)
    template.owners.set(owners)
    after = _shared(template)
    if before != after:
        record("template.shared", actor=actor, target=name, parameters=after)


@transaction.atomic
def remove(template: LaunchTemplate, *, actor: Actor) -> None:
    """Delete `template` and its versions. Containers created from it continue."""
    record("template.removed", actor=actor, target=template.name, parameters={"id": template.pk})
    template.delete()


def _shared(template: LaunchTemplate) -> dict[str, object]:
    return {
        "name": template.name,
        "public": template.public,
        "groups": sorted(template.groups.values_list("name", flat=True)),
        "owners": sorted(template.owners.values_list("username", flat=True)),
    }
