"""`container.logs`: line by line, whatever the lines are."""

import asyncio
from datetime import UTC, datetime, timedelta

from engine.schema.containers import ContainerStart
from engine.schema.queries import ContainerLogs, LogLine
from tests.engine.account import Account


async def _said(alice: Account, script: str, **options: object) -> None:
    await alice.launch("sh", "-c", script, name="says", **options)
    await alice.becomes("says", "exited")


async def test_both_streams_in_their_order_with_times(alice: Account) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    await _said(alice, "echo one; sleep 0.1; echo two >&2; sleep 0.1; echo; echo ' three '")
    lines = await alice.lines(ContainerLogs(container="says"))
    assert [(line.stream, line.text) for line in lines] == [
        ("stdout", "one"),
        ("stderr", "two"),
        ("stdout", ""),
        ("stdout", " three "),
    ]
    assert all(line.at and before < line.at < datetime.now(UTC) for line in lines)


async def test_nothing_said_is_no_line(alice: Account) -> None:
    await _said(alice, ":")
    assert await alice.lines(ContainerLogs(container="says")) == []


async def test_a_last_line_without_an_end_is_a_line(alice: Account) -> None:
    await _said(alice, "printf 'a\\nb'")
    lines = await alice.lines(ContainerLogs(container="says"))
    assert [line.text for line in lines] == ["a", "b"]


async def test_escapes_and_garbage_arrive_as_text(alice: Account) -> None:
    await _said(alice, r"printf '\033[31mred\033[0m\n\377\376\000\001x\nü\303\nend\r\n'")
    lines = await alice.lines(ContainerLogs(container="says"))
    assert [line.text for line in lines] == [
        "\x1b[31mred\x1b[0m",
        "\ufffd\ufffd\x00\x01x",
        "ü\ufffd",
        "end",
    ]


async def test_lines_longer_than_a_frame_are_whole(alice: Account) -> None:
    long = "seq 1 3000 | while read n; do printf '%08d' $n; done"
    await _said(alice, f"{long}; echo; echo short; {long}; echo >&2")
    lines = await alice.lines(ContainerLogs(container="says"))
    whole = "".join(f"{n:08d}" for n in range(1, 3001))
    out = [line.text for line in lines if line.stream == "stdout"]
    assert out == [whole, "short", whole]


async def test_letters_of_several_bytes_survive_a_frames_end(alice: Account) -> None:
    letters = "for i in 1 2 3 4 5 6 7 8 9; do printf 'ü€😀%.0s' $(seq 300); done; echo"
    await _said(alice, f"printf x; {letters}")
    (line,) = await alice.lines(ContainerLogs(container="says"))
    assert line.text == "x" + "ü€😀" * 2700


async def test_a_hundred_thousand_lines(alice: Account) -> None:
    await _said(alice, "seq 100000")
    lines = await alice.lines(ContainerLogs(container="says"))
    assert [line.text for line in lines] == [str(n) for n in range(1, 100_001)]
    lines = await alice.lines(ContainerLogs(container="says", tail=3))
    assert [line.text for line in lines] == ["99998", "99999", "100000"]
    assert await alice.lines(ContainerLogs(container="says", tail=0)) == []


async def test_since_and_until(alice: Account) -> None:
    await _said(alice, "echo a; sleep 1.2; echo b; sleep 1.2; echo c")
    a, b, c = await alice.lines(ContainerLogs(container="says"))
    assert a.at
    assert b.at
    assert c.at
    after, before = a.at + timedelta(seconds=0.6), c.at - timedelta(seconds=0.6)
    for bounds, wanted in (
        ({"since": after}, ["b", "c"]),
        ({"until": before}, ["a", "b"]),
        ({"since": after, "until": before}, ["b"]),
        ({"since": after, "tail": 1}, ["c"]),
        ({"since": datetime.now(UTC)}, []),
    ):
        lines = await alice.lines(ContainerLogs(container="says", **bounds))
        assert [line.text for line in lines] == wanted, bounds


async def test_following_goes_on_until_it_ends(alice: Account) -> None:
    await alice.launch("sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.3; done", name="says")
    known: list[str] = []
    async for each in alice.engine.query(ContainerLogs(container="says", follow=True)):
        assert isinstance(each, LogLine)
        if not known:
            assert (await alice.rows())["says"].state == "running"
        known.append(each.text)
    assert known == ["1", "2", "3"]


async def test_a_reader_that_leaves_is_let_go(alice: Account) -> None:
    await alice.launch("sh", "-c", "while :; do echo on; sleep 0.05; done", name="says")
    async for _ in alice.engine.query(ContainerLogs(container="says", follow=True, tail=1)):
        break
    await alice.remove("says")
    assert not await alice.rows()


async def test_a_follower_sees_a_container_that_is_removed_as_an_end(alice: Account) -> None:
    await alice.launch("sh", "-c", "echo on; sleep 1000", name="says")
    async with asyncio.timeout(10):
        async for each in alice.engine.query(ContainerLogs(container="says", follow=True)):
            assert isinstance(each, LogLine), each
            await alice.remove("says")


async def test_lines_of_both_runs_are_kept(alice: Account) -> None:
    await _said(alice, "echo again")
    await alice.do(ContainerStart(container="says"))
    await alice.becomes("says", "exited")
    lines = await alice.lines(ContainerLogs(container="says"))
    assert [line.text for line in lines] == ["again", "again"]
    assert all(line.at for line in lines)


async def test_a_terminals_output_is_all_of_one_stream(alice: Account) -> None:
    await _said(alice, "echo one; echo two >&2", tty=True)
    lines = await alice.lines(ContainerLogs(container="says"))
    assert [(line.stream, line.text) for line in lines] == [("stdout", "one"), ("stdout", "two")]


async def test_a_line_longer_than_a_message_says_that_it_goes_on(alice: Account) -> None:
    long = "seq 1 20000 | while read n; do printf '%08d' $n; done"
    await _said(alice, f"{long}; echo; echo short; {long} >&2; echo >&2; {long}")
    lines = await alice.lines(ContainerLogs(container="says"))
    whole = "".join(f"{n:08d}" for n in range(1, 20001))
    for stream, wanted in (("stdout", f"{whole}\nshort\n{whole}\n"), ("stderr", f"{whole}\n")):
        of_it = [line for line in lines if line.stream == stream]
        assert "".join(each.text + ("" if each.partial else "\n") for each in of_it) == wanted
        assert all(len(each.text) < 80 * 1024 for each in of_it)
        assert any(each.partial for each in of_it)
