"""Everything that serves one Linux account: its Podman, its ledger, its running operations."""

import asyncio
from dataclasses import dataclass

from engine.admission import Admission
from engine.builds import cleanup
from engine.files.image_transfer import InboundImages
from engine.files.spool import Files
from engine.operations import sharing
from engine.podman import api
from engine.podman.client import Podman
from engine.podman.health_checks import HealthChecks
from engine.podman.runtime import choose
from engine.podman.service import PodmanService
from engine.process.environment import has_user_manager, runtime_directory, state_directory
from engine.schema.messages import msg
from engine.server.ledger import Journal
from engine.server.runner import Runner
from engine.systemd.inventory import Inventory
from engine.systemd.user_manager import Systemd


@dataclass(frozen=True)
class Account:
    """The engine's parts, which are opened and closed together."""

    podman: Podman
    units: Inventory
    journal: Journal
    runner: Runner
    service: PodmanService
    health: HealthChecks
    checking: asyncio.Task[None] | None
    warnings: list[str]
    files: Files
    incoming: InboundImages
    podman_options: list[str]
    admission: Admission

    def busy(self) -> bool:
        """Return whether the engine has work that nobody has requested."""
        return self.runner.busy or self.health.busy

    async def close(self) -> None:
        """Close everything. Containers keep running, and the ledger keeps track of operations."""
        if self.checking:
            self.checking.cancel()
        await self.runner.stop()
        await self.units.systemd.close()
        await self.podman.close()
        await self.service.stop()
        self.journal.close()


async def open_account() -> Account:
    """Test the runtime, start Podman's service, and open the ledger. Raises EngineError."""
    state = state_directory()
    choice = await choose(state / "runtime.json")
    service = PodmanService(runtime_directory() / "podman.sock", choice)
    await service.start()
    podman = Podman(service.socket, service.reload)
    await podman.open()
    host = (await api.info(podman))["host"]
    # On cgroup v1, Podman lists controllers that a rootless account cannot use.
    delegated = host.get("cgroupControllers") if host["cgroupVersion"] == "v2" else []
    journal = Journal(state / "operations.sqlite3")
    await cleanup.tidy_all(podman, choice.options(), state / "files")
    files = Files(state / "files")
    sharing.tidy()
    incoming = InboundImages()
    units = Inventory(podman, Systemd())
    admission = Admission(podman)
    runner = Runner(
        podman,
        units,
        journal,
        frozenset(delegated or []),
        files,
        choice.options(),
        incoming,
        admission,
    )
    warnings: list[str] = []
    if choice.events:
        warnings.append(
            msg(
                "Podman's own choice of events cannot be followed here, so Berth keeps them in a "
                "file: what is done at a shell is only seen at the next refresh."
            )
        )
    health = HealthChecks(podman)
    checking = None if has_user_manager() else asyncio.create_task(health.run())
    return Account(
        podman=podman,
        units=units,
        journal=journal,
        runner=runner,
        service=service,
        health=health,
        checking=checking,
        warnings=warnings,
        files=files,
        incoming=incoming,
        podman_options=choice.options(),
        admission=admission,
    )
