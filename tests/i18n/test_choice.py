"""The language of a page, and how users choose it."""

import re

import pytest
from django.test import Client
from django.utils import translation

from consoleapp.i18n.versions import version_of

LOGIN = "/user/login/"
READS_CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9,en;q=0.5"}


@pytest.fixture(autouse=True)
def _english_again():
    yield
    translation.activate("en")


def language_of(response) -> str:
    return re.search(r'<html lang="([^"]+)"', response.content.decode())[1]


def test_nobody_who_says_nothing_reads_english(client, db):
    answer = client.get(LOGIN)
    assert language_of(answer) == "en"
    assert answer["Content-Language"] == "en"


def test_the_browser_is_heard(client, db):
    answer = client.get(LOGIN, **READS_CHINESE)
    assert language_of(answer) == "zh-Hans"
    assert answer["Content-Language"] == "zh-hans"
    assert {"Accept-Language", "Cookie"} <= {each.strip() for each in answer["Vary"].split(",")}


def test_a_language_that_berth_has_not_is_english(client, db):
    assert language_of(client.get(LOGIN, HTTP_ACCEPT_LANGUAGE="tlh,xx;q=0.3")) == "en"


def test_a_choice_before_sign_in_holds_and_becomes_the_person_s(client, operator):
    client.get(LOGIN)
    chosen = client.post("/language/", {"language": "zh-hans", "next": LOGIN})
    assert (chosen.status_code, chosen["Location"]) == (302, LOGIN)
    assert language_of(client.get(LOGIN)) == "zh-Hans"
    client.post(LOGIN, {"login": "olga", "password": "harbour-master-1"})
    operator.refresh_from_db()
    assert operator.language == "zh-hans"


def test_sign_in_does_not_overrule_what_a_person_chose_before(client, operator):
    operator.language = "en"
    operator.save()
    client.post("/language/", {"language": "zh-hans", "next": LOGIN})
    client.post(LOGIN, {"login": "olga", "password": "harbour-master-1"})
    operator.refresh_from_db()
    assert operator.language == "en"
    assert language_of(client.get("/")) == "en"


def test_a_person_s_choice_is_theirs_in_every_browser(as_, operator):
    as_(operator).post("/language/", {"language": "zh-hans", "next": "/"})
    operator.refresh_from_db()
    assert language_of(as_(operator).get("/", HTTP_ACCEPT_LANGUAGE="en")) == "zh-Hans"


def test_the_profile_takes_it_too(as_, operator):
    client = as_(operator)
    client.post("/me/", {"first_name": "Olga", "language": "zh-hans"})
    assert language_of(client.get("/me/")) == "zh-Hans"
    client.post("/me/", {"first_name": "Olga", "language": ""})
    assert language_of(client.get("/me/", HTTP_ACCEPT_LANGUAGE="en")) == "en"


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_a_choice_leads_nowhere_else(client, db, next):
    answer = client.post("/language/", {"language": "zh-hans", "next": next})
    assert answer["Location"] == "/"


def test_nonsense_changes_nothing(as_, operator):
    client = as_(operator)
    client.post("/language/", {"language": "../../etc", "next": "/"})
    operator.refresh_from_db()
    assert operator.language == ""
    assert client.get("/language/").status_code == 405


def test_other_sites_cannot_choose(operator):
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    assert client.post("/language/", {"language": "zh-hans"}).status_code == 403


def test_the_switch_names_each_language_by_itself(as_, operator, client):
    for page in (as_(operator).get("/"), client.get(LOGIN)):
        text = page.content.decode()
        assert re.search(r'value="zh-hans" lang="zh-Hans"[^>]*>简体中文<', text)
        assert re.search(r'value="en" lang="en"[^>]*aria-current="true">English<', text)


def test_programs_get_english(as_, operator):
    operator.language = "zh-hans"
    operator.save()
    answer = as_(operator).get("/api/v1/accounts/nowhere", **READS_CHINESE)
    assert answer.status_code == 404
    assert "There is no such account" in answer.content.decode()


def test_what_the_api_says_to_a_page_s_script_is_for_its_reader(as_, viewer):
    viewer.language = "zh-hans"
    viewer.save()
    sent = {"data": b"x", "content_type": "application/octet-stream"}
    answer = as_(viewer).post("/api/v1/accounts/web/uploads?name=x", **sent, HTTP_X_BERTH_PAGE="1")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"
    assert answer.json()["error"]["message"] == "此操作需要 web 上的操作员角色。"
    plain = as_(viewer).post("/api/v1/accounts/web/uploads?name=x", **sent)
    assert plain.json()["error"]["message"] == "This needs the role operator on web."


def test_scripts_find_their_words_and_keep_them(client, db):
    answer = client.get(f"/language/{version_of('zh-hans')}/words.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer["Cache-Control"]
    text = answer.content.decode()
    assert '"Try again": "\\u91cd\\u8bd5"' in text
    assert '"exited": "\\u5df2\\u9000\\u51fa"' in text
    assert "no-store" in client.get("/language/zh-hans.old/words.js")["Cache-Control"]
    assert client.get("/language/xx.old/words.js").status_code == 404
