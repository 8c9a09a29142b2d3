"""Run Django's makemessages over templates whose tags span lines (for bin/translations)."""

from django.core.management import execute_from_command_line
from django.core.management.commands import makemessages
from django.utils.translation.template import templatize

from consoleapp.web.template_loader import plain_tags


def _templatize(source: str, **options: str) -> str:
    return templatize(plain_tags(source), **options)


if __name__ == "__main__":
    makemessages.templatize = _templatize
    execute_from_command_line()
