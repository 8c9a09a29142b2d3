"""Import a template's file."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consoleapp.catalog import changes, files
from consoleapp.catalog.models import LaunchTemplate, TemplateVersion, may_change
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused


class NotYours(Refused):
    """Raised if the file names a template that the user may not change."""


@transaction.atomic
def take(text: str, *, actor: Actor) -> tuple[LaunchTemplate, TemplateVersion | None]:
    """Create a template, or the next version of the one with the file's name (None: unchanged).

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
