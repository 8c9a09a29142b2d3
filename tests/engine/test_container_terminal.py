"""`container.terminal`: input and output of a shell in a container."""

import asyncio
import base64
from pathlib import Path

import pytest

from engine.client import Terminal
from engine.schema.queries import (
    ContainerTerminal,
    QueryFailed,
    TerminalEnded,
    TerminalInput,
    TerminalOutput,
    TerminalSize,
)
from tests.engine.account import Account
from tests.waiting import PATIENCE, eventually

PASTE = 64 * 1024


def typed(text: str) -> TerminalInput:
    """Return what a browser sends."""
    return TerminalInput(data=base64.b64encode(text.encode()).decode())


async def until(terminal: Terminal, words: str) -> str:
    """Read until the words appear. Return all output."""
    shown = b""
    async with asyncio.timeout(PATIENCE):
        async for each in terminal:
            assert isinstance(each, TerminalOutput), each
            shown += base64.b64decode(each.data)
            if words.encode() in shown:
                return shown.decode(errors="replace")
    raise AssertionError(f"it ended: {shown!r}")


async def rest(terminal: Terminal) -> tuple[str, TerminalEnded | QueryFailed]:
    """Return all output until the end, and the end."""
    shown = b""
    async with asyncio.timeout(PATIENCE):
        async for each in terminal:
            if isinstance(each, TerminalOutput):
                shown += base64.b64decode(each.data)
            else:
                return shown.decode(errors="replace"), each
    raise AssertionError("it closed without an end")


async def test_a_shell_with_the_size_of_the_page_and_its_exit_code(alice: Account) -> None:
    await alice.launch(name="web")
    query = ContainerTerminal(container="web", columns=101, rows=33)
    async with alice.engine.terminal(query) as terminal:
        await terminal.send(typed("stty size; echo $TERM-$((6*7))\n"))
        shown = await until(terminal, "xterm-256color-42")
        assert "33 101" in shown
        await terminal.send(TerminalSize(columns=77, rows=22))
        await terminal.send(typed('until [ "$(stty size)" = "22 77" ]; do :; done; stty size\n'))
        await until(terminal, "22 77")
        await terminal.send(typed("exit 7\n"))
        _, end = await rest(terminal)
    assert end == TerminalEnded(exit_code=7)


async def test_a_large_paste_arrives_whole(alice: Account) -> None:
    await alice.launch(name="web")
    # Raw, as in editors: otherwise, the kernel's line discipline takes at most 4095 bytes per line.
    command = ["sh", "-c", "stty raw -echo; echo ready; cat > /tmp/pasted"]
    pasted = ("0123456789abcdef" * (PASTE // 16))[: PASTE - 1] + "!"
    async with alice.engine.terminal(
        ContainerTerminal(container="web", command_line=command)
    ) as terminal:
        await until(terminal, "ready")
        await terminal.send(typed(pasted))
        await eventually(
            lambda: len(alice.podman("exec", "web", "cat", "/tmp/pasted")) == PASTE, "it is whole"
        )
    assert alice.podman("exec", "web", "cat", "/tmp/pasted") == pasted


async def test_binary_output_arrives_as_it_is(alice: Account) -> None:
    await alice.launch(name="web")
    script = r"stty -opost; printf '\377\000\033[31m\303'; exit 0"
    async with alice.engine.terminal(
        ContainerTerminal(container="web", command_line=["sh", "-c", script])
    ) as terminal:
        shown = b""
        async for each in terminal:
            if isinstance(each, TerminalOutput):
                shown += base64.b64decode(each.data)
    assert shown == b"\xff\x00\x1b[31m\xc3"


async def test_much_output_is_not_lost(alice: Account) -> None:
    await alice.launch(name="web")
    query = ContainerTerminal(container="web", command_line=["seq", "60000"])
    async with alice.engine.terminal(query) as terminal:
        shown, end = await rest(terminal)
    assert shown.split() == [str(n) for n in range(1, 60_001)]
    assert end == TerminalEnded(exit_code=0)


@pytest.mark.parametrize("leaving", ["closing the page", "a lost connection"])
async def test_what_is_left_open_is_ended(alice: Account, leaving: str) -> None:
    await alice.launch(name="web")
    query = ContainerTerminal(container="web", command_line=["sleep", "4321"])
    async with alice.engine.terminal(query):
        await eventually(lambda: _running(alice, "sleep 4321"), "it runs")
        if leaving == "a lost connection":
            await alice.engine.close()
    await eventually(lambda: not _running(alice, "sleep 4321"), "it ends")


async def test_a_container_that_ends_ends_the_terminal(alice: Account) -> None:
    await alice.launch(name="web")
    async with alice.engine.terminal(ContainerTerminal(container="web")) as terminal:
        await terminal.send(typed("echo here\n"))
        await until(terminal, "here")
        await alice.remove("web")
        _, end = await rest(terminal)
    assert isinstance(end, TerminalEnded)


async def test_another_user(alice: Account) -> None:
    await alice.launch(name="web")
    query = ContainerTerminal(container="web", command_line=["id"], user="nobody")
    async with alice.engine.terminal(query) as terminal:
        shown, _ = await rest(terminal)
    assert "uid=65534(nobody)" in shown


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"container": "nowhere"}, "not_found", "nowhere"),
        ({"container": "over"}, "conflict", ""),
        ({"user": "nobody-here"}, "invalid", "nobody-here"),
    ],
    ids=["no container", "it does not run", "no user"],
)
async def test_a_terminal_that_cannot_be_opened_says_why(
    alice: Account, options: dict, code: str, words: str
) -> None:
    await alice.launch(name="web")
    await alice.launch("echo", name="over")
    await alice.becomes("over", "exited")
    query = ContainerTerminal(**{"container": "web", **options})
    async with alice.engine.terminal(query) as terminal:
        shown, end = await rest(terminal)
    assert isinstance(end, QueryFailed), (shown, end)
    assert (end.code, words in end.message) == (code, True), end
    assert end.remedy


async def test_a_program_that_is_not_there_is_named_in_the_terminal(alice: Account) -> None:
    await alice.launch(name="web")
    query = ContainerTerminal(container="web", command_line=["no-such-program"])
    async with alice.engine.terminal(query) as terminal:
        shown, end = await rest(terminal)
    assert "no-such-program" in f"{shown}{end}"
    assert isinstance(end, QueryFailed) or end.exit_code == 127


def _running(account: Account, command: str) -> bool:
    wanted = command.encode().replace(b" ", b"\0") + b"\0"
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (
                place.stat().st_uid == account.linux.uid
                and (place / "cmdline").read_bytes() == wanted
            ):
                return True
        except OSError:
            continue
    return False
