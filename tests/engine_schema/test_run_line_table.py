"""What a shell, pflag, and Podman make of a run line, and the form's result."""

import pytest

from engine.schema.containers import ContainerRun
from engine.schema.run_line import Unreadable, read, read_arguments
from tests.engine_schema.run_lines import ROWS, Row


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:60] for row in ROWS])
def test_each_line_is_carried_or_said(row: Row) -> None:
    text, values, left_out = row
    found = read(text)
    assert found.values == values
    assert len(found.left_out) == len(left_out), found.left_out
    for each, beginning in zip(found.left_out, left_out, strict=True):
        assert each.option.startswith(beginning)
        assert each.reason
        assert each.line >= 1
        assert each.column >= 1
    ContainerRun.model_validate(values)


def test_what_is_left_out_is_said_at_its_line_and_column() -> None:
    found = read("# web\npodman run \\\n  --privileged -e A=$(id) \\\n  x # note\npodman ps")
    assert [(each.option, each.line, each.column) for each in found.left_out] == [
        ("# web", 1, 1),
        ("--privileged", 3, 3),
        ("-e A=$(id)", 3, 16),
        ("# note", 4, 5),
        ("podman ps", 5, 1),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("docker run 'x", "line 1, column 12"),
        ('docker run \\\n -e "A=1 x', "line 2, column 5"),
        ("docker run -e A=$(id x", "line 1, column 18"),
        ("docker run -e A=`id x", "line 1, column 17"),
        ("docker run " + "$(" * 500 + ")" * 500, "line 1"),
        ("docker run -e", "-e has no value"),
        ("docker run --rm", "no image"),
        ("docker run x\0", "no text"),
        ("docker ps && docker images", "Only `run`"),
        ("docker compose run x", "Only `run`"),
        ("podman system service -t 60", "Only `run`"),
        ("echo podman run x", "Paste a line"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "podman run -e PASSWORD=hunter2$(x) x",
        'podman run -e "DB_PASSWORD=hunter2$X" x',
        "podman run x && mysql -e MYSQL_PASSWORD=hunter2",
        "podman run x\npodman login -u a -p hunter2 r.example",
        "podman run x; login --password hunter2",
        "podman run x # API_TOKEN=hunter2",
        "DB_PASSWORD=hunter2 podman run -e DB_PASSWORD x",
        "podman run --creds me:hunter2 x",
        "podman run --tty=PASSWORD=hunter2 x",
        "podman run -t=-e=--env=PASSWORD=hunter2 x",
        "podman run --log-opt api_key=hunter2 x",
        "curl https://me:hunter2@h.example/ && podman run x",
        "podman run x --password=hunter2$X",
    ],
)
def test_no_reason_and_no_part_that_is_left_out_shows_a_secret(text: str) -> None:
    found = read(text)
    assert found.left_out
    for each in found.left_out:
        assert "hunter2" not in each.option + each.reason


def test_the_words_of_a_container_that_exists_were_split_by_a_shell_already() -> None:
    found = read_arguments(
        ["podman", "create", "-e", "A=s3cr$et", "-e", "B=$(id)", "x", "sh", "-c", "a\nb # c", "~/*"]
    )
    assert found.values == {
        "image": "x",
        "environment": {"A": "s3cr$et", "B": "$(id)"},
        "command_line": ["sh", "-c", "a\nb # c", "~/*"],
    }
    assert found.left_out == []


def test_a_long_hostile_text_is_read_or_refused() -> None:
    for text in (
        "docker run " + "-e 'A=1' " * 10_000 + "x",
        "docker run x" + " && a" * 19_000,
        "docker run x " + "{" * 90_000,
        "docker run x " + "'' " * 30_000,
        "docker run x " + "${a" * 30_000,
        "docker run -e " + "-a=" * 30_000 + " x",
        "docker run x\n" + "#\n" * 40_000,
    ):
        try:
            read(text)
        except Unreadable:
            continue
