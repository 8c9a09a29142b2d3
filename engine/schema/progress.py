"""What an operation says while it runs, and when it ends. One JSON object a line on the wire."""

from typing import Annotated, Any, Literal

from pydantic import Field

from engine.schema.errors import ErrorReport
from engine.schema.parameters import Model


class Step(Model):
    """One part of an operation with its own bar: a layer of a pull, a step of a build."""

    id: str
    label: str = ""
    status: str = ""
    current: int | None = None
    total: int | None = None


class Progress(Model):
    """The whole present state of progress; each one replaces the one before."""

    type: Literal["progress"] = "progress"
    message: str = ""
    unit: Literal["bytes", "steps", ""] = ""
    current: int | None = None
    total: int | None = None
    steps: list[Step] = []


class Succeeded(Model):
    """The end: `result` is the kind's own result model, dumped."""

    type: Literal["succeeded"] = "succeeded"
    result: dict[str, Any]


class Failed(Model):
    """The end: Podman (or the engine) refused, and nothing more will happen."""

    type: Literal["failed"] = "failed"
    error: ErrorReport


class Cancelled(Model):
    """The end: it stopped because somebody asked for it."""

    type: Literal["cancelled"] = "cancelled"


class Interrupted(Model):
    """The engine ended in the middle of it once, and cannot tell what came of it."""

    type: Literal["interrupted"] = "interrupted"


class Unknown(Model):
    """The engine never heard of that operation (only an answer to `recall`)."""

    type: Literal["unknown"] = "unknown"


class Running(Model):
    """The engine is at it right now (only an answer to `recall`)."""

    type: Literal["running"] = "running"


Outcome = Succeeded | Failed | Cancelled | Interrupted
Message = Annotated[
    Progress | Succeeded | Failed | Cancelled | Interrupted, Field(discriminator="type")
]
Recollection = Annotated[
    Unknown | Running | Succeeded | Failed | Cancelled | Interrupted, Field(discriminator="type")
]
