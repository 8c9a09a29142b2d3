"""A Linux account for tests: its shell, and its engine."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from engine.client import Answer, Engine
from engine.schema.containers import ContainerKill, ContainerRemove, ContainerRun
from engine.schema.errors import ErrorReport
from engine.schema.messages import load
from engine.schema.parameters import Parameters
from engine.schema.progress import Failed, Outcome, Progress, Succeeded
from engine.schema.queries import (
    ContainerInspect,
    Document,
    LogLine,
    Query,
    QueryFailed,
    Table,
)
from engine.schema.snapshot import ContainerRow
from launch.demo import IMAGE
from tests.engine.linux_account import EngineProcess, LinuxAccount
from tests.waiting import PATIENCE, eventually


@dataclass(frozen=True)
class Account:
    """Actions as the account itself, and through Berth."""

    linux: LinuxAccount
    process: EngineProcess
    engine: Engine

    def podman(self, *words: str, given: bytes = b"") -> str:
        """Run Podman in the account's own shell."""
        return self.linux.podman(*words, given=given)

    async def outcome(self, parameters: Parameters, operation: UUID | None = None) -> Outcome:
        """Run an operation, and return its outcome. Raises TimeoutError instead of hanging."""
        async with asyncio.timeout(PATIENCE):
            *_, last = [each async for each in self.engine.run(operation or uuid4(), parameters)]
        assert not isinstance(last, Progress)
        return last

    async def do(self, parameters: Parameters) -> dict[str, Any]:
        """Run an operation that succeeds, and return its result."""
        ended = await self.outcome(parameters)
        assert isinstance(ended, Succeeded), ended
        parameters.result.model_validate(ended.result)
        return ended.result

    async def refused(self, parameters: Parameters) -> ErrorReport:
        """Run an operation that fails, and return its error, which always says what happened."""
        ended = await self.outcome(parameters)
        assert isinstance(ended, Failed), ended
        assert ended.error.message
        return ended.error

    async def launch(self, *command: str, **options: Any) -> str:
        """Launch a container of the demo image (by default, one that sleeps). Return its id."""
        options = {"image": IMAGE, "command_line": command or ("sleep", "1000"), **options}
        return str((await self.do(ContainerRun(**options)))["id"])

    async def becomes(self, container: str, state: str) -> ContainerRow:
        """Wait for a container's state. Return its row."""

        async def found() -> ContainerRow | None:
            row = (await self.rows())[container]
            return row if row.state == state else None

        row = await eventually(found, f"{container} is {state}")
        assert row is not None
        return row

    async def remove(self, container: str) -> None:
        """Remove it at once, whatever it is doing."""
        await self.outcome(ContainerKill(container=container))
        gone = ContainerRemove(container=container, force=True, volumes=True)
        ended = await self.outcome(gone)
        # With --rm, it is removed when it is killed.
        assert isinstance(ended, Succeeded) or (
            isinstance(ended, Failed) and ended.error.code == "not_found"
        ), ended

    async def answers(self, query: Query) -> list[Answer]:
        """Return all answers to a query."""
        return [each async for each in self.engine.query(query)]

    async def lines(self, query: Query) -> list[LogLine]:
        """Return the answers to a query for logs."""
        found = await self.answers(query)
        assert all(isinstance(each, LogLine) for each in found), found
        return found  # type: ignore[return-value]

    async def table(self, query: Query) -> Table:
        """Return the one answer to a query for a table."""
        (found,) = await self.answers(query)
        assert isinstance(found, Table), found
        return found

    async def document(self, query: Query) -> dict[str, Any]:
        """Return the one answer to a query for a document."""
        (found,) = await self.answers(query)
        assert isinstance(found, Document), found
        return load(found.data)

    async def unanswered(self, query: Query) -> QueryFailed:
        """Return the answer to a query that fails."""
        (found,) = await self.answers(query)
        assert isinstance(found, QueryFailed), found
        return found

    async def inspect(self, container: str) -> dict[str, Any]:
        """Return Podman's inspect data."""
        return await self.document(ContainerInspect(container=container))

    async def rows(self) -> dict[str, ContainerRow]:
        """Return the containers by name."""
        return {row.name: row for row in (await self.engine.snapshot()).containers}
