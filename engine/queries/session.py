"""The health of the account's session, and what auto-updates would do."""

from collections.abc import AsyncIterator

from engine.schema import unit_queries as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.systemd import doctor
from engine.systemd.auto_update import TIMER, updates
from engine.systemd.inventory import Inventory, moment


async def health(units: Inventory, query: schema.SessionHealth) -> AsyncIterator[schema.Health]:
    """Answer all findings."""
    yield schema.Health(findings=await doctor.findings(units.podman, units.systemd))


async def auto_updates(
    units: Inventory, query: schema.AutoUpdatePreview
) -> AsyncIterator[schema.AutoUpdates]:
    """Answer a dry run, and the state of the timer."""
    facts = await units.systemd.properties(TIMER)
    containers, words = await updates("--dry-run")
    if words and not containers:
        raise EngineError(ErrorCode.UNREACHABLE, words, msg("Look at the images' registries."))
    yield schema.AutoUpdates(
        containers=containers,
        timer_enabled=str(facts.get("UnitFileState") or "").startswith("enabled"),
        timer_active=facts.get("ActiveState") == "active",
        next_run=moment(facts.get("NextElapseUSecRealtime")),
        last_run=moment(facts.get("LastTriggerUSec")),
    )
