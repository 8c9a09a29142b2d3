"""Rules and requests, without Podman: what is refused, by which rule, and what is allowed."""

from dataclasses import replace

import pytest

from engine.policy import quadlet
from engine.policy import requests as r
from engine.policy.evaluate import evaluate
from engine.policy.extract import requests_of, unclassified
from engine.policy.rules import Policy, Unreadable, read, read_host
from engine.schema.kinds import KINDS, parse
from tests.policies.attempts import ALLOWED, ATTEMPTS, STRICT, Attempt

ANY = Policy(raw_quadlets=True)


def refused(attempt: Attempt, policy: Policy) -> list[str]:
    found = evaluate(policy, requests_of(parse(attempt.kind, attempt.parameters)))
    return [refusal.rule for refusal in found]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=str)
def test_what_the_rules_do_not_allow_is_refused_by_name(attempt: Attempt) -> None:
    assert attempt.rule in refused(attempt, read(STRICT))


@pytest.mark.parametrize("attempt", ALLOWED, ids=str)
def test_what_the_rules_allow_passes(attempt: Attempt) -> None:
    assert refused(attempt, read(STRICT)) == []


@pytest.mark.parametrize("attempt", [*ATTEMPTS, *ALLOWED], ids=str)
def test_a_policy_that_limits_nothing_refuses_nothing(attempt: Attempt) -> None:
    assert refused(attempt, ANY) == []


def test_there_are_at_least_150_attempts() -> None:
    assert len(ATTEMPTS) >= 150
    assert len({(attempt.kind, str(attempt.parameters)) for attempt in ATTEMPTS}) == len(ATTEMPTS)


def test_every_kind_of_operation_is_known_to_policies() -> None:
    assert unclassified() == set()
    assert KINDS


@pytest.mark.parametrize("kind", ["memory", "cpus", "pids"])
def test_a_limit_that_is_needed_is_asked_for(kind: str) -> None:
    policy = read(f"[{kind}]\nrequired = true")
    assert [each.rule for each in evaluate(policy, [r.Limits()])] == [f"{kind}.required"]
    assert evaluate(policy, [r.Limits(memory=1, cpus=1, pids=1)]) == []


def test_only_digests_where_only_digests_are_allowed() -> None:
    policy = read("[images]\nby_digest = true")
    plain = evaluate(policy, [r.Image(name="quay.example/app:1")])
    assert [each.rule for each in plain] == ["images.by_digest"]
    assert evaluate(policy, [r.Image(name=f"quay.example/app@sha256:{'ab' * 32}")]) == []
    assert evaluate(policy, [r.Image(name=f"quay.example/app:1@sha256:{'ab' * 32}")]) == []
    assert evaluate(policy, [r.Image(name="quay.example/app@sha256:abc")])


def test_an_id_is_judged_by_the_names_of_its_image() -> None:
    policy = read('[images]\nregistries = ["quay.example"]')
    known = r.Image(name="ab" * 32, known=("quay.example/app:1",))
    other = r.Image(name="ab" * 32, known=("evil.example/app:1",))
    assert evaluate(policy, [known]) == []
    assert evaluate(policy, [other])
    assert evaluate(policy, [r.Image(name="ab" * 32, known=())])


def test_the_counts_that_an_account_may_reach() -> None:
    policy = read('containers = 2\n[disk]\nmost = "1g"')
    assert evaluate(policy, [r.OneMore(present=1), r.Space(used=2**29)]) == []
    full = evaluate(policy, [r.OneMore(present=2), r.Space(used=2**30)])
    assert [each.rule for each in full] == ["containers", "disk.most"]


def test_what_opens_the_accounts_own_places_is_refused_even_below_a_root() -> None:
    policy = read('[binds]\nroots = ["/home/alice"]')
    bind = r.Bind(source="/home/alice", resolved="/home/alice", opens="/home/alice/.config")
    assert [each.rule for each in evaluate(policy, [bind])] == ["binds"]


def test_terminals_and_builds_can_be_switched_off() -> None:
    policy = read("terminal = false\nbuilds = false")
    assert [each.rule for each in evaluate(policy, [r.Terminal(), r.Build()])] == [
        "terminal",
        "builds",
    ]


def test_terminals_can_be_allowed_only_while_they_are_recorded() -> None:
    policy = read('terminal = "recorded"')
    assert [each.rule for each in evaluate(policy, [r.Terminal()])] == ["terminal"]
    assert evaluate(policy, [r.Terminal(recorded=True)]) == []
    assert evaluate(read("terminal = true"), [r.Terminal()]) == []
    for wrong in ('"recroded"', "1", "[true]"):
        with pytest.raises(Unreadable, match='terminal: must be true, false or "recorded"'):
            read(f"terminal = {wrong}")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("privileged = 3", "privileged"),
        ("privleged = false", "privleged"),
        ("[memory]\nmost = 'much'", "memory.most"),
        ("[ports]\nranges = ['90-80']", "ports.ranges.0"),
        ("[binds]\nroots = ['srv']", "binds.roots.0"),
        ("[binds]\nroots = ['/srv/../etc']", "binds.roots.0"),
        ("namespaces = ['all']", "namespaces.0"),
        ("privileged = ", "TOML"),
    ],
)
def test_a_text_that_is_no_policy_says_where(text: str, place: str) -> None:
    with pytest.raises(Unreadable, match=place):
        read(text)


def test_a_hosts_file_has_rules_for_single_accounts() -> None:
    found = read_host("terminal = false\n[accounts.alice]\ncontainers = 3")
    assert (found.terminal, found.accounts["alice"].containers) == (False, 3)


def test_yaml_that_is_too_long_is_not_read() -> None:
    (found,) = quadlet.requests("containers/systemd/a.yaml", "#" * 70_000, new=True)
    assert isinstance(found, r.Raw)


def test_the_containers_of_a_kube_file_are_counted_together() -> None:
    one = "kind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: 3\n  template:\n"
    text = f"{one}    spec: {{containers: [{{image: x}}, {{image: x}}]}}\n"
    *_, more = quadlet.requests("containers/systemd/a.yaml", text, new=True)
    assert isinstance(more, r.OneMore)
    assert more.count == 6
    assert more.pods == ("a-pod", "a-pod-0", "a-pod-1", "a-pod-2")
    policy = read("containers = 7")
    assert evaluate(policy, [replace(more, present=1)]) == []
    assert [each.rule for each in evaluate(policy, [replace(more, present=2)])] == ["containers"]
