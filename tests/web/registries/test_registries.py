"""The pages about registries: permissions, and errors at their fields."""

from typing import Any

import pytest

from consoleapp.live import relay
from consoleapp.operations.models import Operation
from engine.schema.registry_facts import (
    Alias,
    Certificate,
    Check,
    CheckStep,
    Configuration,
    ConfigurationFile,
    Names,
    Policy,
    PolicyRule,
    Registry,
    RemoteImage,
    Resolution,
    SignIn,
)

AT = "/accounts/web/registries/"
LONG = "registry-" + "x" * 80 + ".example"


def shown() -> dict[str, Any]:
    return Configuration(
        files=[ConfigurationFile(path="/etc/containers/registries.conf", owner="host")],
        search=["quay.io", LONG],
        search_origin="/etc/containers/registries.conf",
        registries=[
            Registry(
                prefix="<b>hostile</b>", location=LONG, insecure=True, blocked=True,
                origin="/home/web/.config/containers/registries.conf", own=True,
            )
        ],
        aliases=[Alias(name="httpd", value="quay.io/httpd", origin="/x", own=True)],
        mode="enforcing",
        mode_origin="/x",
        own_path="/home/web/.config/containers/registries.conf",
        own_text='# <script>alert("x")</script>\n',
        own_digest="a" * 64,
        own_version=2,
        sign_ins=[SignIn(registry="quay.io", username="olga", origin="/run/auth.json")],
        certificates=[
            Certificate(registry=LONG, subject="CN=x", expires=None, origin="/x", own=True)
        ],
        policy=Policy(origin="/etc/containers/policy.json", text="{}", accepts_anything=True),
    ).model_dump(mode="json")  # fmt: skip


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Set the engine's answers, by query."""
    known: dict[str, dict[str, Any]] = {"registries.show": shown()}

    def answer(account: Any, query: Any, actor: Any) -> dict[str, Any]:
        if query.query not in known:
            raise relay.Unanswered("The engine did not answer in time.")
        return {"type": "document", "data": known[query.query]}

    monkeypatch.setattr(relay, "document_sync", answer)
    return known


def test_the_overview_shows_all_and_escapes_it(as_, operator, answers):
    page = as_(operator).get(f"{AT}overview/").content.decode()
    for text in ("quay.io", LONG, "blocked", "insecure", "httpd", "olga", "without a signature"):
        assert text in page
    assert "<b>hostile" not in page
    assert "<script>" not in as_(operator).get(
        f"{AT}edit/text/", headers={"HX-Request": "true"}
    ).content.decode()  # fmt: skip


def test_a_viewer_sees_it_and_is_offered_no_change(as_, viewer, answers):
    browser = as_(viewer)
    assert "data-confirm" not in browser.get(f"{AT}overview/").content.decode()
    for place in ("edit/search/", "login/", "trust/", "search/", "browse/", "copy/", "check/"):
        assert browser.get(AT + place).status_code == 403
    assert browser.post(f"{AT}act/", {"kind": "registry.logout"}).status_code == 403


def test_a_stranger_finds_nothing(as_, stranger, answers):
    for place in ("", "overview/", "resolve/?name=x", "edit/text/", "login/", "image/?image=x"):
        assert as_(stranger).get(AT + place).status_code == 404


def test_an_engine_that_does_not_answer_is_said_and_can_be_asked_again(as_, viewer, answers):
    answers.clear()
    page = as_(viewer).get(f"{AT}overview/")
    assert page.status_code == 200
    assert "data-retry" in page.content.decode()


def test_an_edit_carries_what_was_seen(as_, operator, answers):
    form = as_(operator).get(f"{AT}edit/search/", headers={"HX-Request": "true"})
    assert "a" * 64 in form.content.decode()
    done = as_(operator).post(
        f"{AT}edit/search/", {"seen": "a" * 64, "registries": "b.example\na.example\n"}
    )
    assert done.status_code == 302
    [operation] = Operation.objects.all()
    assert operation.parameters == {
        "seen": "a" * 64,
        "edit": {"change": "search", "registries": ["b.example", "a.example"]},
    }


@pytest.mark.parametrize(
    ("what", "values", "text"),
    [
        ("search", {"registries": "https://quay.io"}, "characters are not allowed"),
        ("search", {"registries": "quay.io quay.io"}, "listed twice"),
        ("registry", {"prefix": "*.example.com/x"}, "domain alone"),
        ("registry", {"prefix": "a.example", "mirrors": "m.example sometimes"}, "unknown options"),
        ("alias", {"name": "httpd", "value": "httpd"}, "characters are not allowed"),
        ("alias", {"name": "HTTPD", "value": "quay.io/httpd"}, "characters are not allowed"),
        ("search", {"seen": "nonsense", "registries": "quay.io"}, None),
    ],
)
def test_what_makes_no_sense_is_said_in_the_form(as_, operator, answers, what, values, text):
    answer = as_(operator).post(f"{AT}edit/{what}/", {"seen": "", **values})
    if text:
        assert answer.status_code == 422
        assert text in answer.content.decode()
    assert not Operation.objects.exists()


def test_the_password_is_sealed_and_shown_nowhere(as_, operator, answers):
    values = {"registry": "quay.io", "username": "olga", "password": "hush-hush-1"}
    assert as_(operator).post(f"{AT}login/", values).status_code == 302
    [operation] = Operation.objects.all()
    assert operation.has_secrets
    assert "hush" not in f"{operation.parameters}{operation.command}{operation.encrypted}"
    refused = as_(operator).post(f"{AT}login/", {**values, "registry": "a b"})
    assert refused.status_code == 422
    assert "hush" not in refused.content.decode()


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"kind": "registry.logout", "registry": "quay.io"}, "registry.logout"),
        ({"kind": "registry.distrust", "registry": "quay.io"}, "registry.distrust"),
        (
            {"kind": "registries.edit", "change": "remove-alias", "seen": "a" * 64, "name": "x"},
            "registries.edit",
        ),
        (
            {"kind": "registries.edit", "change": "convert", "seen": "a" * 64},
            "registries.edit",
        ),
    ],
)
def test_buttons_ask_for_their_operation(as_, operator, answers, given, kind):
    assert as_(operator).post(f"{AT}act/", given).status_code == 302
    assert Operation.objects.get().kind == kind


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"kind": "container.kill", "container": "x"},
        {"kind": "registries.edit", "change": "text", "text": "", "seen": ""},
        {"kind": "registry.logout", "registry": "--all"},
        {"kind": "image.delete-remote", "image": "-x"},
    ],
)
def test_other_actions_are_turned_down(as_, operator, answers, given):
    answer = as_(operator).post(f"{AT}act/", given, headers={"HX-Request": "true"})
    assert answer.status_code == 400
    assert not Operation.objects.exists()


PIECES: list[tuple[str, str, Any]] = [
    ("resolve/?name=x", "registry.resolve",
     Resolution(asked="<i>x", how="refused", origin="", candidates=[], problem="No.")),
    ("check/?registry=quay.io", "registry.check",
     Check(registry="quay.io", insecure=False,
           steps=[CheckStep(name="tls", state="bad", detail="<i>Expired.")])),
    ("browse/?registry=quay.io", "registry.repositories", Names(names=["<i>a", LONG], next="b")),
    ("tags/?repository=quay.io/a", "registry.tags", Names(names=["<i>", "2"])),
    ("image/?image=quay.io/a:1", "registry.image",
     RemoteImage(reference="quay.io/a:1", digest="sha256:" + "a" * 64, media_type="", created="",
                 architecture="<i>", os="linux", size=5, layers=[("sha256:b", 5)], platforms=[],
                 environment=["A=<i>"], labels={"<i>": "<i>"}, command=["a b"], entrypoint=[],
                 local="", update=True)),
]  # fmt: skip


@pytest.mark.parametrize(("place", "query", "answer"), PIECES)
def test_what_registries_say_is_shown_and_escaped(as_, operator, answers, place, query, answer):
    answers[query] = answer.model_dump(mode="json")
    page = as_(operator).get(AT + place, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert "<i>" not in page.content.decode()


@pytest.mark.parametrize(
    ("place", "query"),
    [("browse/?registry=quay.io", "repositories"), ("tags/?repository=quay.io/a", "tags")],
)
def test_the_next_page_keeps_the_filter(as_, operator, answers, place, query):
    answers[f"registry.{query}"] = Names(names=["abc"], next="abc").model_dump()
    page = as_(operator).get(f"{AT}{place}&match=b%26c", headers={"HX-Request": "true"})
    assert "&amp;match=b%26c&amp;after=abc" in page.content.decode()
    answers[f"registry.{query}"] = Names(names=[]).model_dump()
    page = as_(operator).get(f"{AT}{place}&match=b", headers={"HX-Request": "true"})
    assert f"No {query} match" in page.content.decode()


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([("", "", "reject")], "<b>rejected</b> by default"),
        ([("", "", "accept"), ("docker", "<i>", "reject")], "&lt;i&gt;"),
    ],
)
def test_the_policy_is_told_in_words(as_, operator, answers, rules, message):
    answers["registries.show"]["policy"] = Policy(
        origin="/x",
        text="{}",
        accepts_anything=rules[0][2] == "accept",
        rules=[PolicyRule(transport=t, scope=s, requirement=r) for t, s, r in rules],
    ).model_dump()
    assert message in as_(operator).get(f"{AT}overview/").content.decode()


@pytest.mark.parametrize("place", ["search/", "browse/", "tags/", "image/", "copy/", "sync/", ""])
def test_each_page_stands_without_an_engine(as_, operator, answers, place):
    answers.clear()
    assert as_(operator).get(AT + place).status_code == 200
