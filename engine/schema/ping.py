"""Who answers on an account's socket: the answer that all versions of console and engine share."""

from pydantic import BaseModel, ConfigDict


class Ping(BaseModel):
    """What an engine says of itself. Fields of other versions are left out of account."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    uid: int
    account: str
    pid: int
    podman_version: str
    version: str = ""
    """Of the engine's code; "" for an engine from before it said so."""
