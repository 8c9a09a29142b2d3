"""English sentences of the engine, shown in the reader's language."""

import json
import re
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, engines
from django.utils.translation import override, trans_real

from consoleapp.accounts.models import User
from consoleapp.i18n.choice import of_scope
from consoleapp.i18n.sentences import in_language
from consoleapp.live.spoken import answers_in_language


@pytest.fixture
def chinese():
    with override("zh-hans"):
        yield


@pytest.mark.parametrize(
    ("english", "chinese_text"),
    [
        ("running", "运行中"),
        ("Pull image", "拉取镜像"),
        ("Pushing to quay.example/team/app:2", "正在推送到 quay.example/team/app:2"),
        ("web runs.", "web 正在运行。"),
        ("web.service is stopped.", "web.service 已停止。"),
        ("Port 80 is below 1024, which only root may use on this host.",
         "端口 80 低于 1024，在此主机上只有 root 可以使用。"),
        # An error and its remedy, as one text.
        ("There is no file web.container. Try again.", "没有文件 web.container。请再试一次。"),
        # What is not known of a text stays.
        ("The image was removed by somebody. Try again.",
         "The image was removed by somebody. Try again."),
        # A sentence in a sentence.
        ("Not allowed: Terminals are not allowed.", "不允许：不允许使用终端。"),
    ],
)  # fmt: skip
def test_a_sentence_is_recognised(chinese, english, chinese_text):
    assert in_language(english) == chinese_text


def test_english_readers_see_what_was_written():
    with override("en"):
        assert in_language("web runs.") == "web runs."


def test_podman_s_own_words_stay(chinese):
    assert in_language("Error: statfs /x: no such file or directory") == (
        "Error: statfs /x: no such file or directory"
    )


def test_what_is_no_text_passes(chinese):
    for value in (None, 3, ["web runs."], ""):
        assert in_language(value) == value


def test_the_longest_words_win(chinese):
    text = "web.service does not start at boot any more."
    assert in_language(text) == "web.service 不再在开机时启动。"


@pytest.mark.parametrize(
    "hostile",
    [
        "%(destination)s %s %% {} {0.__class__}",
        "Pushing to %(destination)s",
        "Pushing to " + "a" * 100_000,
        "Used by " + ". " * 50_000,
        "Copying the data at " * 5_000,
        "\0\x1b[31m. . . . ",
        "<script>alert(1)</script> runs.",
    ],
)
def test_hostile_text_does_no_harm(chinese, hostile):
    shown = in_language(hostile)
    assert isinstance(shown, str)
    template = engines["django"].from_string("{{ text|in_language }}").template
    assert "<script>" not in template.render(Context({"text": hostile}))


def test_answers_over_a_socket_come_in_the_page_s_language(chinese):
    error = {"type": "error", "code": "not_found", "message": "web is not running.", "remedy": ""}
    line = {"type": "line", "text": '{"type":"error","message":"web is not running."}'}
    told = json.loads(answers_in_language(json.dumps([line, error])))
    assert told[0] == line
    assert told[1]["message"] == "web 未在运行。"
    assert told[1]["code"] == "not_found"
    lines = json.dumps([{"type": "line", "text": "web is not running."}])
    assert answers_in_language(lines) is lines


def test_a_socket_speaks_as_its_reader_chose():
    headers = [(b"accept-language", b"zh-CN")]
    nobody = AnonymousUser()
    assert of_scope({"user": nobody, "cookies": {}, "headers": headers}) == "zh-hans"
    assert of_scope({"user": User(language="en"), "headers": headers}) == "en"
    cookies = {"berth_language": "zh-hans"}
    assert of_scope({"user": nobody, "cookies": cookies, "headers": []}) == "zh-hans"
    odd = SimpleNamespace(is_authenticated=True, language="xx")
    assert of_scope({"user": odd, "cookies": {}, "headers": []}) == "en"


def test_every_sentence_of_the_catalogue_can_be_said(chinese):
    # With values that spell the places themselves, as somebody might who wants to do harm.
    keys = list(trans_real.translation("zh-hans")._catalog.keys())
    for english in filter(None, (key[0] if isinstance(key, tuple) else key for key in keys)):
        assert in_language(english)
        assert in_language(re.sub(r"%\((\w+)\)s", "a word", english))


def test_what_only_looks_like_a_sentence_with_other_values_stays(chinese):
    text = "a object with primary key %(key)r does not exist."
    assert in_language(text) == text
