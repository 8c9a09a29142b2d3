"""The host's policy at the engine's own socket: whoever gets there meets the same rules."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine.schema.builds import ContextFile, ImageBuild
from engine.schema.containers import (
    ContainerRestart,
    ContainerRun,
    ContainerStart,
    ContainerStop,
    Volume,
)
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.images import ImageTag
from engine.schema.kinds import parse
from engine.schema.progress import Failed
from engine.schema.queries import ContainerTerminal
from engine.schema.units import ContainerAutostart, UnitRestore, UnitWrite
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.policies.attempts import ATTEMPTS, STRICT
from tests.policies.host_file import HostFile, host_file

YARD = Path("/var/tmp/berth-policy")


@pytest.fixture
def policy() -> Iterator[HostFile]:
    with host_file() as file:
        file.write(STRICT)
        yield file


@pytest.fixture
def yard(alice: Account) -> Iterator[Path]:
    """Return a folder that the policy allows and that belongs to the account."""
    shutil.rmtree(YARD, ignore_errors=True)
    (YARD / "rw" / "real").mkdir(parents=True)
    YARD.chmod(0o755)
    for place in (YARD / "rw", YARD / "rw" / "real"):
        os.chown(place, alice.linux.uid, alice.linux.gid)
    yield YARD / "rw"
    shutil.rmtree(YARD, ignore_errors=True)


@pytest.fixture
def kept(alice: Account) -> Callable[[], Any]:
    """Return what the account has, to check that a refusal created nothing."""

    async def has() -> tuple[list[str], list[str], list[str]]:
        known = await alice.engine.snapshot()
        units = alice.linux.home / ".config"
        files = sorted(str(each) for each in units.rglob("*")) if units.exists() else []
        return (
            sorted(row.id for row in known.containers),
            sorted(f"{row.id} {row.tags}" for row in known.images),
            files,
        )

    return has


async def forbidden(account: Account, parameters: Any, rule: str) -> None:
    error = await account.refused(parameters)
    assert error.code is ErrorCode.POLICY, error
    assert f"(rule {rule})" in error.message, error


async def test_every_attempt_is_refused_by_its_rule_and_makes_nothing(
    alice: Account, policy: HostFile, kept: Callable[[], Any]
) -> None:
    before = await kept()
    passed = []
    for attempt in ATTEMPTS:
        outcome = await alice.outcome(parse(attempt.kind, attempt.parameters))
        if not (
            isinstance(outcome, Failed)
            and outcome.error.code is ErrorCode.POLICY
            and f"(rule {attempt.rule.partition('.')[0]}" in outcome.error.message
        ):
            passed.append((str(attempt), outcome))
    assert passed == []
    assert await kept() == before


async def test_what_is_allowed_is_launched(alice: Account, policy: HostFile, yard: Path) -> None:
    volumes = [
        Volume(source=str(yard), target="/rw"),
        Volume(source="/usr/share", target="/ro", read_only=True),
        Volume(source="berth-policy-data", target="/data"),
    ]
    identity = await alice.launch(name="fine", volumes=volumes)
    found = await alice.inspect(identity)
    assert {mount["Destination"] for mount in found["Mounts"]} == {"/rw", "/ro", "/data"}
    await alice.remove("fine")
    alice.podman("volume", "rm", "berth-policy-data")


async def test_without_a_file_all_is_as_it_was(alice: Account, policy: HostFile) -> None:
    policy.remove()
    await alice.launch(name="free", volumes=[Volume(source="/etc", target="/h")])


async def test_a_link_is_followed_before_its_end_is_judged(
    alice: Account, policy: HostFile, yard: Path
) -> None:
    (yard / "out").symlink_to("/etc")
    (yard / "up").symlink_to("../..")
    (yard / "in").symlink_to("real")
    for name in ("out", "out/ssl", "up", "real/../out"):
        wanted = ContainerRun(image=IMAGE, volumes=[Volume(source=str(yard / name), target="/h")])
        await forbidden(alice, wanted, "binds.roots")
    identity = await alice.launch(volumes=[Volume(source=str(yard / "in"), target="/h")])
    (mount,) = (await alice.inspect(identity))["Mounts"]
    assert mount["Source"] == str(yard / "real")


async def test_a_link_that_is_put_in_later_is_not_followed_at_the_next_start(
    alice: Account, policy: HostFile, yard: Path
) -> None:
    await alice.launch(name="later", volumes=[Volume(source=str(yard / "real"), target="/h")])
    await alice.do(ContainerStop(container="later", timeout=0))
    (yard / "real").rename(yard / "was")
    (yard / "real").symlink_to("/etc")
    await forbidden(alice, ContainerStart(container="later"), "binds.roots")
    await forbidden(alice, ContainerRestart(container="later"), "binds.roots")
    (yard / "real").unlink()
    (yard / "was").rename(yard / "real")
    await alice.do(ContainerStart(container="later"))


async def test_the_accounts_own_places_stay_closed_even_below_an_allowed_root(
    alice: Account, policy: HostFile
) -> None:
    home = str(alice.linux.home)
    policy.write(f'[binds]\nroots = ["/home", "{home}"]')
    for path in (home, "/home", f"{home}/.config", f"{home}/.local/share/containers/storage"):
        Path(path).mkdir(exist_ok=True, parents=True)
        wanted = ContainerRun(image=IMAGE, volumes=[Volume(source=path, target="/h")])
        await forbidden(alice, wanted, "binds")


async def test_a_volume_that_is_a_path_by_another_name_is_judged_as_one(
    alice: Account, policy: HostFile
) -> None:
    alice.podman("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/etc", "sly")
    try:
        wanted = ContainerRun(image=IMAGE, volumes=[Volume(source="sly", target="/h")])
        await forbidden(alice, wanted, "binds.roots")
    finally:
        alice.podman("volume", "rm", "sly")


async def test_an_id_is_as_good_as_the_names_of_its_image(alice: Account, policy: HostFile) -> None:
    identity = alice.podman("image", "inspect", "--format", "{{.Id}}", IMAGE)
    assert await alice.launch(image=identity)
    policy.write('[images]\npatterns = ["localhost/other*"]')
    await forbidden(alice, ContainerRun(image=identity), "images.patterns")
    await forbidden(alice, ImageTag(image=identity, tag="localhost/other"), "images.patterns")


async def test_what_a_base_image_has_ready_for_onbuild_is_judged(
    alice: Account, policy: HostFile
) -> None:
    """Only images of Docker's format have such steps."""
    policy.write('[images]\npatterns = ["localhost/*"]')
    text = "FROM {}\nONBUILD RUN --mount=type=bind,source=/,target=/h true\n"
    trap = ImageBuild(
        tags=["localhost/trap:1"], containerfile=text.format(IMAGE), format="docker", cache=False
    )
    await alice.do(trap)
    query = ImageBuild(
        tags=["localhost/own-try:1"], containerfile="FROM localhost/trap:1\n", cache=False
    )
    harmless = ImageBuild(
        tags=["localhost/own-try:2"], containerfile=f"FROM {IMAGE}\nRUN true\n", cache=False
    )
    policy.write("[binds]\nroots = []")
    await forbidden(alice, query, "binds.roots")
    await alice.do(harmless)
    for name in ("localhost/trap:1", "localhost/own-try:2"):
        alice.podman("rmi", "--force", name)


async def test_a_containerfile_in_the_context_is_read_as_well(
    alice: Account, policy: HostFile
) -> None:
    for text, rule in (
        ("FROM evil.example/x\n", "images.registries"),
        (f"FROM {IMAGE}\nRUN --mount=type=bind,source=/,target=/h true\n", "binds.roots"),
    ):
        operation, upload, data = uuid4(), uuid4(), text.encode()

        async def pieces(data: bytes = data) -> AsyncIterator[bytes]:
            yield data

        digest = hashlib.sha256(data).hexdigest()
        await alice.engine.put_file(operation, upload, digest, pieces())
        files = [ContextFile(path="Containerfile", upload=upload)]
        wanted = ImageBuild(tags=["localhost/own-try:1"], files=files)
        outcome = await alice.outcome(wanted, operation)
        assert isinstance(outcome, Failed)
        assert f"(rule {rule})" in outcome.error.message


async def test_a_kept_version_of_a_unit_is_judged_before_it_comes_back(
    alice: Account, policy: HostFile
) -> None:
    file, version = "containers/systemd/old.container", "20260101T000000000000Z-" + "a" * 12
    kept = alice.linux.home / ".local/state/berth/units" / file
    text = f"[Container]\\nImage={IMAGE}\\nPodmanArgs=--privileged\\n"
    script = f"mkdir -p -m 700 {kept} && printf '{text}' >{kept}/{version}"
    assert alice.linux.run("sh", "-c", script).returncode == 0
    await forbidden(alice, UnitRestore(file=file, version=version), "raw_quadlets")
    assert not (alice.linux.home / ".config" / file).exists()


async def test_the_yaml_that_a_kube_file_names_is_read_when_the_unit_is_written(
    alice: Account, policy: HostFile
) -> None:
    """The file may come from a shell, or from before there was a policy."""
    folder = alice.linux.home / ".config/containers/systemd"
    evil = "kind: Pod\nmetadata:\n  name: x\nspec:\n  hostNetwork: true\n"
    script = f"mkdir -p {folder} && printf '{evil}' >{folder}/evil.yaml"
    assert alice.linux.run("sh", "-c", script).returncode == 0
    alice.linux.run("ln", "-s", "evil.yaml", f"{folder}/link.yaml")
    text = "[Kube]\nYaml={}\nPodmanArgs=--build=false\n"
    try:
        file = "containers/systemd/try.kube"
        await forbidden(alice, UnitWrite(file=file, text=text.format("evil.yaml")), "namespaces")
        error = await alice.refused(UnitWrite(file=file, text=text.format("link.yaml")))
        assert "does not follow links" in error.remedy
        assert not (folder / "try.kube").exists()
    finally:
        alice.linux.run("rm", "-r", str(folder))


async def test_a_container_from_a_shell_goes_on_but_does_not_become_a_unit(
    alice: Account, policy: HostFile
) -> None:
    alice.podman("create", "--name", "own", "--network=host", "--cap-add=SYS_PTRACE",
                 "-v", "/etc:/h", IMAGE, "sleep", "1000")  # fmt: skip
    error = await alice.refused(ContainerAutostart(container="own"))
    for rule in ("namespaces", "capabilities", "binds.roots"):
        assert f"(rule {rule})" in error.message
    await alice.do(ContainerStart(container="own"))


async def test_a_terminal_is_refused_on_both_of_its_ways(alice: Account, policy: HostFile) -> None:
    await alice.launch(name="web")
    query = ContainerTerminal(container="web")
    async with alice.engine.terminal(query) as terminal, asyncio.timeout(10):
        message = [each async for each in terminal]
    assert [getattr(each, "code", "") for each in message] == [ErrorCode.POLICY]
    policy.write("[images]\nby_digest = true")
    async with alice.engine.terminal(query) as terminal, asyncio.timeout(10):
        assert getattr(await anext(aiter(terminal)), "code", "") != ErrorCode.POLICY


async def test_where_terminals_must_be_recorded_none_is_that_nobody_records(
    alice: Account, policy: HostFile
) -> None:
    await alice.launch(name="web")
    policy.write('terminal = "recorded"')
    query = ContainerTerminal(container="web")
    async with alice.engine.terminal(query) as terminal, asyncio.timeout(10):
        message = [each async for each in terminal]
    assert [getattr(each, "code", "") for each in message] == [ErrorCode.POLICY]
    recorded = query.model_copy(update={"recorded": True})
    async with alice.engine.terminal(recorded) as terminal, asyncio.timeout(10):
        assert getattr(await anext(aiter(terminal)), "code", "") != ErrorCode.POLICY


async def test_how_many_containers_there_may_be_and_how_much_disk(
    alice: Account, policy: HostFile
) -> None:
    policy.write('containers = 1\n[disk]\nwarn = "1k"')
    first = await alice.do(ContainerRun(image=IMAGE, command_line=["sleep", "1000"]))
    assert any("of the disk" in each for each in first["warnings"])
    await forbidden(alice, ContainerRun(image=IMAGE), "containers")
    policy.write('[disk]\nmost = "1k"')
    await forbidden(alice, ContainerRun(image=IMAGE), "disk.most")


async def test_rules_for_one_account_are_for_that_account(
    alice: Account, bob: Account, policy: HostFile
) -> None:
    policy.write(f'[accounts."{alice.linux.name}"]\ncontainers = 0')
    await forbidden(alice, ContainerRun(image=IMAGE), "containers")
    await bob.launch()


@pytest.mark.parametrize("spoiled", ["text", "owner", "group", "others", "link", "folder", "rule"])
async def test_a_file_that_cannot_be_trusted_or_read_allows_nothing(
    alice: Account, policy: HostFile, kept: Callable[[], Any], spoiled: str
) -> None:
    before = await kept()
    match spoiled:
        case "text":
            policy.write("terminal = ")
        case "rule":
            policy.write("terminals = false")
        case "owner":
            os.chown(policy.place, alice.linux.uid, 0)
        case "group":
            policy.place.chmod(0o664)
        case "others":
            policy.place.chmod(0o646)
        case "folder":
            policy.place.parent.chmod(0o777)
        case "link":
            other = policy.place.with_suffix(".other")
            policy.place.rename(other)
            policy.place.symlink_to(other)
    try:
        error = await alice.refused(ContainerRun(image=IMAGE))
        assert error.code is ErrorCode.POLICY
        assert "/etc/berth" in error.message
        assert "nothing is allowed" in error.message
        query = ContainerTerminal(container="none")
        async with alice.engine.terminal(query) as terminal, asyncio.timeout(10):
            text = [each async for each in terminal]
        assert [getattr(each, "code", "") for each in text] == [ErrorCode.POLICY]
        assert await kept() == before
    finally:
        policy.place.with_suffix(".other").unlink(missing_ok=True)


async def test_a_query_for_a_terminal_is_not_answered_another_way(
    alice: Account, policy: HostFile
) -> None:
    with pytest.raises(EngineError):
        await alice.answers(ContainerTerminal(container="web"))


async def test_launches_at_the_same_moment_do_not_pass_the_limit_together(
    alice: Account, policy: HostFile
) -> None:
    policy.write("containers = 3")
    await alice.launch()
    sleeps = ContainerRun(image=IMAGE, command_line=["sleep", "1000"])
    ends = await asyncio.gather(*(alice.outcome(sleeps) for _ in range(8)))
    refused = [end for end in ends if isinstance(end, Failed)]
    assert len(refused) == 6
    assert {end.error.code for end in refused} == {ErrorCode.POLICY}
    assert len(await alice.rows()) == 3
    # A released place is free again.
    (row, *_) = (await alice.rows()).values()
    await alice.remove(row.name)
    assert not isinstance(await alice.outcome(sleeps), Failed)
