"""Operations on the account's session: lingering and auto-updates."""

from engine.operations.context import OperationContext
from engine.operations.units import available
from engine.process import programs
from engine.schema import units as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.parameters import Result
from engine.systemd import control
from engine.systemd.auto_update import TIMER, updates

_BAD = {
    "rolled back": msg(
        "was rolled back: its unit did not start with the newer image, and runs the one that it "
        "had. The next update tries the newer one again."
    ),
    "failed": msg("was not updated: see the journal of its unit."),
}

_AGAIN = msg(
    "It was interrupted and run again: containers that were updated before that are not counted."
)


async def enable_linger(context: OperationContext, parameters: schema.LingerEnable) -> Result:
    """Start the account's units at boot."""
    await _loginctl(context, "enable-linger")
    return Result(summary=msg("Lingering is on: units start at boot and outlive logins."))


async def disable_linger(context: OperationContext, parameters: schema.LingerDisable) -> Result:
    """Stop the account's units with its last login."""
    await _loginctl(context, "disable-linger")
    return Result(
        summary=msg("Lingering is off."),
        warnings=[msg("Without a login, the account's units and Berth's engine are not started.")],
    )


async def enable_auto_update(
    context: OperationContext, parameters: schema.AutoUpdateEnable
) -> Result:
    """Enable and start the timer."""
    await available(context)
    await context.units.systemd.enable(TIMER)
    await context.units.systemd.reload()
    await control.carry_out(context.units.systemd, "StartUnit", TIMER)
    return Result(summary=msg("Images with an auto-update policy are looked after every day."))


async def disable_auto_update(
    context: OperationContext, parameters: schema.AutoUpdateDisable
) -> Result:
    """Stop and disable the timer."""
    await available(context)
    await control.carry_out(context.units.systemd, "StopUnit", TIMER)
    await context.units.systemd.disable(TIMER)
    await context.units.systemd.reload()
    return Result(summary=msg("Nothing is updated by itself any more."))


async def auto_update(
    context: OperationContext, parameters: schema.AutoUpdateRun
) -> schema.AutoUpdateResult:
    """Update all containers that have an update policy."""
    await available(context)
    context.note("begun")
    containers, words = await updates(*([] if parameters.rollback else ["--rollback=false"]))
    done = [each for each in containers if each.updated == "true"]
    bad = [f"{each.container} {_BAD[each.updated]}" for each in containers if each.updated in _BAD]
    if words and not containers:
        raise EngineError(ErrorCode.CONFLICT, words, msg("Look at the journal of the units named."))
    return schema.AutoUpdateResult(
        summary=msg(
            "%(done)s of %(containers)s containers updated.",
            done=len(done),
            containers=len(containers),
        ),
        warnings=bad + ([words] if words else []) + ([_AGAIN] if context.noted else []),
        containers=containers,
    )


async def _loginctl(context: OperationContext, verb: str) -> None:
    await available(context)
    done = await programs.run("loginctl", "--no-ask-password", verb)
    if done.status:
        raise EngineError(
            ErrorCode.FORBIDDEN,
            msg(
                "The host does not let the account change its lingering: %(last_words)s",
                last_words=done.last_words,
            ),
            msg(
                "Its administrator can: loginctl %(verb)s ACCOUNT (polkit must run for the "
                "account to).",
                verb=verb,
            ),
        )
