"""Messages keep their msgid and parameters on every way, and hostile ones do no harm."""

import json
import pickle
from copy import deepcopy

import pytest
from pydantic import ValidationError

from engine.schema.errors import EngineError, ErrorCode, ErrorReport
from engine.schema.messages import DEEPEST, ENGLISH, Message, changed, dump, load, msg
from engine.schema.parameters import Result
from engine.schema.progress import Progress, Succeeded


def test_a_message_is_its_english_text():
    made = msg("%(count)s images, 100%% of %(name)s", count=3, name="web")
    assert made == "3 images, 100% of web"
    assert (made.msgid, made.params["count"]) == ("%(count)s images, 100%% of %(name)s", "3")
    assert msg("100% of it") == "100% of it"


def test_an_exception_and_str_keep_the_message():
    inner = msg("%(name)s is gone.", name="web")
    outer = msg("Not done: %(error)s", error=ValueError(inner))
    assert outer == "Not done: web is gone."
    assert isinstance(outer.params["error"], Message)
    assert isinstance(str(EngineError(ErrorCode.INTERNAL, outer)), Message)


@pytest.mark.parametrize("copied", [deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_a_copy_is_the_same_message(copied):
    made = copied(msg("%(name)s is gone.", name=msg("%(a)s and %(b)s", a=1, b=2)))
    assert dump(made)["params"]["name"]["params"] == {"a": "1", "b": "2"}


def test_models_send_messages_with_their_parameters_and_read_them_again():
    report = ErrorReport(
        code=ErrorCode.CONFLICT,
        message=msg("%(name)s: %(why)s", name="web", why=msg("It is %(a)s.", a="up")),
        remedy="Try again.",
    )
    sent = report.model_dump_json()
    assert json.loads(sent)["message"] == {
        "msgid": "%(name)s: %(why)s",
        "params": {"name": "web", "why": {"msgid": "It is %(a)s.", "params": {"a": "up"}}},
    }
    read = ErrorReport.model_validate_json(sent)
    assert read.message == "web: It is up."
    assert read.model_dump_json() == sent
    plain = json.loads(report.model_dump_json(context=ENGLISH))
    assert plain["message"] == "web: It is up."
    assert ErrorReport.model_json_schema()["properties"]["message"]["type"] == "string"


def test_a_result_keeps_its_messages():
    result = Result(summary=msg("%(a)s is gone.", a="x"), warnings=[msg("100%% of %(a)s", a="y")])
    sent = Succeeded(result=result.model_dump(mode="json")).model_dump_json()
    read = Succeeded.model_validate_json(sent)
    assert read.result == {"summary": "x is gone.", "warnings": ["100% of y"]}
    assert read.model_dump_json() == sent
    assert Result.model_validate(read.result).summary.msgid == "%(a)s is gone."


def test_rows_keep_messages():
    stored = json.dumps(dump({"error": msg("%(a)s is gone.", a="x"), "plain": "gone"}))
    assert load(json.loads(stored)) == {"error": "x is gone.", "plain": "gone"}
    assert dump(load(json.loads(stored))) == json.loads(stored)


def _nested(depth: int) -> object:
    return {"msgid": "%(a)s", "params": {"a": _nested(depth - 1)}} if depth else "x"


@pytest.mark.parametrize(
    "hostile",
    [
        {"msgid": "%(a)s", "params": {}},
        {"msgid": "%(a)s", "params": {"a": "1", "b": "2"}},
        {"msgid": "%(a)s %(b)s", "params": {"a": "1"}},
        {"msgid": "%(a)999999999s", "params": {"a": "1"}},
        {"msgid": "%(a)s %d", "params": {"a": "1"}},
        {"msgid": "%(a)s %", "params": {"a": "1"}},
        {"msgid": "%(a.__class__)s", "params": {"a.__class__": "1"}},
        {"msgid": "%(a)s" * 100, "params": {"a": "1"}},
        {"msgid": "%(a)s" + "x" * 10_000, "params": {"a": "1"}},
        {"msgid": "%(a)s", "params": {"a": 1}},
        {"msgid": "%(a)s", "params": {"a": ["1"]}},
        {"msgid": ["%(a)s"], "params": {"a": "1"}},
        {"msgid": "%(a)s", "params": "a"},
        {"msgid": "%(a)s", "params": {"a": "1"}, "more": 1},
        {"msgid": "", "params": {}},
        _nested(DEEPEST + 1),
        None,
        7,
    ],
)
def test_what_is_no_message_is_refused(hostile):
    with pytest.raises(ValidationError):
        Progress.model_validate({"message": hostile})


def test_a_row_with_what_only_looks_like_a_message_can_be_read():
    odd = {"msgid": "%(a)s", "params": {"b": "1"}}
    assert load({"said": odd}) == {"said": odd}


def test_the_text_of_a_message_is_limited():
    bomb: object = "x" * 8_000
    for _ in range(DEEPEST):
        bomb = {"msgid": "%(a)s" * 20, "params": {"a": bomb}}
    assert len(Progress.model_validate({"message": bomb}).message) <= 8_000


def test_a_value_that_spells_a_place_stays_a_value():
    assert msg("%(a)s and %(b)s", a="%(b)s", b="%s") == "%(b)s and %s"


def test_a_change_reaches_every_part_of_a_message():
    made = msg("Secret %(a)s", a=msg("of %(b)s", b="hunter2"))
    hidden = changed(made, lambda text: text.replace("hunter2", "***"))
    assert hidden == "Secret of ***"
    assert "hunter2" not in json.dumps(dump(hidden))
    split = msg("hun%(a)s", a="ter2")
    hidden = changed(split, lambda text: text.replace("hunter2", "***"))
    assert json.dumps(dump(hidden)) == '"***"'
    named = msg("hunter2 %(a)s", a="x")
    assert "hunter2" not in json.dumps(dump(changed(named, lambda t: t.replace("hunter2", "*"))))
