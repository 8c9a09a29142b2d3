"""Long lines arrive in pieces from an engine, and are whole in the API and in a download."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from consoleapp.live.log_lines import LONGEST_LINE, whole

Answer = dict[str, Any]


def line(text: str, *, stream: str = "stdout", at: str = "1", partial: bool = False) -> Answer:
    return {"type": "line", "stream": stream, "at": at, "text": text, "partial": partial}


async def joined(*answers: Answer) -> list[Answer]:
    async def sent() -> AsyncGenerator[Answer, None]:
        for answer in answers:
            yield answer

    return [each async for each in whole(sent())]


async def test_pieces_become_one_line_with_the_time_of_the_first() -> None:
    found = await joined(
        line("a", at="1", partial=True), line("b", at="2", partial=True), line("c", at="3")
    )
    assert found == [line("abc", at="1")]


async def test_each_streams_pieces_are_its_own() -> None:
    found = await joined(
        line("out", partial=True), line("err", stream="stderr"), line("put"), line("next")
    )
    assert found == [line("err", stream="stderr"), line("output"), line("next")]


async def test_a_line_that_never_ends_stays_in_bounded_pieces() -> None:
    piece = "x" * 65536
    found = await joined(*[line(piece, partial=True)] * 40, line("end"))
    assert [each["partial"] for each in found] == [True, True, False]
    assert max(len(each["text"]) for each in found) <= LONGEST_LINE + len(piece)
    assert "".join(each["text"] for each in found) == piece * 40 + "end"


async def test_what_the_container_did_not_finish_is_a_line() -> None:
    assert await joined(line("a", partial=True)) == [line("a")]


@pytest.mark.parametrize("partial", [True, False])
async def test_an_error_stays_the_last_thing_said(partial: bool) -> None:
    error = {"type": "error", "code": "internal", "message": "gone"}
    found = await joined(line("a", partial=partial), error)
    assert error in found
