"""Messages of engine and worker on pages, in the reader's language, from rows in English."""

import json

import pytest
from django.utils import timezone
from django.utils.translation import override

from consoleapp.audit.models import Event
from consoleapp.i18n.rendering import in_language
from consoleapp.operations.states import State
from consoleapp.snapshots.reader import Head
from consoleapp.worker.completion import finish
from engine.schema.errors import ErrorCode, ErrorReport
from engine.schema.messages import Message, dump, msg
from tests.fixtures.web import operation


@pytest.fixture
def chinese():
    with override("zh-hans"):
        yield


def test_a_message_is_translated_and_filled(chinese):
    made = msg("Pushing to %(destination)s", destination="quay.example/team/app:2")
    assert in_language(made) == "正在推送到 quay.example/team/app:2"
    assert in_language(dump(made)) == in_language(made)


def test_a_message_in_a_message_is_translated_too(chinese):
    made = msg("Not allowed: %(reason)s", reason=msg("Terminals are not allowed."))
    assert in_language(made) == "不允许：不允许使用终端。"


def test_english_readers_see_what_was_written():
    with override("en"):
        assert in_language(msg("%(container)s runs.", container="web")) == "web runs."


@pytest.mark.parametrize(
    "text",
    ["Error: statfs /x: no such file or directory", "web.service runs tomorrow.", "", None, 3, []],
)
def test_what_has_no_translation_stays(chinese, text):
    assert in_language(text) == text


def test_values_are_never_looked_up_as_places(chinese):
    made = msg("Pushing to %(destination)s", destination="%(destination)s %s {0.__class__}")
    assert in_language(made) == "正在推送到 %(destination)s %s {0.__class__}"


def test_a_message_with_other_parameters_than_its_translation_is_shown_in_english(chinese):
    made = Message("Pushing to %(destination)s", {"other": "x"})
    assert in_language(made) == "Pushing to %(destination)s"


def test_a_page_shows_an_engine_s_english_error_in_chinese(as_, web, operator):
    row = operation(web, operator)
    report = ErrorReport(
        code=ErrorCode.CONFLICT,
        message=msg("%(container)s is running.", container="<b>db</b>"),
        remedy="Stop the container first, or remove it by force.",
    )
    # As it comes over the socket.
    report = ErrorReport.model_validate_json(report.model_dump_json())
    assert finish(row, State.FAILED, report, fence=row.fence)
    row.refresh_from_db()
    assert row.error["message"] == "<b>db</b> is running."
    operator.language = "zh-hans"
    operator.save()
    page = as_(operator).get(f"/operations/{row.pk}/").content.decode()
    assert "&lt;b&gt;db&lt;/b&gt; 正在运行。" in page
    assert "is running" not in page
    answer = as_(operator).get(f"/api/v1/operations/{row.pk}").json()
    assert answer["error"]["message"] == "<b>db</b> is running."


def test_an_audit_event_has_english_text_and_a_page_in_the_reader_s_language(as_, web, operator):
    row = operation(web, operator)
    made = msg("%(container)s is running.", container="db")
    report = ErrorReport(code=ErrorCode.CONFLICT, message=made)
    assert finish(row, State.FAILED, report, fence=row.fence)
    event = Event.objects.get(operation=row.pk)
    assert event.detail == "db is running."
    with override("zh-hans"):
        assert in_language(event.explanation) == "db 正在运行。"


def test_a_message_that_differs_from_the_chained_text_is_not_shown(db):
    event = Event(detail="db is running.")
    event.message = msg("%(container)s is stopped.", container="db")
    assert event.explanation == "db is running."


def test_a_secret_in_a_parameter_is_not_stored(web, operator):
    row = operation(web, operator)
    made = msg("%(container)s is running.", container="hunter2hunter2")
    report = ErrorReport(code=ErrorCode.CONFLICT, message=made)
    assert finish(row, State.FAILED, report, fence=row.fence, secrets=frozenset({"hunter2hunter2"}))
    row.refresh_from_db()
    event = Event.objects.get(operation=row.pk)
    assert "hunter2" not in json.dumps([dump(row.error), event.detail, dump(event.message)])
    assert row.error["message"].endswith(" is running.")


def test_why_a_snapshot_is_old_comes_through_redis_as_a_message(chinese):
    error = msg("%(container)s is running.", container="db")
    head = Head(version=1, taken=None, at=timezone.now(), error=error)
    assert in_language(Head.model_validate_json(head.model_dump_json()).error) == "db 正在运行。"
