"""`container.run`: a running container, or a helpful error and nothing left behind."""

import asyncio
import socket
from typing import Any
from uuid import uuid4

import pytest

from engine.schema.containers import ContainerRun, Port, Volume
from engine.schema.errors import ErrorCode
from engine.schema.progress import Cancelled, Progress
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.engine.linux_account import LinuxAccount
from tests.engine.registries import Registry
from tests.machine import free_port
from tests.waiting import eventually

MISTAKES: dict[str, tuple[dict[str, Any], ErrorCode, str]] = {
    "a path that is not there": (
        {"volumes": [Volume(source="/not/there", target="/data")]},
        ErrorCode.INVALID,
        "/not/there",
    ),
    "a path that the account may not see": (
        {"volumes": [Volume(source="/root/x", target="/data")]},
        ErrorCode.INVALID,
        "/root/x",
    ),
    "a user that the image lacks": ({"user": "nobody-here"}, ErrorCode.INVALID, "nobody-here"),
    "a workdir that the image lacks": ({"workdir": "/made/up"}, ErrorCode.INVALID, "/made/up"),
    "a command that the image lacks": (
        {"command_line": ["no-such-program"]},
        ErrorCode.INVALID,
        "no-such-program",
    ),
    "a command by a path that the image lacks": (
        {"command_line": ["/no/such/program"]},
        ErrorCode.INVALID,
        "/no/such/program",
    ),
    "a command that is a directory": ({"command_line": ["/etc"]}, ErrorCode.INVALID, "/etc"),
    "a command that is no program": (
        {"command_line": ["/etc/passwd"]},
        ErrorCode.INVALID,
        "/etc/passwd",
    ),
    "an entrypoint that the image lacks": (
        {"entrypoint": ["/init"]},
        ErrorCode.INVALID,
        "/init",
    ),
    "an image that is nowhere": (
        {"image": "localhost/nowhere:1", "pull": "never"},
        ErrorCode.NOT_FOUND,
        "localhost/nowhere:1",
    ),
    "a network that is nowhere": ({"network": "nowhere"}, ErrorCode.NOT_FOUND, "nowhere"),
    "a container's network that is nowhere": (
        {"network": "container:nowhere"},
        ErrorCode.NOT_FOUND,
        "nowhere",
    ),
    "an unknown option of a network": (
        {"network": "podman:colour=red"},
        ErrorCode.INVALID,
        "colour",
    ),
    "an unknown stop signal": ({"stop_signal": "SIGNOTHING"}, ErrorCode.INVALID, "SIGNOTHING"),
    "a stop signal of a large number": ({"stop_signal": "99"}, ErrorCode.INVALID, "99"),
}


@pytest.mark.parametrize(("options", "code", "words"), MISTAKES.values(), ids=MISTAKES.keys())
async def test_a_mistake_is_named_and_nothing_is_left(
    alice: Account, options: dict[str, Any], code: ErrorCode, words: str
) -> None:
    volumes = alice.podman("volume", "ls", "--quiet")
    defaults = {"image": IMAGE, "name": "wrong", "volumes": [Volume(target="/scratch")]}
    error = await alice.refused(ContainerRun(**{**defaults, **options}))
    assert (error.code, words in error.message) == (code, True), error
    assert error.remedy or "option" in error.message or "signal" in error.message, error
    assert not await alice.rows()
    assert alice.podman("volume", "ls", "--quiet") == volumes


async def test_a_taken_name_is_refused_and_nothing_is_created(alice: Account) -> None:
    first = await alice.launch(name="web")
    error = await alice.refused(ContainerRun(image=IMAGE, name="web"))
    assert error.code == ErrorCode.CONFLICT
    assert "another name" in error.remedy
    assert [row.id for row in (await alice.rows()).values()] == [first]


async def test_a_port_that_is_taken_is_refused_and_nothing_is_left(alice: Account) -> None:
    # Both families: pasta is satisfied with one of them.
    with socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True) as taken:
        port = Port(container_port=8080, host_port=taken.getsockname()[1])
        error = await alice.refused(ContainerRun(image=IMAGE, ports=[port]))
    assert error.code == ErrorCode.CONFLICT, error
    assert "host port" in error.remedy
    assert not await alice.rows()


async def test_a_port_below_1024_is_refused_and_nothing_is_left(alice: Account) -> None:
    port = Port(container_port=8080, host_port=81)
    error = await alice.refused(ContainerRun(image=IMAGE, ports=[port]))
    assert error.code == ErrorCode.INVALID, error
    assert "1024" in error.remedy
    assert not await alice.rows()


async def test_a_published_port_serves_the_page(alice: Account) -> None:
    port = free_port()
    query = ContainerRun(image=IMAGE, ports=[Port(container_port=8080, host_port=port)])
    result = await alice.do(query)
    assert result["ports"][0]["host_port"] == port
    assert b"It works" in await _get(port)


async def test_a_free_port_is_found_and_said(alice: Account) -> None:
    result = await alice.do(ContainerRun(image=IMAGE, ports=[Port(container_port=8080)]))
    (port,) = result["ports"]
    assert port["host_port"] > 1023
    assert b"It works" in await _get(port["host_port"])
    assert (await alice.rows())[result["name"]].ports[0].host_port == port["host_port"]


@pytest.mark.parametrize("name", ["0", "a" * 253, "A.b_c-D", "deadbeef0123", "rm", "all"])
async def test_odd_but_valid_names(alice: Account, name: str) -> None:
    # A host name has at most 64 characters, and a container's is its own name or id.
    await alice.launch(name=name)
    assert list(await alice.rows()) == [name]
    assert (await alice.inspect(name))["Name"] == name


async def test_a_name_that_is_the_id_of_another_means_the_name(alice: Account) -> None:
    first = await alice.launch(name="first")
    second = await alice.launch(name=first[:12])
    assert (await alice.inspect(first[:12]))["Id"] == second
    await alice.remove(first[:12])
    assert list(await alice.rows()) == ["first"]


async def test_words_that_look_like_options_are_the_commands_own(alice: Account) -> None:
    await alice.launch("echo", "--rm", "--", "-d", "$HOME", "a b", "", name="says")
    await alice.becomes("says", "exited")
    assert alice.podman("logs", "says") == "--rm -- -d $HOME a b"


async def test_an_environment_arrives_as_it_was_written(alice: Account) -> None:
    wanted = {"A": "1", "B": "a b=c", "C": "", "D": "two\nlines", "E": "ü\u202e", "F": "$HOME"}
    await alice.launch("env", "-0", environment=wanted, name="says", image=IMAGE)
    await alice.becomes("says", "exited")
    shown = (await alice.inspect("says"))["Config"]["Env"]
    assert {f"{name}={value}" for name, value in wanted.items()} <= set(shown)


async def test_one_that_removes_itself_goes_when_it_ends(alice: Account) -> None:
    result = await alice.do(ContainerRun(image=IMAGE, remove=True, command_line=["echo"]))
    assert result["id"]

    async def gone() -> bool:
        return not await alice.rows()

    await eventually(gone, "it goes by itself")


async def test_one_that_fails_is_started_again_as_often_as_was_said(alice: Account) -> None:
    await alice.launch("sh", "-c", "exit 3", name="fails", restart="on-failure", restart_tries=2)

    async def given_up() -> bool:
        count = (await alice.inspect("fails"))["RestartCount"]
        return (await alice.rows())["fails"].state == "exited" and count == 2

    await eventually(given_up, "it was started twice more")
    row = (await alice.rows())["fails"]
    assert (row.state, row.exit_code) == ("exited", 3)
    # Podman 4.3 does not list it, and None is not zero.
    assert row.restarts in (None, 2)


async def test_an_image_that_is_not_there_is_pulled(alice: Account, registry: Registry) -> None:
    image = registry.holding(alice.linux, "on-demand")
    error = await alice.refused(ContainerRun(image=image))
    assert error.code == ErrorCode.UNREACHABLE, error  # it has no TLS, and nobody configured that
    assert not await alice.rows()


async def test_a_launch_that_is_cancelled_while_it_pulls_leaves_nothing(
    alice: Account, slow_image: str
) -> None:
    operation = uuid4()
    ended: Any = None
    async for each in alice.engine.run(operation, ContainerRun(image=slow_image)):
        ended = each
        if isinstance(each, Progress) and (each.current or each.steps):
            await alice.engine.cancel(operation)
    assert isinstance(ended, Cancelled)
    assert not await alice.rows()
    assert slow_image not in alice.podman("images")


async def test_the_labels_of_hostile_images_are_text(
    alice: Account, alice_linux: LinuxAccount
) -> None:
    label = 'LABEL "x"="<script>alert(1)</script>\u202e${HOME}"'
    alice.podman("import", "--change", label, "-", "localhost/hostile:1", given=_empty_tar())
    try:
        rows = await alice.engine.images()
        (row,) = [row for row in rows if "localhost/hostile:1" in row.tags]
        assert "<script>" in row.labels["x"]
    finally:
        alice.podman("rmi", "--force", "localhost/hostile:1")


async def _get(port: int) -> bytes:
    async def answer() -> bytes:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            answer = await reader.read()
            writer.close()
        except OSError:
            return b""  # the port is open before the program behind it listens
        return answer

    return await eventually(answer, "something answers")


def _empty_tar() -> bytes:
    return b"\0" * 10240
