"""The host's policy in the engine: evaluate what it is about to do, with facts that only it knows.

The web tier has already evaluated the same parameters, but whoever reaches the engine's socket in
another way meets the same rules here. Paths are resolved here, and again right before Podman uses
them.
"""

import asyncio
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from engine.podman import api, stored_images
from engine.podman.client import Podman
from engine.policy import containerfile, image_names, inspect_data, quadlet
from engine.policy import requests as r
from engine.policy.evaluate import evaluate, human
from engine.policy.extract import requests_of, requests_of_query
from engine.policy.host_file import PolicyFile, Unusable
from engine.policy.kube import documents
from engine.policy.rules import Policy
from engine.process.environment import account_name, runtime_directory, state_directory
from engine.queries.disk import disk
from engine.schema.builds import ImageBuild
from engine.schema.containers import OPERATION_LABEL, ContainerRun
from engine.schema.disk import DiskUse
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import joined, msg
from engine.schema.parameters import Parameters
from engine.schema.query import Query
from engine.schema.unit_names import kind_of
from engine.systemd import unit_files

log = logging.getLogger(__name__)
REMEDY = msg("The page “What may I do” lists the rules. The host's administrator sets them.")


@dataclass
class Admission:
    """What one account may do."""

    podman: Podman
    file: PolicyFile = field(default_factory=PolicyFile)
    _counting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reserved: dict[UUID, int] = field(default_factory=dict)
    """The number of containers that each admitted operation creates. They count immediately."""

    def policies(self) -> list[Policy]:
        """Return the policies that currently apply. Raises EngineError if nothing is allowed."""
        try:
            return self.file.policies(account_name())
        except Unusable as error:
            log.warning("policy: %s", error)
            raise EngineError(
                ErrorCode.POLICY,
                msg("%(error)s Until that is mended, nothing is allowed here.", error=error),
                msg("The host's administrator must mend the file, or remove it."),
            ) from error

    async def admit(self, parameters: Parameters, operation: UUID) -> list[str]:
        """Admit an operation. Return warnings for its result. Raises EngineError (policy).

        Whatever it may create stays reserved until `release`.
        """
        policies = self.policies()
        if not policies:
            return []
        wanted = _read(requests_of(parameters))
        if count := sum(each.count for each in wanted if isinstance(each, r.OneMore)):
            async with self._counting:
                self.release(operation)  # it runs again
                await self._evaluate(policies, wanted, parameters.kind)
                self._reserved[operation] = count
        else:
            await self._evaluate(policies, wanted, parameters.kind)
        if not any(isinstance(each, r.Space) for each in wanted):
            return []
        return await self._nearly_full(policies)

    def release(self, operation: UUID) -> None:
        """Release the reservation of an operation that ended."""
        self._reserved.pop(operation, None)

    def admit_query(self, query: Query) -> None:
        """Admit a query. Raises EngineError (policy)."""
        self._require(self.policies(), requests_of_query(query), query.query)

    async def admit_run(self, parameters: ContainerRun) -> ContainerRun:
        """Admit the creation of a container. Return the parameters with resolved paths.

        Raises EngineError (policy).
        """
        policies = self.policies()
        if all(policy.binds is None for policy in policies):
            return parameters
        volumes, found = [], list[r.Request]()
        for volume in parameters.volumes:
            if volume.source.startswith("/"):
                real = os.path.realpath(volume.source)
                volumes.append(volume.model_copy(update={"source": real}))
                closed = volume.read_only and not volume.chown
                found.append(r.Bind(source=real, read_only=closed))
            else:
                volumes.append(volume)
                found += await self._volume(volume.source) if volume.source else []
        await self._evaluate(policies, found, parameters.kind)
        return parameters.model_copy(update={"volumes": volumes})

    async def recheck_binds(self, container: str) -> None:
        """Check the binds of one of Berth's containers right before it starts.

        If a link was put in the way, evaluate where it leads. Raises EngineError (policy).
        """
        policies = self.policies()
        if all(policy.binds is None for policy in policies):
            return
        found = await api.inspect_container(self.podman, container)
        if OPERATION_LABEL not in (found["Config"].get("Labels") or {}):
            return
        wanted: list[r.Request] = [
            each
            for each in inspect_data.requests(found)
            if isinstance(each, r.Bind) and os.path.realpath(each.source) != each.source
        ]
        await self._evaluate(policies, wanted, "container.start")

    async def admit_unit(self, found: dict[str, Any]) -> None:
        """Admit a unit that recreates a container like this one. Raises EngineError (policy)."""
        if policies := self.policies():
            await self._evaluate(policies, inspect_data.requests(found), "container.autostart")

    async def admit_unit_file(self, file: str, text: str, *, new: bool) -> None:
        """Admit the writing of a unit file. Raises EngineError (policy)."""
        if policies := self.policies():
            wanted = _read(quadlet.requests(file, text, new=new))
            await self._evaluate(policies, wanted, "unit.write")

    async def admit_kube(self, file: str) -> None:
        """Admit the start of a .kube unit, whose YAML may have changed since it was written.

        Raises EngineError (policy).
        """
        policies = self.policies()
        if not policies or kind_of(file) != "kube" or not (found := unit_files.find(file)):
            return
        wanted = _read(quadlet.requests(file, found.text, new=False))
        kept = [each for each in wanted if not isinstance(each, r.OneMore)]
        await self._evaluate(policies, kept, "unit.start")

    async def admit_build(self, parameters: ImageBuild, file: Path) -> None:
        """Admit the build of a Containerfile. Raises EngineError (policy)."""
        if policies := self.policies():
            wanted = containerfile.requests(_text(file), parameters.build_args)
            if file.name.endswith(".in"):
                wanted.append(
                    r.Raw(description=msg("%(name)s, with its #include,", name=file.name))
                )
            await self._evaluate(policies, wanted, parameters.kind)

    def images_of_build(self, parameters: ImageBuild, file: Path) -> list[str]:
        """Return the images to inspect before the build uses them; none without a policy."""
        if not self.policies():
            return []
        return containerfile.images(_text(file), parameters.build_args)

    async def admit_onbuild(self, image: str) -> None:
        """Admit a build from a base image, whose ONBUILD steps it will run.

        Raises EngineError (policy).
        """
        found = await api.inspect_image(self.podman, image)
        store = (await api.info(self.podman))["store"]
        root, driver = Path(store["graphRoot"]), str(store["graphDriverName"])
        identity = str(found["Id"]).removeprefix("sha256:")
        try:
            steps = await asyncio.to_thread(stored_images.later_steps, root, driver, identity)
        except stored_images.Unreadable as error:
            raise EngineError(
                ErrorCode.POLICY,
                msg(
                    "What %(image)s has ready for ONBUILD cannot be read: %(error)s",
                    image=image,
                    error=error,
                ),
                REMEDY,
            ) from error
        if steps:
            await self._evaluate(self.policies(), containerfile.later(steps), ImageBuild.kind)

    async def _evaluate(self, policies: list[Policy], wanted: list[r.Request], what: str) -> None:
        requests = [await self._enriched(policies, each) for each in wanted]
        self._require(policies, requests, what)

    def _require(self, policies: list[Policy], wanted: Iterable[r.Request], what: str) -> None:
        wanted = list(wanted)
        refusals = [each for policy in policies for each in evaluate(policy, wanted)]
        if not refusals:
            return
        description = joined(dict.fromkeys(str(each) for each in refusals))
        log.warning("policy: refused %s: %s", what, description)
        raise EngineError(
            ErrorCode.POLICY,
            msg("Refused by this host's policy: %(description)s", description=description),
            REMEDY,
        )

    async def _enriched(self, policies: list[Policy], request: r.Request) -> r.Request:
        """Return the request with what only the engine can find out."""
        match request:
            case r.Bind(source=source) if source.startswith("/"):
                real = os.path.realpath(source)
                return replace(request, resolved=real, opens=_opens(real))
            case r.Image(name=name) if image_names.is_id(name):
                return replace(request, known=await self._names(name))
            case r.OneMore(pods=pods) if any(policy.containers is not None for policy in policies):
                rows = await api.list_containers(self.podman)
                others = [row for row in rows if row.get("PodName") not in pods]
                shown = {(row.get("Labels") or {}).get(OPERATION_LABEL) for row in rows}
                coming = [count for each, count in self._reserved.items() if str(each) not in shown]
                return replace(request, present=len(others) + sum(coming))
            case r.Space() if any(policy.disk.most for policy in policies):
                return replace(request, used=await self._used())
        return request

    async def _names(self, image: str) -> tuple[str, ...]:
        try:
            found = await api.inspect_image(self.podman, image)
        except EngineError as error:
            if error.report.code is ErrorCode.NOT_FOUND:
                return ()
            raise
        return (*(found.get("RepoTags") or []), *(found.get("RepoDigests") or []))

    async def _volume(self, name: str) -> list[r.Request]:
        """Resolve a volume, which may be a named host path: `podman volume create -o device=…`."""
        try:
            found = await api.inspect_volume(self.podman, name)
        except EngineError as error:
            if error.report.code is ErrorCode.NOT_FOUND:
                return []
            raise
        device = str((found.get("Options") or {}).get("device") or "")
        return [r.Bind(source=device)] if device.startswith("/") else []

    async def _used(self) -> int:
        async for document in disk(self.podman, DiskUse()):
            sizes = ("images_size", "containers_size", "volumes_size")
            return sum(int(document.data[name]) for name in sizes)
        return 0

    async def _nearly_full(self, policies: list[Policy]) -> list[str]:
        lines = [policy.disk.warn for policy in policies if policy.disk.warn]
        if not lines:
            return []
        used = await self._used()
        if used < min(lines):
            return []
        most = min((policy.disk.most for policy in policies if policy.disk.most), default=None)
        if not most:
            return [
                msg(
                    "The account takes %(used)s of the disk: remove what is not needed.",
                    used=human(used),
                )
            ]
        return [
            msg(
                "The account takes %(used)s of the disk of %(most)s that it may take: remove what "
                "is not needed.",
                used=human(used),
                most=human(most),
            )
        ]


def _read(wanted: Iterable[r.Request]) -> list[r.Request]:
    """Return the same with the content of the named files. Raises EngineError for a link."""
    whole: list[r.Request] = []
    for each in wanted:
        whole.append(each)
        if isinstance(each, r.KubeFile) and (found := unit_files.find(each.file)):
            whole += documents.requests(found.text)
    return whole


def _text(file: Path) -> str:
    # Never read_text, which treats a lone carriage return as the end of a line; Buildah does not.
    return file.read_bytes().decode(errors="replace")


def _opens(real: str) -> str:
    """Return the account's own place that a path contains or is in, or ""."""
    home = Path(os.environ["HOME"])
    places = (
        home / ".config", home / ".ssh", home / ".local/share/containers", state_directory(),
        runtime_directory(),
    )  # fmt: skip
    for place in places:
        own = Path(os.path.realpath(place))
        if own.is_relative_to(real) or Path(real).is_relative_to(own):
            return str(place)
    return ""
