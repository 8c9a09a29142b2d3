"""The answer to a ping on an account's socket. All versions of console and engine understand it."""

from pydantic import BaseModel, ConfigDict


class Ping(BaseModel):
    """An engine's description of itself. Fields of other versions are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    uid: int
    account: str
    pid: int
    podman_version: str
    version: str = ""
    """The version of the engine's code; "" for old engines that do not report it."""
