"""Policies on pages: forms say what is forbidden and refuse it; administrators write the rules."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.actor import Actor
from consoleapp.operations import broker
from consoleapp.operations.models import Operation
from consoleapp.policies import effective_policy
from consoleapp.policies.versions import of, write
from consoleapp.snapshots import reader
from engine.policy.host_file import PolicyFile
from launch.demo import IMAGE
from tests.fixtures.api import accounts, people  # noqa: F401 - fixtures
from tests.policies.attempts import STRICT

# ruff: noqa: F811 - a parameter of pytest is the fixture of that name
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_redis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(broker, "send", lambda *_: True)
    monkeypatch.setattr(reader, "load", lambda *_: None)
    monkeypatch.setattr(reader, "watch", lambda *_: None)
    monkeypatch.setattr(effective_policy, "_file", PolicyFile(tmp_path / "policy.toml"))


@pytest.fixture
def strict(accounts: dict[str, LinuxAccount]) -> LinuxAccount:
    write(accounts["web"], STRICT + "\n", actor=Actor(user=None))
    return accounts["web"]


def signed_in(people: dict[str, User], name: str) -> Client:
    client = Client()
    client.force_login(people[name])
    return client


def test_a_refused_launch_comes_back_with_the_rule_at_each_field(
    strict: LinuxAccount, people: dict[str, User]
) -> None:
    posted = {
        "image": "evil.example/x", "network": "host", "pids": "5000", "cpus": "64",
        "volumes-source": ["/etc"], "volumes-target": ["/h"], "volumes-mode": [""],
        "volumes-selinux": [""],
        "ports-host_ip": [""], "ports-host": ["80"], "ports-container": ["80"],
        "ports-protocol": ["tcp"],
    }  # fmt: skip
    answer = signed_in(people, "operator").post("/accounts/web/containers/launch/", posted)
    assert answer.status_code == 403
    errors = answer.context["launch"].errors
    assert set(errors) == {"image", "network", "pids", "cpus", "volumes-0", "ports-0"}
    assert "rule images.registries of the account web" in errors["image"]
    assert not Operation.objects.exists()
    assert Event.objects.filter(action="policy.refused").count() == 1


def test_the_launch_form_tells_the_rules_before_one_tries(
    strict: LinuxAccount, people: dict[str, User]
) -> None:
    text = signed_in(people, "operator").get("/accounts/web/containers/launch/").content.decode()
    for words in (
        "Images come only from localhost, quay.example.",
        "Paths below /var/tmp/berth-policy/rw may be mounted.",
        "Host ports: only 18900-18999.",
        "at most 512 MiB",
        "rule namespaces of the account web",
    ):
        assert words in text


def test_builds_and_archives_are_disabled_with_the_reason(
    accounts: dict[str, LinuxAccount], people: dict[str, User]
) -> None:
    client = signed_in(people, "operator")
    for place in ("build/", "load/"):
        assert " disabled>" not in client.get(f"/accounts/web/images/{place}").content.decode()
    write(accounts["web"], "builds = false\n[images]\nby_digest = true", actor=Actor(user=None))
    for place, rule in (("build/", "rule builds"), ("load/", "rule images.archives")):
        text = client.get(f"/accounts/web/images/{place}").content.decode()
        assert '<fieldset class="bare" disabled>' in text
        assert rule in text
    answer = client.post(
        "/accounts/web/images/build/",
        {"tags": "localhost/x", "source": "paste", "containerfile": f"FROM {IMAGE}"},
    )
    assert answer.status_code == 403
    assert "rule builds" in answer.content.decode()


def test_a_refused_pull_is_told_at_the_image(strict: LinuxAccount, people: dict[str, User]) -> None:
    answer = signed_in(people, "operator").post(
        "/accounts/web/images/pull/", {"image": "evil.example/x", "policy": "always"}
    )
    assert "rule images.registries" in answer.context["form"].errors["image"][0]
    assert not Operation.objects.exists()


def test_editing_a_service_is_switched_off(strict: LinuxAccount, people: dict[str, User]) -> None:
    client = signed_in(people, "operator")
    service = client.get("/accounts/web/units/new/?kind=service").content.decode()
    assert "A .service file cannot be saved" in service
    quadlet = client.get("/accounts/web/units/new/?kind=container").content.decode()
    assert "only known keys are allowed" in quadlet


def test_what_may_i_do_lists_every_policy_that_holds(
    strict: LinuxAccount, people: dict[str, User]
) -> None:
    group = Group.objects.create(name="<b>devs</b>")
    people["viewer"].groups.add(group)
    write(group, "containers = 3", actor=Actor(user=None))
    text = signed_in(people, "viewer").get("/accounts/web/policy/").content.decode()
    assert "the account web" in text
    assert "&lt;b&gt;devs&lt;/b&gt;" in text
    assert "At most 3 containers." in text
    assert signed_in(people, "stranger").get("/accounts/web/policy/").status_code == 404


def test_a_line_is_judged_without_being_run(strict: LinuxAccount, people: dict[str, User]) -> None:
    client = signed_in(people, "operator")
    line = f"podman run --privileged -v /etc:/h {IMAGE}"
    text = client.get("/accounts/web/policy/check/", {"line": line}).content.decode()
    assert "This would be refused." in text
    assert "binds.roots" in text
    assert "--privileged" in text
    posted = client.post("/accounts/web/policy/check/", {"line": line}).content.decode()
    assert posted == text
    fine = client.get("/accounts/web/policy/check/", {"line": f"podman run {IMAGE}"})
    assert "This would be allowed." in fine.content.decode()
    assert client.get("/accounts/web/policy/check/", {"line": "rm -rf"}).status_code == 422
    assert not Operation.objects.exists()


def test_administrators_write_policies_and_see_versions(
    accounts: dict[str, LinuxAccount], people: dict[str, User]
) -> None:
    client = signed_in(people, "admin")
    place = f"/policies/account/{accounts['web'].pk}/"
    assert client.post(place, {"text": "containers = 2"}).status_code == 302
    assert client.post(place, {"text": "containers = 4"}).status_code == 302
    wrong = client.post(place, {"text": "[memory]\nmost = 'much'"})
    assert wrong.status_code == 422
    assert "memory.most" in wrong.content.decode()
    now = of(accounts["web"])
    assert now
    assert (now.text, now.writer_name) == ("containers = 4", "admin")
    text = client.get(place).content.decode()
    assert "At most 4 containers." in text
    first = now.pk - 1
    assert "containers = 2" in client.get(place, {"version": first}).content.decode()
    assert client.get(place, {"version": "x"}).status_code == 404
    assert "in effect" in client.get("/policies/").content.decode()
    for kind, target in (("host", accounts["web"].host), ("group", Group.objects.create(name="g"))):
        assert client.get(f"/policies/{kind}/{target.pk}/").status_code == 200
    assert client.get("/policies/person/1/").status_code == 404


@pytest.mark.parametrize("name", ["viewer", "operator", "owner", "stranger"])
def test_nobody_else_reads_or_writes_the_texts(
    accounts: dict[str, LinuxAccount], people: dict[str, User], name: str
) -> None:
    client = signed_in(people, name)
    place = f"/policies/account/{accounts['web'].pk}/"
    assert client.get(place).status_code == 404
    assert client.post(place, {"text": ""}).status_code == 404
    assert client.get("/policies/").status_code == 404
