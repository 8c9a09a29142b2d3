"""manage.py demo_template IMAGE: create a first template, for a new user to launch."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consoleapp.catalog import changes
from consoleapp.catalog.definition import parse
from consoleapp.catalog.models import LaunchTemplate
from consoleapp.core.actor import Actor

NAME = "Hello web"


class Command(BaseCommand):
    """Creates or refreshes the template. Running it again changes nothing else."""

    help = "Add the template “Hello web” to the catalog: a web page served by busybox."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("image", help="an image with busybox's httpd and a page in /www")

    def handle(self, *, image: str, **_: Any) -> None:
        # No host port: each launch is allotted a free one, so a second one does not conflict.
        contents = parse(
            {
                "icon": "world",
                "description": "A small web server with one page, to see that everything works.",
                "run": {
                    "image": image,
                    "command_line": ["httpd", "-f", "-p", "8080", "-h", "/www"],
                    "ports": [{"container_port": 8080}],
                },
            }
        )
        found = LaunchTemplate.objects.filter(name=NAME).first()
        if found is None:
            changes.create(NAME, contents, actor=Actor(user=None))
        elif found.head is None or found.head.made_by == "system":  # a user's edits stay
            changes.save_version(found, contents, actor=Actor(user=None))
        self.stdout.write(f"The catalogue has “{NAME}”, from {image}.")
