"""What an operation reports while it runs and when it ends: on the wire, one JSON object a line."""

from typing import Annotated, Literal

from pydantic import Field

from engine.schema.errors import ErrorReport
from engine.schema.messages import Prose, WithMessages
from engine.schema.parameters import Model


class Step(Model):
    """One part of an operation with its own progress bar: a layer of a pull, a step of a build."""

    id: str
    label: Prose = ""
    status: Prose = ""
    current: int | None = None
    total: int | None = None


class Progress(Model):
    """The complete current progress. Each report replaces the previous one."""

    type: Literal["progress"] = "progress"
    message: Prose = ""
    unit: Literal["bytes", "steps", ""] = ""
    current: int | None = None
    total: int | None = None
    steps: list[Step] = []


class Succeeded(Model):
    """Success. `result` is the kind's own result model, dumped."""

    type: Literal["succeeded"] = "succeeded"
    result: WithMessages


class Failed(Model):
    """Failure: Podman or the engine refused, and nothing more will happen."""

    type: Literal["failed"] = "failed"
    error: ErrorReport


class Cancelled(Model):
    """Cancelled: it stopped because a user requested that."""

    type: Literal["cancelled"] = "cancelled"


class Interrupted(Model):
    """The engine ended during the operation and cannot determine the outcome."""

    type: Literal["interrupted"] = "interrupted"


class Unknown(Model):
    """The engine does not know the operation (only an answer to `recall`)."""

    type: Literal["unknown"] = "unknown"


class Running(Model):
    """The engine is running the operation (only an answer to `recall`)."""

    type: Literal["running"] = "running"


Outcome = Succeeded | Failed | Cancelled | Interrupted
Message = Annotated[
    Progress | Succeeded | Failed | Cancelled | Interrupted, Field(discriminator="type")
]
Recollection = Annotated[
    Unknown | Running | Succeeded | Failed | Cancelled | Interrupted, Field(discriminator="type")
]
