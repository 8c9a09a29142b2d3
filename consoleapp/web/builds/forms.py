"""The form for building an image. The engine's own model validates it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consoleapp.web.model_form import Location, ModelForm
from consoleapp.web.text_areas import as_typed
from engine.schema.builds import ImageBuild

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SOURCES: "list[tuple[str, StrOrPromise]]" = [
    ("paste", gettext_lazy("Paste")),
    ("files", gettext_lazy("Files")),
    ("context", gettext_lazy("Archive")),
    ("git", "Git"),
]
_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
_QUOTES = '"""'
_PAIRS = ("build_args", "secrets", "labels")
_PLACES: dict[Location, str] = {
    ("git", "url"): "git_url",
    ("git", "ref"): "git_ref",
    ("git",): "git_folder",
    ("files",): "files",
    ("context",): "context",
}


def _line(label: "StrOrPromise", placeholder: "StrOrPromise" = "", **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={**_MONO, "placeholder": placeholder})
    return forms.CharField(label=label, required=False, max_length=1100, widget=widget, **more)


def _pairs(label: "StrOrPromise", placeholder: str, help_text: "StrOrPromise") -> forms.CharField:
    widget = forms.Textarea(attrs={**_MONO, "rows": 3, "placeholder": placeholder})
    return forms.CharField(
        label=label, required=False, strip=False, widget=widget, help_text=help_text
    )


class BuildForm(ModelForm):
    """A build."""

    model = ImageBuild
    words = {"uuid_parsing": gettext_lazy("Upload a file.")}

    tags = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=4000,
        widget=forms.TextInput(attrs={**_MONO, "placeholder": "localhost/team/app:1"}),
        help_text=gettext_lazy("Separate several names with spaces."),
    )
    source = forms.ChoiceField(choices=SOURCES, initial="paste", required=False)
    containerfile = forms.CharField(
        label="Containerfile",
        required=False,
        strip=False,
        max_length=262_144,
        widget=forms.Textarea(
            attrs={
                **_MONO,
                "class": "editor-text",
                "rows": 14,
                "wrap": "off",
                "placeholder": "FROM registry.example/base:1\nRUN …",
            }
        ),
    )
    containerfile_path = _line(
        gettext_lazy("Path of the Containerfile"),
        gettext_lazy("Containerfile, then Dockerfile"),
        help_text=gettext_lazy("In the context. Text entered above takes precedence."),
    )
    context = forms.CharField(required=False, widget=forms.HiddenInput)
    git_url = _line(gettext_lazy("Repository"), "https://git.example/team/app.git")
    git_ref = _line(gettext_lazy("Branch, tag or commit"), gettext_lazy("the default branch"))
    git_folder = _line(
        gettext_lazy("Folder in the repository"), gettext_lazy("the whole repository")
    )
    stage = _line(
        gettext_lazy("Stage"), gettext_lazy("the last one"), help_text="<code>--target</code>"
    )
    build_args = _pairs(
        gettext_lazy("Build arguments"),
        "VERSION=1.2",
        gettext_lazy(
            "One per line. Enclose a value of several lines in three double quotes. Arguments "
            "remain visible in the image's history."
        ),
    )
    secrets = _pairs(
        gettext_lazy("Secrets"),
        "token=…",
        gettext_lazy(
            "One per line, for <code>RUN --mount=type=secret,id=token</code>. Available in "
            "/run/secrets/ during that step, but not in layers or logs, and never stored. "
            "Enclose a value of several lines, such as a key, in three double quotes."
        ),
    )
    labels = _pairs(
        gettext_lazy("Labels"), "org.example.team=harbour", gettext_lazy("One per line.")
    )
    platform = _line(
        gettext_lazy("Platform"),
        gettext_lazy("this host's"),
        help_text=gettext_lazy("For example linux/arm64."),
    )
    pull = forms.ChoiceField(
        label=gettext_lazy("Base images"),
        required=False,
        choices=[
            ("missing", gettext_lazy("Pull missing images")),
            ("always", gettext_lazy("Always check the registry")),
            ("never", gettext_lazy("Use only local images")),
        ],
    )
    squash = forms.ChoiceField(
        label=gettext_lazy("Layers"),
        required=False,
        choices=[
            ("no", gettext_lazy("One layer per step")),
            ("new", gettext_lazy("Squash new layers")),
            ("all", gettext_lazy("Squash all layers into one")),
        ],
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), required=False, choices=[("oci", "OCI"), ("docker", "Docker")]
    )
    cache = forms.BooleanField(label=gettext_lazy("Use cached steps"), required=False, initial=True)
    push_to = _line(
        gettext_lazy("Push after building"),
        "registry.example/team/app:1",
        help_text=gettext_lazy("Uses the account's sign-ins."),
    )

    @property
    def sources(self) -> "list[tuple[str, StrOrPromise]]":
        """Return the tabs, with git only if the host allows it."""
        return [each for each in SOURCES if each[0] != "git" or settings.BERTH_BUILD_FROM_GIT]

    @property
    def chosen(self) -> str:
        """Return the open tab."""
        chosen = self["source"].value()
        return chosen if chosen in dict(self.sources) else "paste"

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Select the values of the open tab, and split lines into pairs."""
        plain = ("stage", "platform", "cache")
        chosen = ("pull", "squash", "format", "containerfile_path", "push_to")
        values: dict[str, Any] = {name: self._pairs(name) for name in _PAIRS}
        values |= {name: cleaned[name] for name in plain}
        values |= {name: cleaned[name] for name in chosen if cleaned[name]}
        values["tags"] = cleaned["tags"].split()
        values["containerfile"] = as_typed(cleaned["containerfile"])
        match self.chosen:
            case "paste":
                values.pop("containerfile_path", None)
            case "context":
                values["context"] = cleaned["context"]
            case "files":
                data = cast(QueryDict, self.data)  # a request's
                ids, paths = data.getlist("files"), data.getlist("file_paths")
                values["files"] = [
                    {"upload": each, "path": path} for each, path in zip(ids, paths, strict=False)
                ]
            case "git":
                values["git"] = {
                    "url": cleaned["git_url"],
                    "ref": cleaned["git_ref"],
                    "folder": cleaned["git_folder"],
                }
        if values["containerfile"].strip():
            values.pop("containerfile_path", None)
        return values

    def _pairs(self, name: str) -> dict[str, str]:
        found: dict[str, str] = {}
        lines = iter(as_typed(self.cleaned_data.get(name) or "").split("\n"))
        for line in lines:
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            key, equals, value = line.partition("=")
            if not equals:
                self.add_error(name, _("One NAME=value per line."))
                return {}
            if value.startswith(_QUOTES):
                value = value.removeprefix(_QUOTES)
                while not value.endswith(_QUOTES):
                    following = next(lines, None)
                    if following is None:
                        self.add_error(name, _("A value that starts with three quotes has no end."))
                        return {}
                    value = f"{value}\n{following}"
                value = value.removesuffix(_QUOTES)
            found[key.strip()] = value
        return found

    def place(self, location: Location) -> str | None:
        """Return the field of the open tab that `location` comes from."""
        for length in (2, 1):
            if place := _PLACES.get(location[:length]):
                return place if place in self.fields else None
        return super().place(location)


def _pair(name: str, value: str) -> str:
    quotes = _QUOTES if "\n" in value or value.startswith(_QUOTES) else ""
    return f"{name}={quotes}{value}{quotes}"


def initial(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's values for a build's public parameters: all but secrets and uploads."""
    git = parameters.get("git") or {}
    given = {
        name: value
        for name, value in parameters.items()
        if name not in ("git", "context", "files", "secrets")
    }
    given["tags"] = " ".join(parameters.get("tags", []))
    for name in ("build_args", "labels"):
        given[name] = "\n".join(_pair(key, text) for key, text in given.get(name, {}).items())
    given |= {"git_url": git.get("url"), "git_ref": git.get("ref"), "git_folder": git.get("folder")}
    given["source"] = next(
        (name for name in ("git", "context", "files") if parameters.get(name)), "paste"
    )
    given["secrets"] = "\n".join(f"{name}=" for name in parameters.get("secrets", {}))
    return given
