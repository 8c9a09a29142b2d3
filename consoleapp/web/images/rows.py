"""The rows of the images page: filtered and sorted, and what a prune would remove."""

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy

from consoleapp.accounts.models import LinuxAccount
from consoleapp.snapshots import reader
from engine.schema.snapshot import ContainerRow, ImageRow, UnitRow

SHOW = [
    ("", gettext_lazy("All images")),
    ("tagged", gettext_lazy("Tagged")),
    ("dangling", gettext_lazy("Dangling")),
    ("used", gettext_lazy("Used by containers")),
    ("unused", gettext_lazy("Not used")),
    ("lists", gettext_lazy("Manifest lists")),
]
SORT = [
    ("", gettext_lazy("Newest first")),
    ("name", gettext_lazy("By name")),
    ("size", gettext_lazy("Largest first")),
    ("smallest", gettext_lazy("Smallest first")),
    ("oldest", gettext_lazy("Oldest first")),
    ("used", gettext_lazy("Most used first")),
]


def of_account(account: LinuxAccount) -> list[ImageRow]:
    """Return the images in the account's snapshot; none if there is no snapshot yet."""
    known = reader.load(account)
    return known.snapshot.images if known and known.snapshot else []


class Filter(forms.Form):
    """The toolbar of the list. Invalid values count as missing."""

    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("Search"))
    show = forms.ChoiceField(choices=SHOW, required=False, label=gettext_lazy("Which images"))
    sort = forms.ChoiceField(choices=SORT, required=False, label=gettext_lazy("Order"))

    def chosen(self, name: str) -> str:
        """Return the value of a field, "" if it is missing or invalid."""
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def is_narrowed(self) -> bool:
        """Return whether some images may be hidden."""
        return bool(self.chosen("q") or self.chosen("show"))


def chosen(images: list[ImageRow], choice: Filter) -> list[ImageRow]:
    """Return the images that match the toolbar, in its order."""
    show, wanted = choice.chosen("show"), choice.chosen("q").lower()
    kept = [image for image in images if _shows(image, show) and _mentions(image, wanted)]
    match choice.chosen("sort"):
        case "name":
            # Images without a name come last, newest first as everywhere.
            return sorted(kept, key=lambda image: (not image.tags, title(image), image.id))
        case "size":
            return sorted(kept, key=lambda image: (-image.size, image.id))
        case "smallest":
            return sorted(kept, key=lambda image: (image.size, image.id))
        case "used":
            return sorted(kept, key=lambda image: (-len(image.used_by), title(image), image.id))
        case "oldest":
            return sorted(kept, key=lambda image: (image.created, image.id))
    return sorted(kept, key=lambda image: (_newest(image.created), title(image), image.id))


def title(image: ImageRow) -> str:
    """Return an image's name, or the start of its id."""
    return image.tags[0] if image.tags else image.id[:12]


def users(image: ImageRow, containers: list[ContainerRow]) -> list[ContainerRow]:
    """Return the containers created from the image."""
    names = set(image.used_by)
    return [row for row in containers if row.name in names or row.image_id == image.id]


def units(image: ImageRow, every: list[UnitRow], users: list[ContainerRow]) -> list[UnitRow]:
    """Return the units whose file names the image and that have no container of it now."""
    shown = {row.unit for row in users}
    return [row for row in every if row.unit not in shown and _is_called(image, row.image)]


def _is_called(image: ImageRow, name: str) -> bool:
    """Return whether a written name matches the image. It may lack tag and registry."""
    if not name:
        return False
    if "@" in name:
        repository, _, digest = name.partition("@")
        return digest == image.digest and any(tag.startswith(repository) for tag in image.tags)
    if ":" not in name.rpartition("/")[2]:
        name += ":latest"
    return any(tag == name or tag.endswith(f"/{name}") for tag in image.tags)


def _newest(when: datetime) -> float:
    return -when.timestamp()


def _shows(image: ImageRow, show: str) -> bool:
    match show:
        case "tagged":
            return bool(image.tags)
        case "dangling":
            return image.dangling
        case "used":
            return bool(image.used_by)
        case "unused":
            return not image.used_by
        case "lists":
            return image.manifest_list
    return True


def _mentions(image: ImageRow, wanted: str) -> bool:
    texts = (*image.tags, image.id, image.digest, *image.used_by)
    return not wanted or any(wanted in text.lower() for text in texts)
