"""Start and stop units, and explain failures."""

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import joined, msg
from engine.schema.unit_queries import JournalLine
from engine.systemd import diagnosis, journal
from engine.systemd.user_manager import Systemd

_WARNING = 4
_VERBS = {"StartUnit": "start", "StopUnit": "stop", "RestartUnit": "restart"}


async def carry_out(systemd: Systemd, method: str, unit: str) -> None:
    """Run one job to its end. Raises EngineError with the unit's last lines."""
    facts = await systemd.properties(unit)
    if facts.get("LoadState") == "not-found" and method != "StopUnit":
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg("systemd knows no unit %(unit)s.", unit=unit),
            msg(
                "If its file is new, reload the unit files first; the check of the file says why "
                "Podman's generator may have refused it."
            ),
        )
    result = await systemd.job(method, unit)
    if result == "done":
        return
    raise await failed(
        systemd,
        unit,
        msg(
            "%(unit)s did not %(verbs)s (%(result)s)",
            unit=unit,
            verbs=_VERBS[method],
            result=result,
        ),
    )


async def failed(systemd: Systemd, unit: str, what: str) -> EngineError:
    """Return the error for a unit that failed, with its last lines in the journal."""
    facts = await systemd.properties(unit)
    lines = await journal.last(unit, 30)
    status = int(facts.get("ExecMainStatus") or 0)
    explanation, remedy = diagnosis.failure(
        str(facts.get("Result") or ""), str(facts.get("Type") or ""), lines, status
    )
    reasons = error_lines(lines)
    parts = joined((what, explanation, reasons), ". ")
    return EngineError(
        ErrorCode.CONFLICT,
        msg("%(parts)s.", parts=parts),
        remedy or msg("Look at the unit's journal for more."),
    )


def error_lines(lines: list[JournalLine]) -> str:
    """Return the line that most likely states the cause."""
    reasons = [line.text for line in lines if "error" in line.text.lower()]
    reasons = reasons or [line.text for line in lines if line.priority <= _WARNING]
    return reasons[-1].strip() if reasons else ""
