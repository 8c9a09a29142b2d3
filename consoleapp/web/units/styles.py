"""The three styles that keep a container running, explained where the user chooses."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from engine.schema.unit_queries import StylePreview, UnitPreview

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Style:
    """One style: its name, its effect, and its drawbacks."""

    name: str
    label: "StrOrPromise"
    text: "StrOrPromise"
    flaw: "StrOrPromise" = ""


STYLES = (
    Style(
        "quadlet",
        "Quadlet",
        gettext_lazy(
            "A short file that describes the container. Podman generates the service from it at "
            "each daemon-reload. The container is recreated at each start and removed when it "
            "stops, so the file describes it completely. Requires Podman 4.4."
        ),
    ),
    Style(
        "generate-new",
        gettext_lazy("Generated, --new"),
        gettext_lazy(
            "A service file that contains the whole podman run command. The container is "
            "recreated at each start, as with a Quadlet, but the file is long and you must keep "
            "it up to date yourself."
        ),
    ),
    Style(
        "generate-classic",
        gettext_lazy("Generated, classic"),
        gettext_lazy(
            "A service file that starts and stops this one container by its name. Data that the "
            "container has written stays between starts."
        ),
        gettext_lazy(
            "After a reboot, the old container is only started again, never replaced. Its disk "
            "space is not reclaimed, and a newer image or other options require a new container "
            "and a new file."
        ),
    ),
)
BY_NAME = {style.name: style for style in STYLES}


@dataclass(frozen=True)
class Offer:
    """One style, with what it would write for this container."""

    style: Style
    preview: StylePreview
    chosen: bool
    present: bool = False


def offers(preview: UnitPreview, present: str = "") -> list[Offer]:
    """Return the styles in order. The default is selected, or the first other than the current."""
    known = [each for each in preview.styles if each.style in BY_NAME]
    possible = [each for each in known if each.available and each.style != present]
    first = next((each for each in possible if each.default), possible[0] if possible else None)
    return [
        Offer(BY_NAME[each.style], each, each is first, each.style == present) for each in known
    ]
