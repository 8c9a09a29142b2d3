"""Pushing an image to a registry."""

import asyncio
import socket
from pathlib import Path
from uuid import uuid4

from engine.client import Engine
from engine.schema.images import ImagePush
from engine.schema.progress import Cancelled, Progress
from tests.fixtures.images import (
    LAYERED,
    PASSWORD,
    USER,
    Account,
    Registry,
    carry_out,
    manifest_digest,
)


def push(registry: Registry, name: str, **more: object) -> ImagePush:
    values = {"image": LAYERED, "destination": f"{registry.address}/{name}", "tls_verify": False}
    return ImagePush.model_validate(values | more)


async def test_a_push_ends_with_the_digest_that_the_registry_has(
    anna_engine: Engine, registry: Registry
) -> None:
    outcome = await carry_out(anna_engine, push(registry, "team/app:2"))
    assert outcome.result["reference"] == f"{registry.address}/team/app:2"
    assert outcome.result["digest"] == manifest_digest(registry, "team/app", "2") != ""


async def test_every_layer_has_a_step_of_its_own(anna_engine: Engine, registry: Registry) -> None:
    outcome = await carry_out(anna_engine, push(registry, "team/steps:1"))
    layers = [step for step in outcome.progress[-1].steps if not step.label.startswith("config")]
    assert len(layers) == 3


async def test_what_is_pushed_can_be_pulled_by_another_account(
    anna_engine: Engine, registry: Registry, ben: Account
) -> None:
    await carry_out(anna_engine, push(registry, "team/pulled:1"))
    name = f"{registry.address}/team/pulled:1"
    pulled = ben.podman("pull", "--tls-verify=false", name)
    assert pulled.returncode == 0, pulled.stderr


async def test_an_image_that_is_not_there_is_said_to_be_missing(
    anna_engine: Engine, registry: Registry
) -> None:
    outcome = await carry_out(anna_engine, push(registry, "team/no:1", image="localhost/nothing:1"))
    assert outcome.code == "not_found"
    assert manifest_digest(registry, "team/no", "1") == ""


async def test_a_registry_that_is_not_there_is_unreachable(anna_engine: Engine) -> None:
    nowhere = Registry("127.0.0.1:9", Path("/nowhere"))
    outcome = await carry_out(anna_engine, push(nowhere, "team/app:1"))
    assert outcome.code == "unreachable"


async def test_a_certificate_that_nobody_trusts_is_refused_unless_that_is_asked_for(
    anna_engine: Engine, locked_registry: Registry
) -> None:
    own = {"username": USER, "password": PASSWORD}
    outcome = await carry_out(anna_engine, push(locked_registry, "a/b:1", tls_verify=True, **own))
    assert outcome.code == "unreachable"
    assert "certificate" in outcome.error
    outcome = await carry_out(anna_engine, push(locked_registry, "a/b:1", **own))
    assert outcome.result["digest"]


async def test_without_or_with_a_wrong_password_the_registry_refuses(
    anna_engine: Engine, locked_registry: Registry
) -> None:
    outcome = await carry_out(anna_engine, push(locked_registry, "a/c:1"))
    assert outcome.code == "unauthorized"
    wrong = {"username": USER, "password": "not-this-one"}
    outcome = await carry_out(anna_engine, push(locked_registry, "a/c:1", **wrong))
    assert outcome.code == "unauthorized"
    assert "not-this-one" not in outcome.error


async def test_the_accounts_own_sign_in_is_used(
    anna: Account, anna_engine: Engine, locked_registry: Registry
) -> None:
    signed = anna.podman(
        *("login", "--tls-verify=false", "-u", USER, "-p", PASSWORD, locked_registry.address)
    )
    assert signed.returncode == 0, signed.stderr
    try:
        outcome = await carry_out(anna_engine, push(locked_registry, "a/own:1"))
        assert outcome.result["digest"]
    finally:
        anna.podman("logout", "--all")


async def test_a_password_is_in_no_command_line_and_no_file_afterwards(
    anna: Account, anna_engine: Engine, locked_registry: Registry
) -> None:
    known: list[str] = []

    async def watch() -> None:
        while True:
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    if process.stat().st_uid != anna.uid:
                        continue
                    line = (process / "cmdline").read_bytes()
                    known.append(line.replace(b"\0", b" ").decode())
                except OSError:
                    continue
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    own = {"username": USER, "password": PASSWORD}
    outcome = await carry_out(anna_engine, push(locked_registry, "a/secret:1", **own))
    watching.cancel()
    assert outcome.result["digest"]
    assert any("push" in line and "a/secret:1" in line for line in known)
    assert not any(PASSWORD in line for line in known)
    assert not list(Path(f"/run/user/{anna.uid}/berth").glob("push-*"))


async def test_a_push_that_is_cancelled_ends_podman(anna: Account, anna_engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        registry = Registry(f"127.0.0.1:{silent.getsockname()[1]}", Path("/nowhere"))
        operation = uuid4()
        async for message in anna_engine.run(operation, push(registry, "team/silent:1")):
            if isinstance(message, Progress):
                await anna_engine.cancel(operation)
            else:
                assert isinstance(message, Cancelled)
    assert not anna.runs("podman.*push")
