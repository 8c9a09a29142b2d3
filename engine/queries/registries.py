"""What determines where images come from, and what a name resolves to."""

from collections.abc import AsyncIterator

from engine.files import safe_files
from engine.podman import api
from engine.podman.client import Podman
from engine.registries import auth_file, connection_check, registries_conf, resolution, trust
from engine.registries.config_edit import digest_of
from engine.registries.config_files import REMEDY
from engine.schema.errors import EngineError
from engine.schema.messages import joined, msg
from engine.schema.queries import Document, RegistriesShow, RegistryCheck, RegistryResolve
from engine.schema.registries import LARGEST_FILE
from engine.schema.registry_facts import Configuration


async def show(podman: Podman, query: RegistriesShow) -> AsyncIterator[Document]:
    """Answer all configuration files, their combined effect, logins, certificates, and policy."""
    effective = registries_conf.load()
    content, error = _own()
    own = str(registries_conf.own_file())
    file = next((each for each in effective.files if each.path == own), None)
    configuration = Configuration(
        problem=await podman.registry_files.problem(),
        files=effective.files,
        search=effective.search,
        search_origin=effective.search_origin,
        registries=list(effective.registries.values()),
        aliases=sorted(effective.aliases.values(), key=lambda each: (not each.own, each.name)),
        mode=effective.mode,
        mode_origin=effective.mode_origin,
        own_path=own,
        own_text=(content or b"").decode(errors="replace"),
        own_digest=digest_of(content),
        own_version=file.version if file else 2,
        own_error=error or (file.error if file else ""),
        sign_ins=auth_file.sign_ins(),
        certificates=trust.certificates(),
        policy=trust.policy(),
    )
    yield Document(data=configuration.model_dump(mode="json"))


async def resolve(podman: Podman, query: RegistryResolve) -> AsyncIterator[Document]:
    """Answer where Podman would look for a name."""
    if problem := await podman.registry_files.problem():
        found = resolution.refused(
            query.name,
            msg("Podman refuses its configuration: %(problem)s", problem=problem),
            REMEDY,
        )
    else:
        found = resolution.resolve(query.name.strip(), registries_conf.load())
    if found.how in ("alias", "search"):
        found = found.model_copy(update={"local": await _local(podman, query.name.strip())})
    yield Document(data=found.model_dump(mode="json"))


async def check(podman: Podman, query: RegistryCheck) -> AsyncIterator[Document]:
    """Test a registry, step by step."""
    problem = await podman.registry_files.problem()
    found = await connection_check.check(query.registry, problem)
    yield Document(data=found.model_dump(mode="json"))


async def _local(podman: Podman, name: str) -> str:
    try:
        image = await api.inspect_image(podman, name)
    except EngineError:
        return ""  # not in storage, which is the usual case
    wanted = name if ":" in name else f"{name}:latest"
    names = [str(each) for each in image.get("RepoTags") or []]
    return next((each for each in names if each.endswith(f"/{wanted}")), "")


def _own() -> tuple[bytes | None, str]:
    try:
        with safe_files.folder(".config", "containers") as folder:
            return safe_files.read(folder, "registries.conf", LARGEST_FILE), ""
    except FileNotFoundError:
        return None, ""
    except EngineError as error:
        return None, joined([error.report.message, error.report.remedy])
