"""A parameter's value stays a value: it never becomes an option, a mount, or another path."""

import time

import pytest
from pydantic import ValidationError

from consoleapp.catalog.definition import Wrong, container, fill, parse, read_values
from consoleapp.catalog.parameters import TextParameter, WrongValue

EVERYWHERE = {
    "parameters": [{"name": n, "type": "text"} for n in ("tag", "vol", "arg", "env", "lab", "nam")],
    "run": {
        "image": "registry.example/app:${tag}",
        "name": "${nam}",
        "command_line": ["serve", "${arg}", "--title=${arg}"],
        "volumes": [
            {"source": "data-${vol}", "target": "/srv/${vol}", "read_only": True},
            {"source": "/etc/app", "target": "/etc/app", "read_only": True},
        ],
        "environment": {"GREETING": "hello ${env}"},
        "labels": {"owner": "${lab}"},
        "ports": [{"container_port": 80, "host_port": 8080}],
    },
}
PLAIN = {"tag": "1.2", "vol": "acme", "arg": "all", "env": "you", "lab": "me", "nam": "web"}
HOSTILE = [
    "a\n--privileged", "a\r\nb", "a\0b", "a\u2028b", ":ro", "x:/etc:rw", "x:rw", "..", "../../etc",
    "/etc", "a/../..", "${env}", "$${env}", "${", "$(id)", "`id`", "--privileged", "-v/:/h",
    "--volume=/:/host", "a,b", "a b", "a;b", "a\"b", "a'b", "{{env}}", "%(env)s", "a@sha256:0",
    "5000/evil/app", "evil.example/x", "é", "\u202eabc", "x" * 999,
]  # fmt: skip


def filled(values):
    contents = parse(EVERYWHERE)
    return container(fill(contents, read_values(contents, values), {}))


def test_plain_values_land_where_they_belong():
    run = filled(PLAIN)
    assert run.image == "registry.example/app:1.2"
    assert run.command_line == ["serve", "all", "--title=all"]
    assert [v.spell() for v in run.volumes] == ["data-acme:/srv/acme:ro", "/etc/app:/etc/app:ro"]
    assert run.environment == {"GREETING": "hello you"}


@pytest.mark.parametrize("where", list(PLAIN))
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_refused_or_stays_a_value(where, value):
    plain = filled(PLAIN)
    try:
        run = filled(PLAIN | {where: value})
    except Wrong:
        return
    # Everything but the one field is unchanged, and argv has no additional words.
    free = {"arg": {"command_line"}, "env": {"environment"}, "lab": {"labels"}, "nam": {"name"},
            "tag": {"image"}, "vol": {"volumes"}}[where]  # fmt: skip
    assert run.model_dump(exclude=free) == plain.model_dump(exclude=free)
    assert len(run.command_in_full()) == len(plain.command_in_full())
    assert run.image.startswith("registry.example/app:")
    assert "/" not in run.image.removeprefix("registry.example/app:")
    assert run.volumes[1] == plain.volumes[1]
    assert run.volumes[0].read_only
    assert run.volumes[0].source.startswith("data-")
    assert ".." not in run.volumes[0].target
    assert not run.command_line[1].startswith("-")
    if where == "env":
        assert run.environment == {"GREETING": f"hello {value.strip(' ')}"}


@pytest.mark.parametrize(
    "run",
    [
        {"image": "a", "volumes": [{"source": "${x}/data", "target": "/d"}]},
        {"image": "a", "volumes": [{"source": "/srv/${x}", "target": "/d"}]},
        {"image": "a", "volumes": [{"source": "v", "target": "/d", "selinux": "${x}"}]},
        {"image": "a", "network": "${x}"},
        {"image": "a", "user": "${x}"},
        {"image": "a", "restart": "${x}"},
        {"image": "a", "health": {"command": "wget ${x}"}},
        {"image": "a", "command_line": ["sh", "-c", "${x}"]},
        {"image": "a", "command_line": ["sh", "-ec", "${x}"]},
        {"image": "a", "command_line": ["bash", "-lc", "${x}"]},
        {"image": "a", "command_line": ["sh", "-c", "--", "${x}"]},
        {"image": "a", "command_line": ["sh", "-c=${x}"]},
        {"image": "a", "entrypoint": ["sh", "-c"], "command_line": ["${x}"]},
        {"image": "node", "command_line": ["-e", "${x}"]},
        {"image": "node", "command_line": ["node", "-e", "${x}"]},
        {"image": "node", "command_line": ["node", "--eval", "${x}"]},
        {"image": "node", "command_line": ["node", "--eval=${x}"]},
        {"image": "node", "command_line": ["node", "-pe", "${x}"]},
        {"image": "node", "entrypoint": ["node", "--eval"], "command_line": ["${x}"]},
        {"image": "a", "command_line": ["perl", "-ne", "${x}"]},
        {"image": "a", "command_line": ["perl", "-E", "${x}"]},
        {"image": "a", "command_line": ["ruby", "-e", "${x}"]},
        {"image": "a", "command_line": ["python3", "-c", "${x}"]},
        {"image": "php:8", "command_line": ["-r", "${x}"]},
        {"image": "a", "command_line": ["/usr/bin/php8.2", "-r", "${x}"]},
        {"image": "a", "command_line": ["mysql", "--execute=${x}"]},
        {"image": "a", "command_line": ["psql", "--command", "${x}"]},
        {"image": "a", "command_line": ["serve ${x}"]},
        {"image": "a", "entrypoint": ["run ${x}"]},
        {"image": "a", "ports": [{"container_port": "8${x}"}]},
        {"image": "a", "ports": [{"container_port": 80, "host_ip": "${x}"}]},
        {"image": "a", "memory": "1${x}"},
        {"image": "a", "labels": {"berth.operation": "${x}"}},
        {"image": "a", "privileged": "${x}"},
        {"image": "a", "environment": "${x}"},
        {"image": "a", "ports": "${x}"},
        {"image": "a", "environment": {"A": "${x}"}, "volumes": {"a": "b"}},
        {"image": "a", "environment": {"A": "${x}"}, "ports": ["80"]},
        {"image": ["${x}"]},
        {},
    ],
)
def test_a_template_cannot_put_a_parameter_where_it_would_be_more_than_a_value(run):
    with pytest.raises(Wrong):
        parse({"parameters": [{"name": "x", "type": "text"}], "run": run})


@pytest.mark.parametrize(
    "run",
    [
        {"image": "a", "environment": {"GREETING": "${x}"}},
        {"image": "a", "environment": {"DB_PASSWORD": "a${x}"}},
        {"image": "a", "labels": {"password": "${x}"}},
        {"image": "a", "command_line": ["--password=${x}"]},
        {"image": "a:${x}"},
    ],
)
def test_a_secret_can_only_be_a_variable_that_rows_and_events_hide(run):
    with pytest.raises(Wrong, match=r"[Ss]ecret"):
        parse({"parameters": [{"name": "x", "type": "secret"}], "run": run})


def test_a_secret_is_in_no_public_place():
    contents = parse(
        {
            "parameters": [{"name": "x", "type": "secret"}],
            "run": {"image": "a", "environment": {"DB_PASSWORD": "${x}"}},
        }
    )
    run = container(fill(contents, read_values(contents, {"x": "hunter2"}), {}))
    assert run.environment == {"DB_PASSWORD": "hunter2"}
    assert "hunter2" not in f"{run.public()} {run.command()}"


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|a)*", "(", "[a-z]++*", "(a*)*b"])
def test_a_pattern_that_could_keep_the_page_busy_is_refused(pattern):
    with pytest.raises(Wrong):
        parse(
            {
                "parameters": [{"name": "x", "type": "text", "pattern": pattern}],
                "run": {"image": "a:${x}"},
            }
        )


@pytest.mark.parametrize(
    "value",
    ["evil.example/x", "evil.example:5000/redis", "library/redis", "a/../b", "x/y@z"],
)
def test_a_typed_image_has_no_registry_of_its_own(value):
    contents = parse({"parameters": [{"name": "x", "type": "text"}], "run": {"image": "${x}"}})
    with pytest.raises(Wrong, match="without a registry"):
        fill(contents, read_values(contents, {"x": value}), {})
    assert fill(contents, read_values(contents, {"x": "redis:7"}), {})["image"] == "redis:7"


def test_an_image_that_the_author_of_the_template_wrote_may_have_a_registry():
    images = ["registry.example/team/a:1", "registry.example/team/b:1"]
    choice = {"name": "x", "type": "choice", "choices": images}
    contents = parse({"parameters": [choice], "run": {"image": "${x}"}})
    assert fill(contents, read_values(contents, {"x": images[1]}), {})["image"] == images[1]
    text = {"name": "x", "type": "text", "default": images[0]}
    contents = parse({"parameters": [text], "run": {"image": "${x}"}})
    assert fill(contents, read_values(contents, {}), {})["image"] == images[0]
    with pytest.raises(Wrong):
        fill(contents, read_values(contents, {"x": images[1]}), {})


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "-p", "${x}"],
        ["serve", "--port=${x}"],
        ["rsync", "-r", "${x}"],
        ["sh", "-c", "echo $1", "_", "${x}"],
    ],
)
def test_an_argument_of_a_program_may_be_a_parameter(words):
    parse(
        {
            "parameters": [{"name": "x", "type": "text"}],
            "run": {"image": "a", "command_line": words},
        }
    )


def test_a_version_that_was_kept_before_a_rule_is_shown_and_not_launched():
    values = {
        "parameters": [{"name": "x", "type": "text"}],
        "run": {"image": "a", "command_line": ["node", "-e", "${x}"]},
    }
    assert parse(values, kept=True).run == values["run"]
    with pytest.raises(Wrong, match="is a program"):
        parse(values)


@pytest.mark.parametrize(
    "pattern", ["((a|a))*b", "a{0,100}a{0,100}a{0,100}b", "a?a?a?a?aaaa", "(a|b|ab)c"]
)
def test_any_pattern_takes_time_in_proportion_to_the_value(pattern):
    began = time.process_time()
    try:
        parameter = TextParameter(name="x", pattern=pattern)
    except ValidationError:
        return  # refused, which is as good
    for value in ("a" * 1000, "ab" * 500):
        with pytest.raises(WrongValue):
            parameter.read(value)
    assert time.process_time() - began < 20


@pytest.mark.parametrize("pattern", ["(?=a)a", r"(a)\1", "a)|(b", "(?<!x)y"])
def test_what_the_linear_engine_does_not_know_is_refused(pattern):
    with pytest.raises(ValidationError):
        TextParameter(name="x", pattern=pattern)


def test_a_stored_pattern_that_is_not_known_any_more_says_so_where_it_is_used():
    kept = {
        "parameters": [{"name": "x", "type": "text", "pattern": "(?=a)a", "default": "a"}],
        "run": {"image": "a:${x}"},
    }
    with pytest.raises(Wrong):
        parse(kept)
    contents = parse(kept, kept=True)
    with pytest.raises(WrongValue, match="cannot be used any more"):
        contents.parameters[0].read("a")


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [("[a-z]+", "abc", True), ("[a-z]+", "abc1", False), ("a|b", "ab", False), ("^a$", "a", True),
     ("", "anything", True), (r"\d{2,3}", "12", True), ("ü+", "üü", True)],
)  # fmt: skip
def test_a_pattern_describes_the_whole_value(pattern, value, fits):
    parameter = TextParameter(name="x", pattern=pattern)
    if fits:
        assert parameter.read(value) == value
    else:
        with pytest.raises(WrongValue):
            parameter.read(value)
