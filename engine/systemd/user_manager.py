"""The account's own systemd over D-Bus: org.freedesktop.systemd1 on the session bus.

dbus-fast: pure asyncio, maintained by the Home Assistant project. The messages follow the manager's
own API, documented in org.freedesktop.systemd1(5).
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from engine.process.cancellation import heed, unstoppable
from engine.process.environment import has_user_manager
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.messages import msg

log = logging.getLogger(__name__)
_NAME = "org.freedesktop.systemd1"
_MANAGER = "/org/freedesktop/systemd1"
_UNITS = "/org/freedesktop/systemd1/unit/"
_CALL_SECONDS = 25.0
_LOOK_AGAIN_SECONDS = 0.2
_UNHEARD = 10_000
"""The maximum number of unread changes. Beyond it, one is dropped."""
_CODES = {
    "NoSuchUnit": ErrorCode.NOT_FOUND,
    "FileNotFound": ErrorCode.NOT_FOUND,
    "UnitMasked": ErrorCode.CONFLICT,
    "AccessDenied": ErrorCode.FORBIDDEN,
    "InvalidArgs": ErrorCode.INVALID,
    "UnitGenerated": ErrorCode.CONFLICT,
}


# The bus's errors for a manager that is gone or does not answer.
_SILENT = {"org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.Disconnected"}


class _NoAnswer(EngineError):
    """Raised when a message was sent and not answered."""


def absent() -> str:
    """Return why no user manager is reachable; "" if one is."""
    if not os.path.isdir("/run/systemd/system"):
        return msg("systemd is not the init of this machine, so no user manager can keep units.")
    if not has_user_manager():
        return msg("No user manager runs for this account: turn lingering on for it.")
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return msg("The account has no session bus: install the package dbus-user-session.")
    return ""


class Systemd:
    """A connection to the user manager, opened on first use and again after it broke."""

    def __init__(self) -> None:
        self._bus: MessageBus | None = None
        self._end: asyncio.Task[None] | None = None
        """Done when the connection has ended: one task for everybody who waits for that."""
        self._opening = asyncio.Lock()
        self._listeners: set[Callable[[Message], None]] = set()

    async def close(self) -> None:
        """Close the connection."""
        if self._bus:
            self._bus.disconnect()
            self._bus = None

    async def properties(self, unit: str) -> dict[str, Any]:
        """Return all properties of a unit. Loads it if necessary (LoadState says if it exists)."""
        answer = await self._call(
            _UNITS + escape(unit), "org.freedesktop.DBus.Properties", "GetAll", "s", [""]
        )
        return {name: plain(value) for name, value in answer[0].items()}

    async def manager(self, name: str) -> Any:
        """Return one property of the manager itself."""
        answer = await self._call(
            _MANAGER, "org.freedesktop.DBus.Properties", "Get", "ss", [f"{_NAME}.Manager", name]
        )
        return plain(answer[0])

    async def names(self, *states: str) -> list[str]:
        """Return the names of all loaded units in one of `states`."""
        answer = await self._manage("ListUnitsFiltered", "as", [list(states)])
        return [str(row[0]) for row in answer[0]]

    async def loaded(self, *patterns: str) -> list[str]:
        """Return the names of loaded units that match one of `patterns` (as in a shell)."""
        answer = await self._manage("ListUnitsByPatterns", "asas", [[], list(patterns)])
        return [str(row[0]) for row in answer[0]]

    async def file_state(self, unit: str) -> str:
        """Return enabled, disabled, generated, …; also of a template unit. Raises EngineError."""
        answer = await self._manage("GetUnitFileState", "s", [unit])
        return str(answer[0])

    async def reload(self) -> None:
        """Run daemon-reload: run generators and reread every file."""
        await self._manage("Reload", "", [])

    async def enable(self, unit: str) -> None:
        """Create the links of its [Install] section. Raises EngineError if it has none."""
        answer = await self._manage("EnableUnitFiles", "asbb", [[unit], False, False])
        if not answer[0]:
            raise EngineError(
                ErrorCode.INVALID,
                msg("%(unit)s has no [Install] section, so it cannot be enabled.", unit=unit),
                msg("Add to its file: [Install] with WantedBy=default.target."),
            )

    async def disable(self, unit: str) -> None:
        """Remove the links of its [Install] section."""
        await self._manage("DisableUnitFiles", "asb", [[unit], False])

    async def reset_failed(self, unit: str) -> None:
        """Clear its failed state."""
        await self._manage("ResetFailedUnit", "s", [unit])

    async def job(self, method: str, unit: str) -> str:
        """Run StartUnit, StopUnit, or RestartUnit to the job's end.

        Returns done, failed, timeout, canceled, dependency, or skipped. Cancelling the caller
        cancels the job. Raises Unanswered if the connection ends before the job.
        """
        await self._open()
        ended: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue()

        def hear(message: Message) -> None:
            if message.member == "JobRemoved":
                ended.put_nowait((int(message.body[0]), str(message.body[3])))

        number = None
        try:
            with self._listening(hear, lambda: ended.put_nowait(None)):
                # Only the answer contains the job, so a cancellation waits for it.
                answer = await unstoppable(self._manage(method, "ss", [unit, "replace"]))
                number = int(str(answer[0]).rpartition("/")[2])
                heed()
                while (removed := await ended.get()) is not None:
                    if removed[0] == number:
                        number = None
                        return removed[1]
            number = None
            raise Unanswered(
                msg("The session bus ended the connection while %(unit)s was at it.", unit=unit)
            )
        finally:
            if number is not None:
                await asyncio.shield(self._cancel(number))

    async def idle(self, unit: str) -> None:
        """Wait until it has no pending job."""
        while True:
            facts = await self.properties(unit)
            if not int((facts.get("Job") or [0])[0]):
                return
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def signals(self) -> AsyncGenerator[str, None]:
        """Yield the names of units as their state changes; "" when the files were reread.

        Raises EngineError when the connection ends.
        """
        await self._open()
        changes: asyncio.Queue[str | None] = asyncio.Queue()

        def hear(message: Message) -> None:
            changed = _changed(message)
            if changed is not None and changes.qsize() < _UNHEARD:
                changes.put_nowait(changed)

        with self._listening(hear, lambda: changes.put_nowait(None)):
            while (name := await changes.get()) is not None:
                yield name
            raise EngineError(ErrorCode.UNAVAILABLE, msg("The session bus ended the connection."))

    @contextmanager
    def _listening(
        self, hear: Callable[[Message], None], lost: Callable[[], None]
    ) -> Iterator[None]:
        """Call `hear` for each signal, and `lost` when the connection has ended."""
        end = self._end

        def ended(task: asyncio.Task[None]) -> None:
            lost()

        self._listeners.add(hear)
        if end:
            end.add_done_callback(ended)
        try:
            yield
        finally:
            self._listeners.discard(hear)
            if end:
                end.remove_done_callback(ended)

    async def _cancel(self, number: int) -> None:
        try:
            await self._manage("CancelJob", "u", [number])
        except EngineError as error:
            log.info("a job of systemd ended before it could be cancelled: %s", error)

    async def _manage(self, member: str, signature: str, body: list[Any]) -> list[Any]:
        interface = f"{_NAME}.Manager"
        try:
            return await self._call(_MANAGER, interface, member, signature, body)
        except _NoAnswer as error:
            if member.startswith(("List", "Get")):
                raise
            raise Unanswered(error.report.message) from error

    async def _call(
        self, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> list[Any]:
        bus = await self._open()
        message = Message(_NAME, path, interface, member, signature=signature, body=body)
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                reply = await bus.call(message)
        except TimeoutError as error:
            raise _NoAnswer(
                ErrorCode.TIMEOUT,
                msg(
                    "systemd did not answer to %(member)s in %(call_seconds)s s.",
                    member=member,
                    call_seconds=f"{_CALL_SECONDS:g}",
                ),
            ) from error
        except (EOFError, OSError) as error:
            raise _NoAnswer(
                ErrorCode.UNAVAILABLE, msg("The session bus is gone: %(error)s", error=error)
            ) from error
        if reply is None:
            raise _NoAnswer(
                ErrorCode.INTERNAL, msg("systemd gave no answer to %(member)s.", member=member)
            )
        if reply.message_type is MessageType.ERROR:
            if reply.error_name in _SILENT:
                raise _NoAnswer(
                    ErrorCode.UNAVAILABLE,
                    msg("systemd did not answer to %(member)s.", member=member),
                )
            text = str(reply.body[0]) if reply.body else str(reply.error_name)
            short = str(reply.error_name).rpartition(".")[2]
            raise EngineError(_CODES.get(short, ErrorCode.INTERNAL), text)
        return list(reply.body)

    async def _open(self) -> MessageBus:
        if reason := absent():
            raise EngineError(
                ErrorCode.UNAVAILABLE,
                reason,
                msg(
                    "The host's administrator sees what is missing with bin/enroll --check ACCOUNT."
                ),
            )
        async with self._opening:
            if self._bus is None or not self._bus.connected:
                address = os.environ["DBUS_SESSION_BUS_ADDRESS"]
                try:
                    bus = await MessageBus(bus_address=address).connect()
                except (OSError, EOFError, ValueError) as error:
                    raise EngineError(
                        ErrorCode.UNAVAILABLE,
                        msg("The session bus does not answer: %(error)s", error=error),
                    ) from error
                bus.add_message_handler(self._dispatch)
                rule = f"type='signal',sender='{_NAME}'"
                await bus.call(
                    Message(
                        "org.freedesktop.DBus",
                        "/org/freedesktop/DBus",
                        "org.freedesktop.DBus",
                        "AddMatch",
                        signature="s",
                        body=[rule],
                    )
                )
                await bus.call(Message(_NAME, _MANAGER, f"{_NAME}.Manager", "Subscribe"))
                self._end = asyncio.create_task(_ended(bus))
                self._bus = bus
            return self._bus

    def _dispatch(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL:
            for listener in list(self._listeners):
                listener(message)


async def _ended(bus: MessageBus) -> None:
    try:
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
    except Exception as error:  # the library passes on whatever broke the connection
        log.info("the session bus ended the connection: %s", error)


def escape(unit: str) -> str:
    """Return a unit's name as the last part of its object path (systemd's bus_label_escape)."""
    if not unit:
        return "_"
    return "".join(
        letter
        if letter.isascii() and (letter.isalpha() or (letter.isdigit() and at))
        else "".join(f"_{byte:02x}" for byte in letter.encode())
        for at, letter in enumerate(unit)
    )


def unescape(label: str) -> str:
    """Return the unit's name from the last part of an object path."""
    raw = bytearray()
    at = 0
    while at < len(label):
        if label[at] == "_" and at + 2 < len(label):
            try:
                raw.append(int(label[at + 1 : at + 3], 16))
                at += 3
                continue
            except ValueError:
                pass
        raw += label[at].encode()
        at += 1
    return raw.decode(errors="replace")


def plain(value: Any) -> Any:
    """Return a value without its variants."""
    if isinstance(value, Variant):
        return plain(value.value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def _changed(message: Message) -> str | None:
    path = message.path or ""
    if message.member == "PropertiesChanged" and path.startswith(_UNITS):
        # Each change arrives for both of a unit's interfaces: one is enough.
        if message.body and message.body[0] == f"{_NAME}.Unit":
            return unescape(path.removeprefix(_UNITS))
        return None
    if message.member == "UnitFilesChanged":
        return ""
    if message.member == "Reloading" and message.body and message.body[0] is False:
        return ""
    return None
