"""Building images: parameters and results."""

import re
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from engine.schema.messages import msg
from engine.schema.parameters import (
    Environment,
    ImageReference,
    Lane,
    Line,
    LongText,
    Model,
    Parameters,
    Result,
    Secret,
)

NAMES = ("Containerfile", "Dockerfile")
"""File names that Podman looks for in a context, in this order."""


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or not parts.name:
        raise ValueError(msg("must be a path inside of the context, without `..`"))
    return str(parts)


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(msg("must be the https:// address of a git repository"))
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            msg("must not hold a user name or a password: they would be kept and shown")
        )
    return url


RelativePath = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_inside),
]
SecretId = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", max_length=100)
]
Stage = Annotated[
    str, StringConstraints(pattern=r"^([a-zA-Z0-9][a-zA-Z0-9_.-]*)?$", max_length=100)
]
Platform = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?)?$", max_length=60)
]
GitUrl = Annotated[
    str,
    StringConstraints(max_length=1024, pattern=r"^[\x21-\x7e]+$", strip_whitespace=True),
    AfterValidator(_https),
]
GitRef = Annotated[
    str, StringConstraints(pattern=r"^([a-zA-Z0-9_][a-zA-Z0-9_./+-]*)?$", max_length=200)
]
LabelName = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x20=][^\x00-\x1f=]*$", max_length=255)
]


class ContextFile(Model):
    """One uploaded file and its path in the context."""

    path: RelativePath
    upload: UUID


class GitSource(Model):
    """A context from a git repository. A setting of the host allows this."""

    url: GitUrl
    ref: GitRef = ""
    """A branch, tag, or commit; "" for the repository's default."""
    folder: Annotated[str, Field(max_length=1024)] = ""

    @model_validator(mode="after")
    def _folder_is_inside(self) -> Self:
        if self.folder:
            _inside(self.folder)
        return self


class ImageBuilt(Result):
    """The id and the first name of the image that was built."""

    image_id: str = ""
    reference: str = ""
    size: int = 0
    """Bytes."""
    pushed: str = ""
    seconds: float = 0


class ImageBuild(Parameters):
    """`podman build`: from a Containerfile and at most one context (archive, files, or git)."""

    kind: ClassVar[str] = "image.build"
    label: ClassVar[str] = msg("Build image")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImageBuilt

    tags: Annotated[list[ImageReference], Field(min_length=1, max_length=20)]
    containerfile: LongText = ""
    """Its text; "" to use the file in the context."""
    containerfile_path: RelativePath | None = None
    """A file in the context; None: Containerfile, or else Dockerfile."""
    context: UUID | None = None
    """The id of an upload: a tar (optionally compressed) or zip archive."""
    files: Annotated[list[ContextFile], Field(max_length=200)] = []
    git: GitSource | None = None
    stage: Stage = ""
    """`--target`."""
    build_args: Environment = {}
    secrets: Annotated[dict[SecretId, Secret], Field(max_length=20)] = {}
    """For `RUN --mount=type=secret,id=…`; never stored in the image."""
    labels: Annotated[dict[LabelName, Line], Field(max_length=100)] = {}
    platform: Platform = ""
    cache: bool = True
    """Keep and reuse a layer for each step."""
    pull: Literal["missing", "always", "never"] = "missing"
    squash: Literal["no", "new", "all"] = "no"
    format: Literal["oci", "docker"] = "oci"
    push_to: ImageReference | None = None
    """Push the image to this name after the build, with the account's logins."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [self.context is not None, bool(self.files), self.git is not None]
        if sum(sources) > 1:
            raise ValueError(msg("has more than one context: give an archive, files, or git"))
        if not any(sources) and not self.containerfile.strip():
            raise ValueError(msg("has neither a Containerfile nor a context"))
        if self.containerfile.strip() and self.containerfile_path:
            raise ValueError(msg("has two Containerfiles: give its text, or a path in the context"))
        paths = [file.path for file in self.files]
        if len(set(paths)) != len(paths):
            raise ValueError(msg("has two files with the same path"))
        return self

    def target(self) -> str:
        return self.tags[0]

    def uploads(self) -> list[UUID]:
        return [*([self.context] if self.context else []), *(file.upload for file in self.files)]

    def options(self) -> list[str]:
        """Return the options that do not depend on where the engine stores the files."""
        argv = [f"--tag={tag}" for tag in self.tags]
        argv += [f"--target={self.stage}"] if self.stage else []
        argv += [f"--label={name}={value}" for name, value in self.labels.items()]
        argv += [f"--platform={self.platform}"] if self.platform else []
        argv += [] if self.cache else ["--no-cache"]
        # Podman 4.3 accepts only true and false here and has separate options for the others.
        argv += {"missing": [], "always": ["--pull-always"], "never": ["--pull-never"]}[self.pull]
        argv += {"no": [], "new": ["--squash"], "all": ["--squash-all"]}[self.squash]
        argv += [f"--format={self.format}"] if self.format != "oci" else []
        return argv

    def command(self) -> list[str]:
        argv = ["podman", "build", *self.options()]
        shown = self.public().get("build_args", {})
        argv += [f"--build-arg={name}={value}" for name, value in shown.items()]
        argv += [f"--secret=id={name},src=FILE" for name in self.secrets]
        if self.containerfile:
            argv += ["--file=Containerfile"]
        elif self.containerfile_path:
            argv += [f"--file={self.containerfile_path}"]
        if self.git:
            ref = f"#{self.git.ref}" if self.git.ref or self.git.folder else ""
            folder = f":{self.git.folder}" if self.git.folder else ""
            return [*argv, "--", f"{self.git.url}{ref}{folder}"]
        return [*argv, "--", "."]


_STEP = re.compile(r"^(?:\[(\d+)/(\d+)\] )?STEP (\d+)(?:/(\d+))?: (.*)$")


def step_of(line: str) -> tuple[str, str] | None:
    """Parse a line like `[1/2] STEP 3/5: RUN make`. Return an id and the instruction, or None."""
    found = _STEP.match(line)
    if not found:
        return None
    stage, stages, step, steps, instruction = found.groups()
    number = f"{step}/{steps}" if steps else step
    return (f"{stage}/{stages} {number}" if stage else number), instruction
