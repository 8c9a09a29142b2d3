"""An export can be verified without its database."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from consoleapp.audit import chainer
from consoleapp.audit.checkpoints import sign_checkpoint
from consoleapp.audit.export import harmless
from consoleapp.audit.models import Event
from consoleapp.web.audit.export import as_csv, as_json_lines
from tests.fixtures.audit import written

pytestmark = pytest.mark.django_db
HOSTILE = ("=1+1", "'=1", "'", "-x", "@x", 'a\nb,"c"', "\tx", "ü€\u2028", "")


@pytest.fixture
def rows():
    written(3)
    for number, text in enumerate(HOSTILE):
        Event.objects.create(
            actor_name=text or "x", source="api", action="test", target=text, detail=text * 2,
            parameters={} if number % 2 else None,
        )  # fmt: skip
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    return Event.objects.order_by("-pk")


def saved(place: Path, name: str, lines) -> Path:
    file = place / name
    file.write_text("".join(lines), newline="")
    return file


@pytest.mark.parametrize("write", [as_csv, as_json_lines])
def test_an_export_is_whole(rows, place, write, capsys):
    call_command("verify_audit", export=saved(place, "export", write(rows)))
    out = capsys.readouterr().out
    assert f"{rows.count()} links, 1 signed checkpoints" in out
    assert "The history is whole." in out


@pytest.mark.parametrize("write", [as_csv, as_json_lines])
def test_a_narrowed_export_says_that_it_has_gaps(rows, place, write, capsys):
    call_command("verify_audit", export=saved(place, "export", write(rows.filter(target="'"))))
    call_command("verify_audit", export=saved(place, "export", write(rows.exclude(target="'"))))
    assert ", 1 gaps" in capsys.readouterr().out


@pytest.mark.parametrize("write", [as_csv, as_json_lines])
def test_a_changed_line_is_named(rows, place, write, capsys):
    text = "".join(write(rows)).replace("web-1", "web-x")
    with pytest.raises(CommandError):
        call_command("verify_audit", export=saved(place, "export", text))
    event = Event.objects.get(target="web-1")
    assert f"(event {event.pk}) does not fit its hash" in capsys.readouterr().out


def test_a_line_made_anew_does_not_fit_its_neighbours(rows, place, capsys):
    from consoleapp.audit.chain import FIELDS, hash_of

    lines = [json.loads(line) for line in as_json_lines(rows)]
    forged = lines[3]
    forged["target"] = "forged"
    link = {name: forged[name] for name in ("seq", "previous", "chained")}
    forged["hash"] = hash_of({name: forged[name] for name in FIELDS}, **link).hex()
    file = saved(place, "export", (json.dumps(line) + "\n" for line in lines))
    with pytest.raises(CommandError):
        call_command("verify_audit", export=file)
    assert "the chain is broken" in capsys.readouterr().out


def test_an_event_that_is_not_sealed_yet_has_an_empty_seal(rows):
    written(1, first=77)
    line = json.loads(next(as_json_lines(rows)))
    assert line["target"] == "web-77"
    assert line["seq"] is line["hash"] is line["checkpoint"] is None


@pytest.mark.parametrize("cell", [text for text in HOSTILE if text])
def test_no_cell_is_a_formula_and_each_can_be_read_back(cell):
    assert not harmless(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert harmless(cell).removeprefix("'") == cell


def test_what_is_no_export_is_refused(place):
    with pytest.raises(CommandError, match="no export"):
        call_command("verify_audit", export=saved(place, "export", "a,b\n1,2\n"))
