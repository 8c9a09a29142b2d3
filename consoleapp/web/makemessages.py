"""Run Django's makemessages for bin/translations, with what Berth marks in its own ways.

Tags of templates may span lines, and engine and worker write their sentences as `msg("…")`.
"""

from django.core.management import execute_from_command_line
from django.core.management.commands import makemessages
from django.utils.translation.template import templatize

from consoleapp.web.template_loader import plain_tags


def _templatize(source: str, **options: str) -> str:
    return templatize(plain_tags(source), **options)


if __name__ == "__main__":
    vars(makemessages)["templatize"] = _templatize
    makemessages.Command.xgettext_options = [
        *makemessages.Command.xgettext_options,
        "--keyword=msg",
    ]
    execute_from_command_line()
