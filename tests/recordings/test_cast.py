"""The format of the files, as asciinema's own reader would parse it."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from consoleapp.recordings import cast

BEGUN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_header_says_version_2_and_what_a_player_needs() -> None:
    line = cast.header(columns=80, rows=24, begun=BEGUN, command="sh -c 'a b'", title="olga in db")
    assert line.endswith(b"\n")
    assert json.loads(line) == {
        "version": 2,
        "width": 80,
        "height": 24,
        "timestamp": int(BEGUN.timestamp()),
        "title": "olga in db",
        "command": "sh -c 'a b'",
        "env": {"TERM": "xterm-256color"},
    }


def test_output_and_sizes_are_events_of_one_line_each() -> None:
    events = cast.Events()
    assert json.loads(events.output(1.5, b"a\r\n\x1b[31mb")) == [1.5, "o", "a\r\n\x1b[31mb"]
    assert events.output(1.5, b"a\r\n\x1b[31mb").count(b"\n") == 1
    assert json.loads(events.size(2, 132, 50)) == [2, "r", "132x50"]


def test_a_character_cut_in_two_is_whole_in_the_second_line() -> None:
    events, snowman = cast.Events(), "☃".encode()
    assert events.output(1, snowman[:2]) == b""
    assert json.loads(events.output(2, snowman[2:])) == [2, "o", "☃"]
    assert events.end(3) == b""


def test_half_a_character_at_the_end_and_bytes_that_are_none_are_shown_as_such() -> None:
    events = cast.Events()
    assert json.loads(events.output(1, b"a\xff\xe2\x98"))[2] == "a�"
    assert json.loads(events.end(2)) == [2, "o", "�"]


def test_asciinemas_own_program_plays_it(tmp_path: Path) -> None:
    events, file = cast.Events(), tmp_path / "session.cast"
    file.write_bytes(
        cast.header(columns=80, rows=24, begun=BEGUN, command="", title="olga in db")
        + events.output(0.1, b"caf\xc3")
        + events.output(0.2, b"\xa9 \x1b[1mopen\x1b[0m")
        + events.size(0.3, 100, 30)
        + events.output(0.4, b"\r\n")
    )
    played = subprocess.run(
        [sys.executable, "-m", "asciinema", "cat", str(file)], capture_output=True, check=True
    )
    assert played.stdout.decode() == "café \x1b[1mopen\x1b[0m\r\n"


@given(st.text(), st.lists(st.integers(1, 7)))
def test_however_output_is_cut_its_text_comes_back(text: str, cuts: list[int]) -> None:
    events, data = cast.Events(), text.encode(errors="ignore")
    lines = b""
    for cut in [*cuts, len(data) + 1]:
        lines += events.output(0.1, data[:cut])
        data = data[cut:]
    lines += events.end(0.2)
    message = "".join(json.loads(line)[2] for line in lines.decode().split("\n") if line)
    assert message == text.encode(errors="ignore").decode()
