"""manage.py demo_template IMAGE: a first template, so that a newcomer has something to launch."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consoleapp.catalog.models import LaunchTemplate
from engine.schema.containers import ContainerRun, Port

NAME = "Hello web"


class Command(BaseCommand):
    """Makes or refreshes the template; running it again changes nothing else."""

    help = "Puts the template “Hello web” into the catalogue: a web page served by busybox."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("image", help="an image with busybox's httpd and a page in /www")

    def handle(self, *, image: str, **_: Any) -> None:
        # No host port: Podman takes a free one, so a second launch does not collide.
        parameters = ContainerRun(
            image=image,
            command_line=["httpd", "-f", "-p", "8080", "-h", "/www"],
            ports=[Port(container_port=8080)],
        )
        LaunchTemplate.objects.update_or_create(
            name=NAME,
            defaults={
                "description": "A small web server with one page, to see that everything works.",
                "icon": "world",
                "parameters": parameters.public(),
            },
        )
        self.stdout.write(f"The catalogue has “{NAME}”, from {image}.")
