"""Taking a template's file in."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consoleapp.catalog import changes, files
from consoleapp.catalog.models import LaunchTemplate, TemplateVersion, may_change
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused


class NotYours(Refused):
    """Raised when the file's name is that of a template that the person may not change."""


@transaction.atomic
def take(text: str, *, actor: Actor) -> tuple[LaunchTemplate, TemplateVersion | None]:
    """A new template, or the next version of the one with the file's name (None: the same).

    Raises files.Unreadable, NotYours.
    """
    name, contents = files.read(text)
    found = LaunchTemplate.objects.filter(name=name).first()
    if found is None:
        template = changes.create(name, contents, actor=actor, note=gettext_noop("Imported."))
        return template, template.head
    if actor.user is None or not may_change(actor.user, found):
        raise NotYours(
            _("Another template is called %(name)s; give the file's one another name.")
            % {"name": name}
        )
    return found, changes.save_version(found, contents, actor=actor, note=gettext_noop("Imported."))
